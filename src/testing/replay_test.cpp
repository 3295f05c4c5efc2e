// The replayer: histories of Holdpoint's own and as the aws CLI prints them, against code that fits and code that does
// not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "durable/testing.hpp"

namespace durable::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

/// What a changed version of the workflow below does otherwise.
struct Changes {
    std::string charge = "charge";
    bool extra_step = false;
    bool no_notice = false;
    bool swapped = false;
    std::string in_child = "look up";
    std::string in_item = "pack";
    std::string receipt = "receipt";
    bool extra_in_child = false;
    int extra_items = 0;
};

struct Workflow {
    Changes changes = {};
    int* runs = nullptr;

    std::string operator()(Context& context, const Json&) const {
        const auto ran = [this] {
            if (runs != nullptr) ++*runs;
        };
        const auto charge = [&] {
            return context.step(changes.charge, [&] {
                ran();
                return std::string("payment");
            });
        };
        const auto check = [&] {
            return context.run_in_child_context("check", [&](Context& child) {
                const int found = child.step(changes.in_child, [&] {
                    ran();
                    return 7;
                });
                if (changes.extra_in_child) child.step("extra", ran);
                child.wait("think", 1h);
                return found;
            });
        };
        if (changes.swapped) {
            check();
            charge();
        } else {
            charge();
            check();
        }
        if (changes.extra_step) context.step("audit", ran);
        int failures = 0;
        context.wait_for_condition<int>("poll", [&](int n) { return n + 1; },
                                        {.initial_state = 0, .strategy = [](const int& n, int) {
                                             return n < 3 ? WaitDecision(5s) : std::nullopt;
                                         }});
        try {
            context.step("flaky", [&] { throw Error("Bad", "always"); },
                         {.retry = retry::fixed({.attempts = 2, .pause = 1s})});
        } catch (const StepError&) {
            ++failures;
        }
        std::vector<int> items{1, 2, 3};
        items.resize(3 + static_cast<std::size_t>(changes.extra_items));
        const auto packed = context.map("items", items, [&](Context& item, const int& n) {
            return item.step(changes.in_item, [&] { return n * 10; });
        });
        const auto approved = context.wait_for_callback<std::string>("approval", [](const std::string&) {});
        const auto price = context.invoke<int>("price", "prices", 1);
        auto slow = context.wait_async("slow", 1h);
        auto fast = context.step_async("fast", [] {});
        const auto first = context.select("first", slow, fast);
        if (!changes.no_notice) context.step("notice", ran);
        return changes.receipt + approved + std::to_string(price) + std::to_string(packed.results().size()) +
               std::to_string(first) + std::to_string(failures);
    }
};

std::string history_of(const std::function<void(Runner&)>& go_on = [](Runner& runner) { runner.run_on(); }) {
    Runner runner{std::function<std::string(Context&, const Json&)>(Workflow())};
    runner.fake_function("prices", [](int) { return 5; }, 1min);
    EXPECT_EQ(runner.run(), ExecutionStatus::running);
    runner.complete_callback("approval-callback", "yes");
    go_on(runner);
    return runner.history_json();
}

ReplayReport replay_with(const Changes& changes, const std::string& history) {
    int runs = 0;
    const auto report =
        replay(std::function<std::string(Context&, const Json&)>(Workflow{.changes = changes, .runs = &runs}), history);
    EXPECT_EQ(runs, 0) << "a replay runs no step";
    return report;
}

TEST(Replay, CodeFitsItsOwnHistory) {
    const ReplayReport report = replay_with({}, history_of());
    EXPECT_THAT(report.differences, IsEmpty());
    EXPECT_THAT(report.next, IsEmpty());
}

