// Checkpoints: one call at a time, with all that is there, at once; and what becomes of an invocation whose call fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <thread>

#include "sdk/execution_state.hpp"
#include "sdk/invocation.hpp"
#include "testing/local_service.hpp"
#include "wire/durable_json.hpp"

namespace durable::testing {
namespace {

namespace wire = holdpoint::wire;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// Takes everything, insists on the token that it gave last and on one call at a time, and keeps what it was sent.
class Ledger final : public detail::DurableService {
public:
    holdpoint::Result<wire::CheckpointResponse> checkpoint(const std::string&,
                                                           const wire::CheckpointRequest& request) override {
        EXPECT_EQ(++in_flight_, 1);
        EXPECT_EQ(request.checkpoint_token, "t" + std::to_string(requests.size()));
        requests.push_back(request);
        auto answer = answer_to(request);
        --in_flight_;
        return answer;
    }
    holdpoint::Result<wire::CheckpointResponse> get_state(const std::string&, const std::string&,
                                                          const std::string&) override {
        if (refusal) return std::unexpected(*refusal);
        return wire::CheckpointResponse{};
    }

    [[nodiscard]] std::vector<std::size_t> batch_sizes() const {
        std::vector<std::size_t> sizes;
        for (const auto& request : requests) sizes.push_back(request.updates.size());
        return sizes;
    }

    std::vector<wire::CheckpointRequest> requests;
    std::optional<holdpoint::Error> refusal;
    std::function<void()> before_answer = [] {};

private:
    holdpoint::Result<wire::CheckpointResponse> answer_to(const wire::CheckpointRequest& request) {
        before_answer();
        if (refusal) return std::unexpected(*refusal);
        wire::CheckpointResponse response;
        response.checkpoint_token = "t" + std::to_string(requests.size());
        for (const wire::OperationUpdate& update : request.updates) {
            wire::Operation operation;
            operation.id = update.id;
            operation.type = update.type;
            operation.name = update.name;
            operation.sub_type = update.sub_type;
            operation.result = update.payload;
            if (update.action == wire::OperationAction::succeed) operation.status = wire::OperationStatus::succeeded;
            response.operations.push_back(std::move(operation));
        }
        return response;
    }

