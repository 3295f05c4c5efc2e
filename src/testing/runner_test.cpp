// The public testing library, as an author's tests use it.
#include "durable/testing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/describe.hpp>
#include <set>

namespace durable::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

struct Trip {
    std::string to;
    int nights = 0;
};
BOOST_DESCRIBE_STRUCT(Trip, (), (to, nights))

template <class F>
std::string refusal_of(F&& call) {
    try {
        call();
    } catch (const std::logic_error& error) {
        return error.what();
    }
    return "";
}

TEST(Runner, YearPassesAtOnce) {
    Runner runner([](Context& context, const Trip& trip) {
        context.wait("until next summer", 24h * 300);
        return "to " + trip.to;
    });
    EXPECT_EQ(runner.start(Trip{.to = "Oslo", .nights = 3}), ExecutionStatus::running);
    EXPECT_EQ(runner.advance(24h * 299), ExecutionStatus::running);
    EXPECT_EQ(runner.run_on(), ExecutionStatus::succeeded);
    EXPECT_EQ(runner.result<std::string>(), "to Oslo");
    EXPECT_EQ(runner.now(), RunnerOptions().started_at + 24h * 300);
    EXPECT_EQ(runner.invocations(), 2);
}

int ask(Context& context, const Json&) {
    const int first = context.wait_for_callback<int>("first", [](const std::string&) {}, {.timeout = 1h});
    auto second = context.create_callback<int>("second", {.timeout = 1h, .heartbeat_timeout = 60s});
    return first + second.result();
}

TEST(Runner, CallbacksAreAnsweredByName) {
    Runner runner(ask);
    EXPECT_EQ(runner.run(), ExecutionStatus::running) << "it waits for the test";
    runner.complete_callback("first-callback", 1);
    EXPECT_EQ(runner.run_on(), ExecutionStatus::running);
    runner.complete_callback(runner.callback_id("second"), 2);
    EXPECT_EQ(runner.status(), ExecutionStatus::succeeded);
    EXPECT_EQ(runner.result<int>(), 3);
    EXPECT_EQ(runner.operation("second").status, "SUCCEEDED");
}

TEST(Runner, CallbacksWithoutANameAreAnsweredByNone) {
    Runner runner([](Context& ctx, const Json&) {
        const auto named = ctx.create_callback<int>("named");
        const int first = ctx.wait_for_callback<int>("", [](const std::string&) {});
        return (10 * first) + named.result();
    });
    runner.run();
    runner.complete_callback("", 4);
    EXPECT_THROW((void)runner.callback_id(""), std::invalid_argument);
    runner.complete_callback("named", 2);
    EXPECT_EQ(runner.result<int>(), 42);
}

TEST(Runner, HeartbeatsKeepACallbackOpen) {
    Runner runner(ask);
    runner.run();
    runner.complete_callback("first-callback", 1);
    for (int i = 0; i < 3; ++i) {
        runner.advance(50s);
        runner.heartbeat_callback("second");
    }
    EXPECT_EQ(runner.advance(50s), ExecutionStatus::running);
    EXPECT_EQ(runner.advance(10s), ExecutionStatus::failed);
    EXPECT_EQ(runner.error()->type, "Callback.Heartbeat");
}

TEST(Runner, CallbackMayBeAnsweredByTheStepThatHandsItOver) {
    Runner* runner_of_test = nullptr;
    Runner runner([&](Context& context, const Json&) {
        return context.wait_for_callback<std::string>(
            "approval", [&](const std::string& id) { runner_of_test->complete_callback(id, "at once"); });
    });
    runner_of_test = &runner;
    EXPECT_EQ(runner.run(), ExecutionStatus::succeeded);
    EXPECT_EQ(runner.result<std::string>(), "at once");
}

TEST(Runner, ErrorOfACallbackIsWhatTheHandlerCatches) {
    Runner runner([](Context& context, const Json&) -> std::string {
        try {
            return context.wait_for_callback<std::string>("approval", [](const std::string&) {});
        } catch (const CallbackExternalError& error) {
            return error.info().type + ": " + error.what();
        }
    });
    runner.run();
    runner.fail_callback("approval-callback", {.type = "Refused", .message = "too dear"});
    EXPECT_EQ(runner.result<std::string>(), "Refused: too dear");
}

