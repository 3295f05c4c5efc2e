// Polls: while one branch runs, the service is asked for what another one waits for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "sdk/invocation.hpp"
#include "wire/durable_json.hpp"

namespace durable::testing {
namespace {

namespace wire = holdpoint::wire;
using namespace std::chrono_literals;

/// Every operation that starts is open until it is asked for, `answers_at` times.
class AskedService final : public detail::DurableService {
public:
    holdpoint::Result<wire::CheckpointResponse> checkpoint(const std::string&,
                                                           const wire::CheckpointRequest& request) override {
        wire::CheckpointResponse response;
        response.checkpoint_token = "t";
        ++requests;
        if (request.updates.empty()) {
            if (++polls < answers_at) {
                for (int i = 0; i < 1000; ++i) std::this_thread::yield();  // time enough for others to ask, too
                return response;
            }
            for (wire::Operation& operation : open_) {
                operation.status = wire::OperationStatus::succeeded;
                response.operations.push_back(operation);
            }
            open_.clear();
        }
        for (const wire::OperationUpdate& update : request.updates) {
            wire::Operation operation;
            operation.id = update.id;
            operation.type = update.type;
            operation.sub_type = update.sub_type;
            operation.name = update.name;
            operation.result = update.payload;
            if (update.action == wire::OperationAction::succeed) operation.status = wire::OperationStatus::succeeded;
            if (update.type == wire::OperationType::callback) operation.callback_id = "id";
            if (knows_ends) operation.scheduled_end_at = holdpoint::TimePoint();
            if (update.type == wire::OperationType::wait || update.type == wire::OperationType::callback) {
                open_.push_back(operation);
            }
            response.operations.push_back(operation);
        }
        return response;
    }
    holdpoint::Result<wire::CheckpointResponse> get_state(const std::string&, const std::string&,
                                                          const std::string&) override {
        return wire::CheckpointResponse{};
    }
    std::optional<std::chrono::milliseconds> pause_before_poll(std::optional<holdpoint::TimePoint> due, bool unknown,
                                                               int asked) const override {
        // What is queued goes with a question: then it has updates, and counts as well.
        if (asked > requests + 1) is_miscounted = true;
        if (!due && !unknown) return std::nullopt;
        return 0ms;
    }