    std::atomic<int> in_flight_ = 0;
};

wire::InvocationInput input() {
    wire::InvocationInput input;
    input.execution_arn = "arn";
    input.checkpoint_token = "t0";
    return input;
}

detail::InvocationAnswer invoke(Ledger& service, const std::function<void(Context&)>& body,
                                wire::InvocationInput given = input(), int threads = 8) {
    const detail::DurableHandler handler = [&](Context& context, const detail::Text&) -> detail::Text {
        body(context);
        return std::nullopt;
    };
    detail::Hooks hooks({});
    return detail::run_invocation(
        handler, std::move(given),
        {.service = service, .hooks = hooks, .request_id = "r", .trace_header = {}, .threads = threads});
}

/// "SUCCEEDED", "FAILED CheckpointError", …; "again ServiceException" for an invocation that the service is to repeat.
std::string described(const detail::InvocationAnswer& answer) {
    if (const auto* failure = std::get_if<detail::InvocationFailure>(&answer)) return "again " + failure->error.type;
    const auto& output = std::get<wire::InvocationOutput>(answer);
    return std::string(wire::to_string(output.status)) + (output.error ? " " + output.error->type.value_or("") : "");
}

wire::OperationUpdate update_of(std::string id, std::string payload = {}) {
    wire::OperationUpdate update;
    update.id = std::move(id);
    update.payload = std::move(payload);
    return update;
}

TEST(Checkpoints, GoOneAtATimeWhoeverSends) {
    Ledger service;
    const auto answer = invoke(service, [](Context& context) {
        const auto result = context.map("m", std::vector<int>(200), [](Context& item, int) {
            for (int i = 0; i < 3; ++i) item.step("s", [] { std::this_thread::yield(); });
        });
        EXPECT_EQ(result.success_count(), 200U);
    });
    EXPECT_EQ(described(answer), "SUCCEEDED");
    std::map<std::string, std::string> actions;  // of each operation, in the order in which they were sent
    for (const auto& request : service.requests) {
        for (const auto& update : request.updates) actions[update.id] += wire::to_string(update.action).substr(0, 2);
    }
    EXPECT_EQ(actions.size(), 1U + 200 + 600);
    for (const auto& [id, sent] : actions) EXPECT_EQ(sent, "STSU") << id;
}

TEST(Checkpoints, TakeAtMost250Updates) {
    Ledger service;
    detail::Hooks hooks({});
    detail::ExecutionState state(service, input(), hooks, 1);
    for (int i = 0; i < 600; ++i) state.enqueue(update_of(std::to_string(i)));
    state.flush();
    EXPECT_THAT(service.batch_sizes(), ElementsAre(250, 250, 100));
}

TEST(Checkpoints, SendWhatIsTooLargeForCompanyAlone) {
    Ledger service;
    detail::Hooks hooks({});
    detail::ExecutionState state(service, input(), hooks, 1);
    state.enqueue(update_of("small"));
    state.enqueue(update_of("large", std::string(800 * 1024, 'x')));
    state.enqueue(update_of("small too"));
    state.flush();
    EXPECT_THAT(service.batch_sizes(), ElementsAre(1, 1, 1));
}

TEST(Checkpoints, DoNotPileUpWhileNobodyAsksForAnAnswer) {
    Ledger service;
    detail::Hooks hooks({});
    detail::ExecutionState state(service, input(), hooks, 1);
    for (int i = 0; i < 1000; ++i) state.enqueue(update_of(std::to_string(i)));
    EXPECT_EQ(service.requests.size(), 0U);
    state.enqueue(update_of("one more"));
    EXPECT_THAT(service.batch_sizes(), ElementsAre(250));
}

// A branch that goes on may come by before what it queued was sent.
TEST(Checkpoints, StartAContextOnce) {
    Ledger service;
    detail::Hooks hooks({});
    detail::ExecutionState state(service, input(), hooks, 1);
    wire::OperationUpdate start = update_of("context");
    start.type = wire::OperationType::context;
    state.enqueue(start);
    state.enqueue(start);
    state.flush();
    state.enqueue(start);
    state.flush();
    EXPECT_THAT(service.batch_sizes(), ElementsAre(1));
}

TEST(Checkpoints, TakeAlongWhatWasQueuedDuringACall) {
    Ledger service;
    detail::Hooks hooks({});
    detail::ExecutionState state(service, input(), hooks, 1);
    std::promise<void> under_way;
    std::promise<void> go_on;
    service.before_answer = [&, first = true]() mutable {
        if (!std::exchange(first, false)) return;
        under_way.set_value();
        go_on.get_future().wait();
    };
    state.enqueue(update_of("a"));
    std::thread sender([&] { state.flush(); });
    under_way.get_future().wait();
    for (const char* id : {"b", "c", "d"}) state.enqueue(update_of(id));
    go_on.set_value();
    state.flush();
    sender.join();
    EXPECT_THAT(service.batch_sizes(), ElementsAre(1, 3));
}

// A window in which updates are collected would cost every step its length: ten milliseconds would be ten seconds here.
TEST(Checkpoints, AreSentAtOnceByWhoeverNeedsTheAnswer) {
    Ledger service;
    const auto handler = std::this_thread::get_id();
    service.before_answer = [&] { EXPECT_EQ(std::this_thread::get_id(), handler); };
    const holdpoint::SystemClock clock;
    const auto begin = clock.monotonic();
    const auto answer = invoke(service, [](Context& context) {
        for (int i = 0; i < 1000; ++i) context.step("s", [] {});
    });
    EXPECT_EQ(described(answer), "SUCCEEDED");
    EXPECT_EQ(service.requests.size(), 1000U);
    EXPECT_LT(clock.monotonic() - begin, 5s);
}

struct Refusal {
    holdpoint::Error error;
    std::string meaning;  // of the answer to the invocation
};

std::vector<Refusal> refusals() {
    const auto error = [](std::string name, int status, std::string message) {
        return holdpoint::Error{
            .name = std::move(name), .http_status = status, .message = std::move(message), .details_json = {}};
    };
    const std::string invalid = "InvalidParameterValueException";
    return {
        // Another invocation has taken over, or the execution is over: nothing is wrong with the execution.
        {error(invalid, 400, "Invalid Checkpoint Token"), "again " + invalid},
        {error(invalid, 400, "Invalid checkpoint token"), "again " + invalid},
        {error(invalid, 400, "Invalid checkpoint token: it was used"), "again " + invalid},
        // What passes.
        {error("TooManyRequestsException", 429, "Rate Exceeded."), "again TooManyRequestsException"},
        {error("ThrottlingException", 400, "Rate exceeded"), "again ThrottlingException"},
        {error("ServiceException", 500, "oh"), "again ServiceException"},
        {error("HTTP503", 503, "later"), "again HTTP503"},
        {error("TransportError", 0, "cut off"), "again TransportError"},
        {error("HTTP408", 408, "too slow"), "again HTTP408"},
        // Of this process, and not of the execution: another one has other credentials, or a clock that is right.
        {error("ExpiredTokenException", 403, "The security token included in the request is expired"),
         "again ExpiredTokenException"},
        {error("InvalidSignatureException", 403, "Signature expired"), "again InvalidSignatureException"},
        {error("UnrecognizedClientException", 403, "The security token included in the request is invalid."),
         "again UnrecognizedClientException"},
        // What would be refused every time.
        {error(invalid, 400, "STEP output payload size must be less than or equal to 1048576 bytes."),
         "FAILED CheckpointError"},
        {error("AccessDeniedException", 403, "not allowed"), "FAILED CheckpointError"},
        {error("KMSAccessDeniedException", 502, "no key"), "FAILED CheckpointError"},
        {error("KMSDisabledException", 502, "no key"), "FAILED CheckpointError"},
        {error("KMSInvalidStateException", 502, "no key"), "FAILED CheckpointError"},
        {error("KMSNotFoundException", 502, "no key"), "FAILED CheckpointError"},
    };
}

TEST(FailedCheckpoint, MeansWhatTheServiceMeansByIt) {
    for (const Refusal& refusal : refusals()) {
        Ledger service;
        service.refusal = refusal.error;
        EXPECT_EQ(described(invoke(service, [](Context& context) { context.step("s", [] {}); })), refusal.meaning)
            << refusal.error.name << ": " << refusal.error.message;
    }
}

TEST(FailedCheckpoint, MeansTheSameForAPageOfTheState) {
    for (const Refusal& refusal : refusals()) {
        Ledger service;
        service.refusal = refusal.error;
        wire::InvocationInput paged = input();
        paged.next_marker = "2";
        const auto answer =
            invoke(service, [](Context&) { ADD_FAILURE() << "the handler began without all of its records"; }, paged);
        EXPECT_EQ(described(answer), refusal.meaning) << refusal.error.name << ": " << refusal.error.message;
    }
}

TEST(FailedCheckpoint, EndsTheInvocationWhateverIsCaught) {
    for (const Refusal& refusal : refusals()) {
        Ledger service;
        service.refusal = refusal.error;
        int ran = 0;
        const auto answer = invoke(service, [&](Context& context) {
            for (int i = 0; i < 3; ++i) {
                try {
                    context.step("s", [&] { ++ran; });
                } catch (const std::exception& error) {
                    ADD_FAILURE() << "an error that could be taken for the step's: " << error.what();
                } catch (...) {
                }
            }
        });
        EXPECT_EQ(described(answer), refusal.meaning);
        EXPECT_EQ(ran, 1) << "nothing runs whose outcome could not be recorded";
        EXPECT_EQ(service.requests.size(), 1U) << "nothing more reaches the service";
    }
}

TEST(FailedCheckpoint, OfABranchIsNoItemsFailure) {
    for (const Refusal& refusal : refusals()) {
        Ledger service;
        service.refusal = refusal.error;
        const auto answer = invoke(service, [](Context& context) {
            (void)context.map("m", std::vector<int>(20), [](Context& item, int) { item.step("s", [] {}); },
                              {.completion = Completion::all_completed()});
            ADD_FAILURE() << "the map ended although nothing of it could be recorded";
        });
        EXPECT_EQ(described(answer), refusal.meaning);
        EXPECT_EQ(service.requests.size(), 1U);
    }
}

TEST(FailedCheckpoint, StartsNoMoreOfWhatIsReady) {
    Ledger service;
    service.refusal = holdpoint::Error{"ServiceException", 500, "down", {}};
    std::atomic<int> ran = 0;
    const auto handler = [&](Context& context) {
        std::vector<Future<int>> steps;
        for (int i = 0; i < 20; ++i) steps.push_back(context.step_async("s", [&] { return ++ran; }));
        context.step("busy", [](StepContext& step) {
            while (!step.stop_token().stop_requested()) std::this_thread::yield();
            for (int i = 0; i < 1000; ++i) std::this_thread::yield();  // time enough for the others
        });
    };
    EXPECT_EQ(described(invoke(service, handler, input(), 1)), "again ServiceException");
    EXPECT_EQ(ran, 1) << "the outcome of the others could not be recorded";
}

TEST(FailedCheckpoint, LeavesNoCodeRunning) {
    Ledger service;
    service.refusal = holdpoint::Error{"ServiceException", 500, "down", {}};
    std::atomic<int> running = 0;
    const auto answer = invoke(service, [&](Context& context) {
        std::atomic<bool> is_busy = false;
        (void)context.parallel<int>("p", {[&](Context& branch) {
                                              return branch.step("busy", [&](StepContext& step) {
                                                  ++running;
                                                  is_busy = true;
                                                  while (!step.stop_token().stop_requested()) std::this_thread::yield();
                                                  --running;
                                                  return 1;
                                              });
                                          },
                                          [&](Context& branch) {
                                              return branch.step("fails", [&] {
                                                  while (!is_busy) std::this_thread::yield();
                                                  return 2;
                                              });
                                          }});
    });
    EXPECT_EQ(described(answer), "again ServiceException");
    EXPECT_EQ(running, 0) << "the next execution of this process would meet it";
}

// A body that catches the signal to leave may do so a hundred times; here each of many is told once.
TEST(FailedCheckpoint, MayBeToldToAnyNumberOfBranches) {
    constexpr int kBranches = 150;
    Ledger service;
    service.refusal = holdpoint::Error{"ServiceException", 500, "down", {}};
    const auto handlers_thread = std::this_thread::get_id();
    std::atomic<int> begun = 0;
    std::atomic<int> told = 0;
    std::atomic<bool> is_sent = false;
    const auto body = [&](StepContext& step) {
        const bool is_handlers = std::this_thread::get_id() == handlers_thread;
        ++begun;
        while (begun < kBranches) std::this_thread::yield();
        if (!is_handlers && !is_sent.exchange(true)) return;  // its outcome is refused
        while (!step.stop_token().stop_requested()) std::this_thread::yield();
        ++told;
        // When the handler leaves, the others are abandoned, which is another reason to leave.
        while (is_handlers && told < kBranches - 1) std::this_thread::yield();
        for (int i = 0; is_handlers && i < 1000; ++i) std::this_thread::yield();
    };
    const auto handler = [&](Context& context) {
        context.map("m", std::vector<int>(kBranches), [&](Context& item, int) { item.step("s", body); });
    };
    EXPECT_EQ(described(invoke(service, handler, input(), kBranches)), "again ServiceException");
}

// Control characters take six bytes each.
TEST(Checkpoints, OfManyResultsAndErrorsStayBelowTheLimitAsTheyAreSent) {
    Ledger service;
    const std::string much(2000, '\x01');
    const ChildOptions<int> writes{
        .serdes = {.serialize = [&](const int&, const SerdesContext&) { return much; },
                   .deserialize = [](const std::string&, const SerdesContext&) { return 0; }}};
    const auto answer = invoke(service, [&](Context& context) {
        for (int i = 0; i < 100; ++i) {
            context.run_in_child_context("c", [](Context&) { return 1; }, writes);
            try {
                context.run_in_child_context("f", [&](Context&) { throw Error("Broken", much); });
            } catch (const ChildContextError&) {
            }
        }
    });
    EXPECT_EQ(described(answer), "SUCCEEDED");
    for (const auto& request : service.requests) {
        EXPECT_LE(boost::json::serialize(wire::to_json(request)).size(), 750UL * 1024);
    }
}

/// Takes one checkpoint and no more; what it answers would go on in a page.
class LastCheckpoint final : public detail::DurableService {
public:
    holdpoint::Result<wire::CheckpointResponse> checkpoint(const std::string&,
                                                           const wire::CheckpointRequest&) override {
        wire::CheckpointResponse response;
        response.next_marker = "more";
        return response;
    }
    holdpoint::Result<wire::CheckpointResponse> get_state(const std::string&, const std::string& token,
                                                          const std::string&) override {
        ADD_FAILURE() << "asked with the token '" << token << "'";
        return wire::CheckpointResponse{};
    }
};

TEST(Checkpoints, WithoutATokenNoPageIsAskedFor) {
    LastCheckpoint service;
    const detail::DurableHandler handler = [](Context& context, const detail::Text&) -> detail::Text {
        context.step("s", [] {});
        return std::nullopt;
    };
    detail::Hooks hooks({});
    const auto answer = detail::run_invocation(
        handler, input(), {.service = service, .hooks = hooks, .request_id = "r", .trace_header = {}});
    EXPECT_EQ(described(answer), "PENDING");
}

// Its time would run from when the handler comes by.
TEST(Checkpoints, OfABranchAreSentWhileTheHandlerIsBusy) {
    LocalService runner([&](Context& context, Json) {
        const auto branch = context.run_in_child_context_async("c", [](Context& child) { child.wait("pause", 1h); });
        context.step("busy", [&] {
            while (std::ranges::count(runner.history(), "WaitStarted") == 0) std::this_thread::yield();
        });
        branch.get();
    });
    runner.start();
    runner.advance(1h);
    EXPECT_EQ(runner.error_message(), "");
    EXPECT_FALSE(runner.is_running());
}

}  // namespace
}  // namespace durable::testing