TEST(Replay, UnfinishedExecutionGoesOn) {
    const ReplayReport report = replay_with({}, history_of([](Runner&) {}));
    EXPECT_THAT(report.differences, IsEmpty());
    const ReplayReport changed = replay_with({.extra_step = true}, history_of([](Runner&) {}));
    EXPECT_FALSE(changed.fits());
    Runner young([](Context& context, const Json&) {
        context.step("a", [] {});
        context.wait("w", 1h);
        context.step("b", [] {});
    });
    young.start();
    const ReplayReport longer = replay(
        [](Context& context, const Json&) {
            context.step("a", [] {});
            context.wait("w", 1h);
            context.step("b", [] {});
            context.step("c", [] {});
        },
        young.history_json());
    EXPECT_TRUE(longer.fits()) << "it still waits; what comes after may change";
    const ReplayReport shorter =
        replay([](Context& context, const Json&) { context.step("a", [] {}); }, young.history_json());
    EXPECT_THAT(shorter.differences, ElementsAre("the code does not come to WAIT (Wait) 'w', which the history has"));
    const ReplayReport more = replay(
        [](Context& context, const Json&) {
            context.step("a", [] {});
            auto pause = context.wait_async("w", 1h);
            context.step("meanwhile", [] { ADD_FAILURE() << "a replay runs no step"; });
        },
        young.history_json());
    EXPECT_TRUE(more.fits());
    EXPECT_THAT(more.next, ElementsAre("STEP (Step) 'meanwhile'"));
}

TEST(Replay, ChangedCodeIsFound) {
    const std::string history = history_of();
    const auto differences = [&](const Changes& changes) { return replay_with(changes, history).differences; };
    EXPECT_THAT(differences({.charge = "bill"}),
                ElementsAre(HasSubstr("Operation 1 of this context was STEP (Step) 'charge' when it was recorded, but "
                                      "the code now comes to STEP (Step) 'bill'.")));
    EXPECT_THAT(differences({.extra_step = true}), ElementsAre(HasSubstr("now comes to STEP (Step) 'audit'")));
    EXPECT_THAT(differences({.no_notice = true}),
                ElementsAre("the code does not come to STEP (Step) 'notice', which the history has"));
    EXPECT_THAT(differences({.swapped = true}), ElementsAre(HasSubstr("was STEP (Step) 'charge'")));
    EXPECT_THAT(differences({.in_child = "search"}), ElementsAre(HasSubstr("'look up' when it was recorded")));
    EXPECT_THAT(differences({.in_item = "wrap"}), Contains(HasSubstr("'pack' when it was recorded")));
    EXPECT_THAT(
        differences({.receipt = "bill"}),
        ElementsAre(R"(the result of the execution is now "billyes5311"; in the history it was "receiptyes5311")"));
    EXPECT_THAT(differences({.extra_in_child = true}), ElementsAre(HasSubstr("now comes to STEP (Step) 'extra'")));
    EXPECT_THAT(differences({.extra_items = 1}), Contains("the code comes to CONTEXT (MapIteration) 'map-item-3', "
                                                          "which the history does not have in CONTEXT (Map) 'items'"));
}

TEST(Replay, StepAddedAtTheEndOfAFinishedContextIsFound) {
    const auto handler = [](bool more) {
        return [more](Context& context, const Json&) {
            context.run_in_child_context("child", [&](Context& child) {
                child.step("a", [] {});
                if (more) child.step("b", [] { ADD_FAILURE() << "a replay runs no step"; });
            });
            context.wait("w", 1h);
        };
    };
    Runner runner(handler(false));
    runner.start();
    EXPECT_TRUE(replay(handler(false), runner.history_json()).fits());
    EXPECT_THAT(replay(handler(true), runner.history_json()).differences,
                Contains("the code comes to STEP (Step) 'b', which the history does not have in CONTEXT "
                         "(RunInChildContext) 'child'"));
}

TEST(Replay, BatchesThatEndedEarlyFit) {
    const auto handler = [](Context& context, const Json&) {
        const auto first = context.map("servers", std::vector<int>{3, 1, 2},
                                       [](Context& item, const int& hours) {
                                           item.wait("answer", std::chrono::hours(hours));
                                           return item.step("read", [&] { return hours; });
                                       },
                                       {.completion = {.min_successful = 1}});
        context.wait("later", 10h);
        return first.results().front();
    };
    Runner runner(handler);
    ASSERT_EQ(runner.run(), ExecutionStatus::succeeded);
    EXPECT_EQ(runner.result<int>(), 1);
    EXPECT_THAT(replay(handler, runner.history_json()).differences, IsEmpty());
}

