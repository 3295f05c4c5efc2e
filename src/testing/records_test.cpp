// Records: what an invocation is given of earlier ones, what it makes of it, and what it adds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <boost/json.hpp>
#include <map>
#include <sstream>

#include "sdk/context_core.hpp"
#include "sdk/invocation.hpp"
#include "testing/local_service.hpp"
#include "wire/durable_json.hpp"

namespace durable::testing {
namespace {

namespace wire = holdpoint::wire;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using namespace std::chrono_literals;

std::optional<holdpoint::Error> no_error() {
    return std::nullopt;
}

/// Hands the state over in pages of one operation each, from the marker "0" on.
class PagedService final : public detail::DurableService {
public:
    holdpoint::Result<wire::CheckpointResponse> checkpoint(const std::string&,
                                                           const wire::CheckpointRequest& request) override {
        for (const auto& update : request.updates) updates.push_back(update);
        wire::CheckpointResponse response;
        response.checkpoint_token = "t";
        return response;
    }
    holdpoint::Result<wire::CheckpointResponse> get_state(const std::string&, const std::string& token,
                                                          const std::string& marker) override {
        EXPECT_EQ(token, "seed") << "no checkpoint came before";
        wire::CheckpointResponse page;
        const std::size_t index = std::stoul(marker);
        page.operations = {operations.at(index)};
        if (index + 1 < operations.size()) page.next_marker = std::to_string(index + 1);
        return page;
    }