    std::atomic<int> polls = 0;
    std::atomic<int> requests = 0;  // polls and all others
    int answers_at = 1;
    bool knows_ends = false;  // of waits
    mutable std::atomic<bool> is_miscounted = false;

private:
    std::vector<wire::Operation> open_;
};

wire::InvocationInput input() {
    wire::InvocationInput input;
    input.execution_arn = "arn";
    input.checkpoint_token = "t";
    wire::Operation execution;
    execution.id = "e";
    execution.type = wire::OperationType::execution;
    input.operations = {execution};
    return input;
}

std::string run(AskedService& service, const detail::DurableHandler& handler, int threads) {
    detail::Hooks hooks({});
    const auto answer = detail::run_invocation(
        handler, input(),
        {.service = service, .hooks = hooks, .request_id = "r", .trace_header = {}, .threads = threads});
    return std::string(wire::to_string(std::get<wire::InvocationOutput>(answer).status));
}

TEST(Polls, AWaitGoesOnWhileABranchIsBusy) {
    AskedService service;
    std::atomic<bool> waited = false;
    const detail::DurableHandler handler = [&](Context& context, const detail::Text&) -> detail::Text {
        (void)context.parallel<int>("p", {[&](Context& branch) {
                                              branch.wait("pause", 1s);
                                              waited = true;
                                              return 1;
                                          },
                                          [&](Context& branch) {
                                              return branch.step("busy", [&] {
                                                  while (!waited) std::this_thread::yield();
                                                  return 2;
                                              });
                                          }});
        return std::nullopt;
    };
    EXPECT_EQ(run(service, handler, 4), "SUCCEEDED");
    EXPECT_GE(service.polls, 1);
}

TEST(Polls, ABranchGoesOnWhileTheHandlerIsBusy) {
    AskedService service;
    std::atomic<bool> waited = false;
    const detail::DurableHandler handler = [&](Context& context, const detail::Text&) -> detail::Text {
        auto branch = context.run_in_child_context_async("branch", [&](Context& child) {
            child.wait("pause", 1s);
            waited = true;
        });
        context.step("busy", [&] {
            while (!waited) std::this_thread::yield();
        });
        branch.get();
        return std::nullopt;
    };
    EXPECT_EQ(run(service, handler, 1), "SUCCEEDED");
}

/// Runs a step beside a future that only waits for the service, until `wait_for` has its outcome; whether it had it
/// while the step ran.
template <class F>
bool learns_while_a_step_runs(F wait_for) {
    AskedService service;
    std::atomic<bool> learned = false;
    bool in_time = false;
    const detail::DurableHandler handler = [&](Context& context, const detail::Text&) -> detail::Text {
        auto busy = context.step_async("busy", [&] {
            // As long as it takes, but not for ever when nobody asks.
            for (int i = 0; i < 1'000'000 && !learned; ++i) std::this_thread::yield();
            in_time = learned;
        });
        wait_for(context, busy);
        learned = true;
        busy.get();
        return std::nullopt;
    };
    EXPECT_EQ(run(service, handler, 4), "SUCCEEDED");
    return in_time;
}

TEST(Polls, AFutureThatOnlyWaitsIsAskedAboutWhileAStepRuns) {
    EXPECT_TRUE(learns_while_a_step_runs([](Context& context, const Future<void>&) {
        context.wait_async("deadline", 1s).get();
    })) << "get";
    EXPECT_TRUE(learns_while_a_step_runs([](Context& context, const Future<void>& busy) {
        const auto deadline = context.wait_async("deadline", 1s);
        EXPECT_EQ(context.select("first", busy, deadline), 1U);
    })) << "select";
    EXPECT_TRUE(learns_while_a_step_runs([](Context& context, const Future<void>& busy) {
        const auto deadline = context.wait_async("deadline", 1s);
        context.race("first", busy, deadline);
    })) << "race";
    EXPECT_TRUE(learns_while_a_step_runs([](Context& context, const Future<void>&) {
        const auto callback = context.create_callback<std::optional<int>>("answer");
        callback.result_async().get();
    })) << "a callback, whose end nobody knows";
}

TEST(Polls, ABranchThatWaitsForAFutureIsAskedAboutWhileTheHandlerIsBusy) {
    AskedService service;
    service.knows_ends = true;
    std::atomic<bool> waited = false;
    bool in_time = false;
    const detail::DurableHandler handler = [&](Context& context, const detail::Text&) -> detail::Text {
        auto branch = context.run_in_child_context_async("branch", [&](Context& child) {
            child.wait_async("pause", 1s).get();
            waited = true;
        });
        context.step("busy", [&] {
            for (int i = 0; i < 1'000'000 && !waited; ++i) std::this_thread::yield();
            in_time = waited;
        });
        branch.get();
        return std::nullopt;
    };
    EXPECT_EQ(run(service, handler, 1), "SUCCEEDED");
    EXPECT_TRUE(in_time);
}

// Pauses grow with the number of questions: with the number of threads they would grow too fast.
TEST(Polls, ThreadsThatWaitTogetherCountAQuestionOnce) {
    AskedService service;
    service.answers_at = 20;
    const detail::DurableHandler handler = [&](Context& context, const detail::Text&) -> detail::Text {
        context.map("m", std::vector<int>{0, 1, 2, 3, 4, 5}, [&](Context& item, int n) {
            if (n > 0) return item.wait("pause", 1s);
            item.step("busy", [&] {
                while (service.polls < service.answers_at) std::this_thread::yield();
            });
        });
        return std::nullopt;
    };
    EXPECT_EQ(run(service, handler, 8), "SUCCEEDED");
    EXPECT_FALSE(service.is_miscounted);
}

TEST(Polls, NobodyAsksWhenNothingElseRuns) {
    AskedService service;
    const detail::DurableHandler handler = [](Context& context, const detail::Text&) -> detail::Text {
        context.wait("pause", 1s);
        return std::nullopt;
    };
    EXPECT_EQ(run(service, handler, 4), "PENDING");
    EXPECT_EQ(service.polls, 0);
}

TEST(Polls, PausesFollowWhatIsKnown) {
    const AskedService unused;
    const auto pause = [&](std::optional<holdpoint::TimePoint> due, bool unknown, int polls) {
        return unused.DurableService::pause_before_poll(due, unknown, polls);
    };
    const auto in = [](std::chrono::seconds time) { return holdpoint::SystemClock().now() + time; };
    EXPECT_FALSE(pause({}, false, 0));
    EXPECT_EQ(pause({}, true, 0), 1s);
    EXPECT_EQ(pause({}, true, 3), 4s);
    EXPECT_EQ(pause({}, true, 99), 10s);
    EXPECT_GT(*pause(in(3600s), false, 0), 3590s);
    EXPECT_EQ(*pause(in(3600s), true, 99), 10s);
    EXPECT_EQ(*pause(in(-5s), false, 0), 1ms) << "overdue: at once";
    EXPECT_EQ(*pause(in(-5s), false, 4), 500ms) << "the service's clock is behind: not too often";
}

}  // namespace
}  // namespace durable::testing