TEST(Replay, FailedExecutionFailsTheSameWay) {
    const auto handler = [](const char* message, const char* type = "Refused") {
        return [message, type](Context& context, const Json&) {
            context.run_in_child_context("child", [&](Context& child) {
                child.step("a", [] {});
                throw Error(type, message);
            });
        };
    };
    Runner runner(handler("no"));
    EXPECT_EQ(runner.run(), ExecutionStatus::failed);
    EXPECT_TRUE(replay(handler("no"), runner.history_json()).fits());
    EXPECT_THAT(replay(handler("never"), runner.history_json()).differences,
                Contains("CONTEXT (RunInChildContext) 'child' now fails with Refused: never; in the history it failed "
                         "with Refused: no"));
    EXPECT_THAT(replay(handler("no", "Odd"), runner.history_json()).differences,
                Contains("CONTEXT (RunInChildContext) 'child' now fails with Odd: no; in the history it failed with "
                         "Refused: no"));
}

// As `aws lambda get-durable-execution-history --include-execution-data` prints it: times in ISO 8601, members that
// this code does not know.
constexpr std::string_view kExported = R"({"Events": [
 {"EventType": "ExecutionStarted", "EventId": 1, "Id": "e3b0c442", "Name": "order-1", "EventTimestamp": "2026-02-03T10:00:00.250000+00:00",
  "ExecutionStartedDetails": {"Input": {"Payload": "{\"amount\":3}", "Truncated": false}, "ExecutionTimeout": 3600}},
 {"EventType": "StepStarted", "SubType": "Step", "EventId": 2, "Id": "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b", "Name": "charge",
  "EventTimestamp": "2026-02-03T10:00:00.300000+00:00", "StepStartedDetails": {}},
 {"EventType": "StepSucceeded", "SubType": "Step", "EventId": 3, "Id": "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b", "Name": "charge",
  "EventTimestamp": "2026-02-03T10:00:00.400000+00:00",
  "StepSucceededDetails": {"Result": {"Payload": "\"p-1\"", "Truncated": false}, "RetryDetails": {"CurrentAttempt": 1, "NextAttemptDelaySeconds": 0}}},
 {"EventType": "InvocationCompleted", "EventId": 4, "EventTimestamp": "2026-02-03T10:00:00.500000+00:00",
  "InvocationCompletedDetails": {"StartTimestamp": "2026-02-03T10:00:00.260000+00:00", "EndTimestamp": "2026-02-03T10:00:00.500000+00:00", "RequestId": "r"}},
 {"EventType": "ExecutionSucceeded", "EventId": 5, "Id": "e3b0c442", "Name": "order-1", "EventTimestamp": "2026-02-03T10:00:00.500000+00:00",
  "ExecutionSucceededDetails": {"Result": {"Payload": "\"p-1 of 3\"", "Truncated": false}}}
]})";

std::string order(Context& context, const std::map<std::string, int>& event) {
    const auto payment = context.step("charge", [] { return std::string("another"); });
    return payment + " of " + std::to_string(event.at("amount"));
}

TEST(Replay, ReadsWhatTheAwsCliPrints) {
    EXPECT_THAT(replay(order, kExported).differences, IsEmpty());
}

std::string problem_of(std::string_view history) {
    try {
        (void)replay(order, history);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

TEST(Replay, SaysWhatIsWrongWithAHistory) {
    EXPECT_THAT(problem_of("{"), HasSubstr("the history is no JSON"));
    EXPECT_EQ(problem_of("{}"), "the history is neither an object with Events nor a list of events");
    EXPECT_EQ(problem_of("[]"), "the history has no ExecutionStarted event");
    EXPECT_EQ(problem_of("[3]"), "an event of the history is no object");
    EXPECT_EQ(problem_of(R"([{"EventId": 4, "EventType": "StepDreamt", "Id": "a"}])"),
              "event 4 (StepDreamt): no type of event that is known");
    EXPECT_EQ(problem_of(R"([{"EventId": 4, "EventType": "StepFailed", "Id": "a"}])"),
              "event 4 (StepFailed): no event before it starts this operation");
    EXPECT_EQ(problem_of(R"([{"EventId": 1, "EventType": "ExecutionStarted", "Id": "e", "EventTimestamp": "soon"}])"),
              "event 1 (ExecutionStarted): EventTimestamp is neither seconds nor ISO 8601");
    std::string without(kExported);
    without.replace(without.find(R"("Payload": "\"p-1\"", "Truncated": false)"), 40, R"("Truncated": true)");
    EXPECT_EQ(problem_of(without),
              "event 3 (StepSucceeded): its Result was left out; export the history with --include-execution-data");
}

}  // namespace
}  // namespace durable::testing