TEST(Runner, FakeFunctionsPlayWhatIsInvoked) {
    Runner runner([](Context& context, const Trip& trip) {
        const auto price = context.invoke<int>("price", "prices:1", trip, {.tenant_id = "acme"});
        return price;
    });
    runner.fake_function(
        "prices:1",
        [](const Trip& trip, const Invoked& how) {
            EXPECT_EQ(how.function, "prices:1");
            EXPECT_EQ(how.tenant_id, "acme");
            return trip.nights * 100;
        },
        3h);
    EXPECT_EQ(runner.start(Trip{.to = "Oslo", .nights = 3}), ExecutionStatus::running);
    EXPECT_EQ(runner.advance(2h), ExecutionStatus::running);
    EXPECT_EQ(runner.advance(1h), ExecutionStatus::succeeded);
    EXPECT_EQ(runner.result<int>(), 300);
    EXPECT_THAT(runner.history(), ElementsAre("ExecutionStarted", "ChainedInvokeStarted", "InvocationCompleted",
                                              "ChainedInvokeSucceeded", "InvocationCompleted", "ExecutionSucceeded"));
}

std::string outcome_of_invoke(Context& context, const Json&) {
    try {
        return context.invoke<std::string>("call", "callee", 1);
    } catch (const InvokeTimedOutError& error) {
        return "timed out: " + std::string(error.what());
    } catch (const InvokeStoppedError&) {
        return "stopped";
    } catch (const InvokeFailedError& error) {
        return error.info().type + ": " + error.what();
    }
}

template <class Thrown>
std::string outcome_when(Thrown thrown) {
    Runner runner(outcome_of_invoke);
    runner.fake_function("callee", [&](int) -> std::string { throw thrown; }, 5s);
    runner.run();
    return runner.result<std::string>();
}

TEST(Runner, FakeFunctionsFailAsRealOnesDo) {
    EXPECT_EQ(outcome_when(Error("NoRoom", "full")), "NoRoom: full");
    EXPECT_EQ(outcome_when(FunctionTimedOut()), "timed out: CHAINED_INVOKE timed out after 5 seconds.");
    EXPECT_EQ(outcome_when(FunctionStopped()), "stopped");
    Runner without(outcome_of_invoke);
    without.run();
    EXPECT_THAT(without.result<std::string>(), HasSubstr("ResourceNotFoundException: Function not found: callee"));
}

TEST(Runner, ProcessDiesWhereItIsTold) {
    int runs = 0;
    const auto handler = [&](Context& context, const Json&) { return context.step("once", [&] { return ++runs; }); };
    Runner before(handler);
    before.crash_before_checkpoint(1);
    EXPECT_EQ(before.run(), ExecutionStatus::succeeded);
    EXPECT_EQ(before.result<int>(), 2) << "nothing of the first run was recorded";
    runs = 0;
    Runner after(handler);
    after.crash_after_checkpoint(1);
    EXPECT_EQ(after.run(), ExecutionStatus::succeeded);
    EXPECT_EQ(after.result<int>(), 1) << "it was recorded";
    EXPECT_EQ(after.invocations(), 2);
}

TEST(Runner, AnIdempotencyKeyIsThatOfOneOperationOfOneExecution) {
    std::vector<std::string> keys;
    const auto charge = [&](StepContext& step) {
        keys.push_back(step.idempotency_key());
        if (step.attempt() == 1) throw std::runtime_error("the answer was lost");
    };
    const auto handler = [&](Context& context, const Json&) {
        context.step("charge", charge);
        context.run_in_child_context("child", [&](Context& child) { child.step("charge", charge); });
    };
    for (const std::string name : {"order-1", "order-2"}) {
        Runner runner(handler, {.execution_name = name});
        EXPECT_EQ(runner.run(), ExecutionStatus::succeeded);
    }
    ASSERT_EQ(keys.size(), 8U);
    for (std::size_t attempt = 0; attempt < keys.size(); attempt += 2) {
        EXPECT_THAT(keys[attempt], ::testing::MatchesRegex("[0-9a-f]+"));
        EXPECT_EQ(keys[attempt].size(), 32U);
        EXPECT_EQ(keys[attempt], keys[attempt + 1]) << "attempts of one operation share it";
    }
    EXPECT_EQ(std::set(keys.begin(), keys.end()).size(), 4U) << "other operations and executions have others";
}