    std::vector<wire::Operation> operations;
    std::vector<wire::OperationUpdate> updates;
};

wire::Operation record_of(const std::string& path, wire::OperationType type, std::string name,
                          wire::OperationStatus status) {
    wire::Operation operation;
    operation.id = detail::operation_id(path);
    operation.type = type;
    operation.name = std::move(name);
    operation.status = status;
    return operation;
}

struct Invoked {
    wire::InvocationOutput output;
    bool was_first = false;
};

Invoked invoke(PagedService& service, const detail::DurableHandler& handler) {
    struct First final : Plugin {
        void invocation_start(const InvocationInfo& info) override { is_first = info.is_first_invocation; }
        bool is_first = false;
    };
    const auto first = std::make_shared<First>();
    detail::Hooks hooks({first});
    wire::InvocationInput input;
    input.execution_arn = "arn";
    input.checkpoint_token = "seed";
    input.next_marker = "0";
    const auto answer = detail::run_invocation(
        handler, input, {.service = service, .hooks = hooks, .request_id = "r", .trace_header = {}});
    return {.output = std::get<wire::InvocationOutput>(answer), .was_first = first->is_first};
}

TEST(Pages, TheInputMayComeOnALaterOne) {
    PagedService service;
    wire::Operation execution;
    execution.id = "execution";
    execution.type = wire::OperationType::execution;
    execution.input = "42";
    service.operations = {execution};
    const auto invoked = invoke(service, [](Context&, const detail::Text& input) { return input; });
    EXPECT_EQ(invoked.output.result, "42");
    EXPECT_TRUE(invoked.was_first);
}

TEST(Pages, AllAreThereBeforeAnythingIsDecided) {
    PagedService service;
    wire::Operation execution;
    execution.id = "execution";
    execution.type = wire::OperationType::execution;
    auto step = record_of("1", wire::OperationType::step, "s", wire::OperationStatus::succeeded);
    step.result = "5";
    service.operations = {execution, step};
    const auto invoked = invoke(service, [](Context& context, const detail::Text&) -> detail::Text {
        EXPECT_TRUE(context.is_replaying());
        return std::to_string(context.step("s", []() -> int {
            ADD_FAILURE() << "it ran again";
            return 0;
        }));
    });
    EXPECT_EQ(invoked.output.result, "5");
    EXPECT_FALSE(invoked.was_first) << "the first page had no operation";
}

TEST(Steps, OneThatWasStartedIsNotStartedAgain) {
    PagedService service;
    service.operations = {record_of("1", wire::OperationType::step, "s", wire::OperationStatus::started)};
    int attempt = 0;
    const auto invoked = invoke(service, [&](Context& context, const detail::Text&) -> detail::Text {
        context.step("s", [&](StepContext& step) { attempt = step.attempt(); });
        return std::nullopt;
    });
    EXPECT_EQ(invoked.output.status, wire::InvocationStatus::succeeded);
    EXPECT_EQ(attempt, 1) << "only attempts that ended are counted";
    ASSERT_EQ(service.updates.size(), 1U);
    EXPECT_EQ(service.updates[0].action, wire::OperationAction::succeed);
}

TEST(Conditions, OneWhosePollWasStartedIsNotStartedAgain) {
    PagedService service;
    service.operations = {record_of("1", wire::OperationType::step, "c", wire::OperationStatus::started)};
    service.operations[0].result = "4";  // what the poll before answered
    const auto invoked = invoke(service, [&](Context& context, const detail::Text&) -> detail::Text {
        return std::to_string(context.wait_for_condition<int>("c", [](int n) { return n + 1; },
                                                              {.strategy = [](int, int) { return WaitDecision(); }}));
    });
    EXPECT_EQ(invoked.output.result, "5");
    ASSERT_EQ(service.updates.size(), 1U);
    EXPECT_EQ(service.updates[0].action, wire::OperationAction::succeed);
}

TEST(Conditions, AFailureIsRecordedBeforeAnybodyActsUponIt) {
    PagedService service;
    service.operations = {record_of("0", wire::OperationType::execution, "e", wire::OperationStatus::started)};
    std::size_t recorded = 0;
    (void)invoke(service, [&](Context& context, const detail::Text&) -> detail::Text {
        try {
            context.wait_for_condition<int>("c", [](int) -> int { throw Error("Bad", "no"); },
                                            {.strategy = [](int, int) { return WaitDecision(); }});
        } catch (const WaitForConditionError&) {
            recorded = service.updates.size();
        }
        return std::nullopt;
    });
    EXPECT_EQ(recorded, 2U) << "its start and its failure";
}

/// What becomes of an execution whose first child is recorded as too large, and has `inside` in it now.
std::string replayed_in_closed_child(const std::vector<wire::Operation>& records,
                                     const std::function<void(Context&)>& inside) {
    PagedService service;
    service.operations = {record_of("1", wire::OperationType::context, "child", wire::OperationStatus::succeeded)};
    service.operations[0].replay_children = true;
    for (const wire::Operation& record : records) service.operations.push_back(record);
    const auto invoked = invoke(service, [&](Context& context, const detail::Text&) -> detail::Text {
        context.run_in_child_context("child", inside);
        return std::nullopt;
    });
    EXPECT_TRUE(service.updates.empty());
    return invoked.output.error ? invoked.output.error->type.value_or("")
                                : std::string(wire::to_string(invoked.output.status));
}

TEST(ClosedChild, WhatOnlyWaitsInsideIsFoundOutToo) {
    const std::vector<std::pair<wire::OperationType, std::function<void(Context&)>>> cases = {
        {wire::OperationType::wait, [](Context& child) { child.wait("o", 1s); }},
        {wire::OperationType::chained_invoke, [](Context& child) { child.invoke<int>("o", "f:1", 1); }},
        {wire::OperationType::callback, [](Context& child) { child.create_callback<int>("o").result(); }},
        {wire::OperationType::step, [](Context& child) {
             child.wait_for_condition<int>("o", [](int n) { return n; },
                                           {.strategy = [](int, int) { return WaitDecision(); }});
         }}};
    for (const auto& [type, inside] : cases) {
        EXPECT_EQ(replayed_in_closed_child({}, inside), "NonDeterministicExecutionError") << wire::to_string(type);
        EXPECT_EQ(replayed_in_closed_child({record_of("1-1", type, "o", wire::OperationStatus::started)}, inside),
                  "NonDeterministicExecutionError")
            << wire::to_string(type) << " that was under way";
    }
}

TEST(Select, OfWhatWasOverBeforeAnswersWhatWasOverFirst) {
    const auto selected = [](std::chrono::seconds callback_ended, std::chrono::seconds wait_ended) {
        PagedService service;
        service.operations = {record_of("1", wire::OperationType::callback, "answer", wire::OperationStatus::succeeded),
                              record_of("2", wire::OperationType::wait, "deadline", wire::OperationStatus::succeeded)};
        service.operations[0].ended_at = holdpoint::TimePoint(callback_ended);
        service.operations[1].ended_at = holdpoint::TimePoint(wait_ended);
        const auto invoked = invoke(service, [](Context& context, const detail::Text&) -> detail::Text {
            const auto answer = context.create_callback<void>("answer").result_async();
            const auto deadline = context.wait_async("deadline", 1h);
            return std::to_string(context.select("first", answer, deadline));
        });
        return invoked.output.result.value_or("nothing");
    };
    EXPECT_EQ(selected(5s, 9s), "0");
    EXPECT_EQ(selected(9s, 5s), "1");
    EXPECT_EQ(selected(5s, 5s), "0") << "at the same time: the one that was begun first";
}

TEST(Steps, LostProcessesTakeNoRetries) {
    std::vector<int> attempts;
    LocalService runner([&](Context& context, Json) {
        context.step("s", [&](StepContext& step) { attempts.push_back(step.attempt()); }, {.retry = retry::none()});
        return 1;
    });
    runner.before_checkpoint = [](int number) {
        if (number <= 3) throw Crash{};
        return no_error();
    };
    runner.start();
    runner.advance(1min);
    EXPECT_EQ(runner.result(), "1") << runner.error_message();
    EXPECT_THAT(attempts, ElementsAre(1, 1, 1, 1));
}

// No retry strategy bounds this: the service does, by the invocations that failed in a row.
TEST(Steps, OnesThatNeverEndFailTheExecutionWithTheirProcess) {
    int runs = 0;
    LocalService runner([&](Context& context, Json) { context.step("s", [&] { ++runs; }); });
    runner.before_checkpoint = [](int) -> std::optional<holdpoint::Error> { throw Crash{}; };
    runner.start();
    runner.advance(1h);
    EXPECT_EQ(runner.error_type(), "Runtime.ExitError");
    EXPECT_EQ(runs, runner.limits.consecutive_failures);
}

TEST(Steps, InterruptedAtMostOnceOnesAskTheirStrategy) {
    std::vector<int> attempts;
    LocalService runner([&](Context& context, Json) {
        context.step(
            "s", [&](StepContext& step) { attempts.push_back(step.attempt()); },
            {.retry = retry::fixed({.attempts = 2, .pause = 1s}), .semantics = StepSemantics::at_most_once_per_retry});
        return 1;
    });
    runner.before_checkpoint = [](int number) {
        if (number == 2) throw Crash{};  // the first attempt ran, and nobody knows how far
        return no_error();
    };
    runner.start();
    runner.advance(1min);
    EXPECT_EQ(runner.result(), "1") << runner.error_message();
    EXPECT_THAT(attempts, ElementsAre(1, 2));
}

TEST(Stop, NothingRunsAfterTheNextCheckpoint) {
    int later = 0;
    LocalService* service = nullptr;
    LocalService runner([&](Context& context, Json) {
        context.step("under way", [&] { service->stop("enough"); });
        ++later;
        context.step("later", [&] { ++later; });
    });
    service = &runner;
    runner.start();
    EXPECT_EQ(runner.execution().head().status, wire::ExecutionStatus::stopped);
    EXPECT_EQ(later, 0);
    EXPECT_EQ(runner.checkpoints(), 1);
}

/// What the execution says when this code meets the records of that one.
std::string meeting(const std::function<void(Context&)>& before, const std::function<void(Context&)>& after) {
    const auto handler = [](std::function<void(Context&)> first) {
        return [first = std::move(first)](Context& context, Json) {
            first(context);
            context.wait("pause", 1h);
        };
    };
    LocalService runner(handler(before));
    runner.start();
    runner.deploy(handler(after));
    runner.advance(1h);
    return runner.error_type() + ": " + runner.error_message();
}

TEST(ChangedCode, IsFoundOutByTypeSubtypeAndName) {
    const auto step = [](Context& context) { context.step("a", [] {}); };
    EXPECT_EQ(meeting(step, step), ": ");
    EXPECT_THAT(meeting(step, [](Context& context) { (void)context.create_callback<int>("a"); }),
                HasSubstr("NonDeterministicExecutionError: Operation 1 of this context was STEP (Step) 'a' when it was "
                          "recorded, but the code now comes to CALLBACK (Callback) 'a'"));
    EXPECT_THAT(meeting(step,
                        [](Context& context) {
                            context.wait_for_condition<int>(
                                "a", [](int n) { return n; },
                                {.strategy = [](int, int) -> WaitDecision { return std::nullopt; }});
                        }),
                HasSubstr("now comes to STEP (WaitForCondition) 'a'"));
    EXPECT_THAT(meeting(step, [](Context& context) { context.step("b", [] {}); }),
                HasSubstr("now comes to STEP (Step) 'b'"));
}

TEST(ChangedCode, ItemsInAnotherOrderAreFoundOutByTheirNames) {
    const auto over = [](std::vector<std::string> items) {
        return [items = std::move(items)](Context& context) {
            context.map("m", items, [](Context& item, const std::string&) { item.wait("w", 1h); },
                        {.max_concurrency = 1, .item_name = [](const std::string& item, std::size_t) { return item; }});
        };
    };
    EXPECT_THAT(meeting(over({"apples", "pears"}), over({"pears", "apples"})),
                HasSubstr("was CONTEXT (MapIteration) 'apples' when it was recorded"));
}

/// The operations of a nested map, each with its place in the tree: name and id.
std::map<std::string, std::string> ids_of(std::optional<int> max_concurrency, int threads) {
    LocalService runner(
        [&](Context& context, Json) {
            context.map("m", std::vector<int>{0, 1, 2, 3},
                        [](Context& item, int n) {
                            for (int i = 0; i < 3; ++i) item.step(std::to_string(n) + "." + std::to_string(i), [] {});
                        },
                        {.max_concurrency = max_concurrency});
        },
        {.threads = threads});
    runner.start();
    std::map<std::string, std::string> ids;
    for (const auto& state : runner.execution().operations()) ids[*state.operation.name] = state.operation.id;
    return ids;
}

TEST(BranchIds, DoNotDependOnWhoStartsFirst) {
    const auto one_by_one = ids_of(1, 1);
    EXPECT_EQ(one_by_one.size(), 1U + 4 + 12);
    EXPECT_EQ(ids_of(2, 2), one_by_one);
    EXPECT_EQ(ids_of(std::nullopt, 8), one_by_one);
}

TEST(BranchIds, ConcurrencyMayBeChangedWhileItemsAreUnderWay) {
    std::array<std::atomic<int>, 4> runs{};  // the items' steps run side by side
    const auto handler = [&](std::optional<int> max_concurrency) {
        return [&runs, max_concurrency](Context& context, Json) {
            return context
                .map("m", std::vector<int>{0, 1, 2, 3},
                     [&](Context& item, int n) {
                         item.step("s", [&] { ++runs.at(static_cast<std::size_t>(n)); });
                         item.wait("w", 1s);
                         return n;
                     },
                     {.max_concurrency = max_concurrency})
                .results();
        };
    };
    LocalService runner(handler(1), {.threads = 1});
    runner.start();
    runner.deploy(handler(std::nullopt));
    runner.advance(10s);
    EXPECT_EQ(runner.result(), "[0,1,2,3]") << runner.error_message();
    for (const auto& times : runs) EXPECT_EQ(times, 1);
}

// Some items repeat what they did while others go on: each line is written by the one that does it first, once.
TEST(ReplayLog, BranchesReplayEachForItself) {
    LocalService runner([](Context& context, Json) {
        context.map("m", std::vector<int>{0, 1, 2}, [](Context& item, int n) {
            const std::string name = std::to_string(n);
            item.logger().info(name + " begins");
            for (int i = 0; i < n; ++i) {
                item.wait("w", 10s);
                item.logger().info(name + " waited " + std::to_string(i));
            }
            item.step("s", [] {});
            item.logger().info(name + " ends");
            item.wait("another", 1min);
        });
        context.logger().info("all");
    });
    ::testing::internal::CaptureStdout();
    runner.start();
    runner.advance(10min);
    std::istringstream lines(::testing::internal::GetCapturedStdout());
    std::vector<std::string> messages;
    for (std::string line; std::getline(lines, line);) {
        messages.emplace_back(boost::json::parse(line).at("message").as_string());
    }
    EXPECT_THAT(messages, UnorderedElementsAre("0 begins", "1 begins", "2 begins", "1 waited 0", "2 waited 0",
                                               "2 waited 1", "0 ends", "1 ends", "2 ends", "all"));
    EXPECT_GT(runner.invocations(), 3);
}

}  // namespace
}  // namespace durable::testing