TEST(Runner, SaysThatACrashWasNotPlayed) {
    const auto handler = [](Context& context, const Json&) { return context.step("s", [] { return 1; }); };
    Runner before(handler);
    before.crash_before_checkpoint(9);
    EXPECT_EQ(refusal_of([&] { before.run(); }),
              "crash_before_checkpoint(9) was not played: the execution is over, and made 1 checkpoint");
    EXPECT_EQ(refusal_of([&] { (void)before.result<int>(); }),
              "crash_before_checkpoint(9) was not played: the execution is over, and made 1 checkpoint");
    Runner after(handler);
    after.crash_after_checkpoint(1);
    after.crash_after_checkpoint(2);
    EXPECT_EQ(refusal_of([&] { after.run(); }),
              "crash_after_checkpoint(2) was not played: the execution is over, and made 1 checkpoint");
    Runner waiting([](Context& context, const Json&) { context.wait("w", 1h); });
    waiting.crash_before_checkpoint(2);
    EXPECT_EQ(waiting.start(), ExecutionStatus::running) << "it may still come";
}

TEST(Runner, RefusesNamesOfFunctionsAsTheServerDoes) {
    Runner runner([](Context& context, const Json&) {
        try {
            return context.invoke<int>("call", "not a name!!", 1);
        } catch (const InvokeError&) {
            return 0;
        }
    });
    ASSERT_EQ(runner.run(), ExecutionStatus::failed);
    EXPECT_EQ(runner.error()->type, "CheckpointError");
    EXPECT_THAT(runner.error()->message, HasSubstr("Value 'not a name!!' at 'functionName' failed to satisfy"));
}

TEST(Runner, CheckpointIsRefused) {
    const auto handler = [](Context& context, const Json&) { return context.step("s", [] { return 1; }); };
    Runner busy(handler);
    busy.fail_checkpoint(1, "TooManyRequestsException", "Rate Exceeded.", 429);
    EXPECT_EQ(busy.run(), ExecutionStatus::succeeded);
    Runner refused(handler);
    refused.fail_checkpoint(1, "InvalidParameterValueException", "STEP output payload size is too large.");
    EXPECT_EQ(refused.run(), ExecutionStatus::failed);
    EXPECT_THAT(refused.error()->message, HasSubstr("too large"));
}

TEST(Runner, NewCodeGoesOnFromOldRecords) {
    Runner runner([](Context& context, const Json&) {
        context.step("a", [] { return 1; });
        context.wait("pause", 1h);
        return std::string("old");
    });
    runner.start();
    runner.deploy([](Context& context, const Json&) {
        const int a = context.step("a", [] { return 2; });
        context.wait("pause", 1h);
        return "new " + std::to_string(a);
    });
    runner.run_on();
    EXPECT_EQ(runner.result<std::string>(), "new 1");
}

TEST(Runner, ExecutionEndsByTimeoutOrByHand) {
    const auto handler = [](Context& context, const Json&) { context.wait("long", 24h); };
    Runner timed_out(handler, {.execution_timeout = 1h});
    EXPECT_EQ(timed_out.run(), ExecutionStatus::timed_out);
    EXPECT_EQ(timed_out.now(), RunnerOptions().started_at + 1h);
    Runner stopped(handler);
    stopped.start();
    stopped.stop("no more");
    EXPECT_EQ(stopped.status(), ExecutionStatus::stopped);
    EXPECT_EQ(stopped.error()->message, "no more");
    EXPECT_EQ(refusal_of([&] { (void)stopped.result<int>(); }),
              "there is no result: the execution is STOPPED: no more");
}

TEST(Runner, MaxOperationsEndsAnExecution) {
    Runner runner(
        [](Context& context, const Json&) {
            for (int i = 0; i < 20; ++i) context.step("s", [] {});
        },
        {.max_operations = 10});
    EXPECT_EQ(runner.run(), ExecutionStatus::failed);
}

TEST(Runner, PagesOfOperationsMakeNoDifference) {
    int runs = 0;
    Runner runner([&](Context& context, const Json&) {
        int sum = 0;
        for (int i = 0; i < 7; ++i) sum += context.step("s", [&] { return ++runs; });
        context.wait("pause", 1s);
        return sum;
    });
    runner.set_page_size(2);
    EXPECT_EQ(runner.run(), ExecutionStatus::succeeded);
    EXPECT_EQ(runner.result<int>(), 28);
    EXPECT_EQ(runs, 7);
}

TEST(Runner, SaysWhatWasAskedForWrongly) {
    Runner runner(ask);
    EXPECT_EQ(refusal_of([&] { (void)runner.status(); }), "the execution was not started: call start or run first");
    runner.run();
    EXPECT_EQ(refusal_of([&] { runner.complete_callback("frist", 1); }),
              "no callback \"frist\" is open; open are: first-callback");
    EXPECT_EQ(refusal_of([&] { runner.start(); }), "a Runner has one execution, and it was started already");
    EXPECT_EQ(refusal_of([&] { (void)runner.operation("none"); }),
              "no operation \"none\"; there are: first, first-callback, first-submitter");
    EXPECT_EQ(refusal_of([&] { (void)runner.result<int>(); }), "there is no result: the execution is RUNNING");
}

TEST(Runner, RefusesTimesThatNoClockCanTell) {
    constexpr auto kMost = std::chrono::milliseconds::max();
    const std::string expected = ": expected 0 to 31622400000000 ms, a thousand years; found ";
    Runner runner(ask);
    EXPECT_EQ(refusal_of([&] { runner.fake_function("f", [](int n) { return n; }, kMost); }),
              "fake_function" + expected + "9223372036854775807 ms");
    runner.run();
    EXPECT_EQ(refusal_of([&] { runner.advance(kMost); }), "advance" + expected + "9223372036854775807 ms");
    EXPECT_EQ(refusal_of([&] { runner.advance(-1ms); }), "advance" + expected + "-1 ms");
    EXPECT_EQ(runner.now(), RunnerOptions().started_at);
    EXPECT_EQ(runner.status(), ExecutionStatus::running);
}

TEST(Runner, RefusesAnEventThatTheServiceWouldNotTake) {
    const auto size = [](Context&, const std::string& text) { return text.size(); };
    Runner runner(size);
    EXPECT_EQ(
        refusal_of([&] { runner.run(std::string(1024UL * 1024 - 1, 'x')); }),
        "start: expected an event of at most 1048576 bytes of JSON, as with --invocation-type Event; found 1048577");
    EXPECT_EQ(runner.run(std::string(1024UL * 1024 - 2, 'x')), ExecutionStatus::succeeded);
}

TEST(Runner, PlaysAnExecutionOfATenant) {
    const auto tenant = [](Context& context, const Json&) {
        return context.run_in_child_context("child", [](Context& child) { return child.tenant_id(); });
    };
    Runner isolated(tenant, {.tenant_id = "acme"});
    isolated.run();
    EXPECT_EQ(isolated.result<std::string>(), "acme");
    Runner shared(tenant);
    shared.run();
    EXPECT_EQ(shared.result<std::string>(), "");
}

TEST(Runner, RefusesTextThatIsNone) {
    Runner runner(ask);
    runner.run();
    EXPECT_EQ(refusal_of([&] { runner.stop("no \xff"); }), "stop: expected UTF-8, found 'no \xef\xbf\xbd'");
    EXPECT_EQ(runner.status(), ExecutionStatus::running);
    EXPECT_EQ(refusal_of([&] {
                  runner.fail_callback("first-callback", {.type = "T", .message = "no \xff", .data = {}, .stack = {}});
              }),
              "");
}

}  // namespace
}  // namespace durable::testing
