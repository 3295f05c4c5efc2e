// The SDK against the server's own state machine: replay, retries, suspension, crashes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/describe.hpp>
#include <thread>

#include "sdk/last_answer.hpp"
#include "testing/local_service.hpp"

namespace durable::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

enum class Color { red, green };
BOOST_DESCRIBE_ENUM(Color, red, green)

struct Order {
    std::string id;
    int amount = 0;
    std::optional<std::string> note;
    std::vector<Color> colors;
};
BOOST_DESCRIBE_STRUCT(Order, (), (id, amount, note, colors))

TEST(JsonMapping, RoundTripsAndNamesWhatIsWrong) {
    const auto order = from_json<Order>(Json::parse(R"({"id":"a","amount":3,"colors":["green"],"unknown":1})"));
    EXPECT_EQ(to_json(order).dump(), R"({"id":"a","amount":3,"colors":["green"]})");
    const auto problem = [](std::string_view text) {
        try {
            (void)from_json<Order>(Json::parse(text));
        } catch (const SerdesError& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    EXPECT_EQ(problem(R"({"id":"a","colors":[]})"), "$.amount is missing");
    EXPECT_EQ(problem(R"({"id":7,"amount":3,"colors":[]})"), "$.id: expected text, found a whole number");
    EXPECT_EQ(problem(R"({"id":"a","amount":3,"colors":["blue"]})"),
              "$.colors[0]: expected one of red, green, found text");
    EXPECT_EQ(problem(R"({"id":"a","amount":99999999999,"colors":[]})"),
              "$.amount: expected a whole number from -2147483648 to 2147483647, found 99999999999");
    EXPECT_THAT(problem("{"), HasSubstr("not JSON at byte"));
}

TEST(Sdk, StepsRunOnceAndAreAnsweredFromTheirRecords) {
    int first = 0;
    int second = 0;
    LocalService runner([&](Context& context, Json) {
        const int a = context.step("first", [&] { return ++first; });
        context.wait("pause", 1h);
        return a + context.step("second", [&] { return 10 * ++second; });
    });
    runner.start();
    EXPECT_TRUE(runner.is_running());
    runner.advance(59min);
    EXPECT_EQ(runner.invocations(), 1);
    runner.advance(1min);
    EXPECT_EQ(runner.result(), "11");
    EXPECT_EQ(first, 1);
    EXPECT_EQ(runner.invocations(), 2);
    EXPECT_THAT(runner.history(), ElementsAre("ExecutionStarted", "StepStarted", "StepSucceeded", "WaitStarted",
                                              "InvocationCompleted", "WaitSucceeded", "StepStarted", "StepSucceeded",
                                              "InvocationCompleted", "ExecutionSucceeded"));
}

TEST(Sdk, FailedStepIsTriedAgainThenGivesUp) {
    int runs = 0;
    LocalService runner([&](Context& context, Json) -> std::string {
        try {
            context.step("flaky",
                         [&](StepContext& step) {
                             EXPECT_EQ(step.attempt(), ++runs);
                             throw Error("NoLuck", "not this time");
                         },
                         {.retry = retry::fixed({.attempts = 3, .pause = 5s})});
        } catch (const StepError& error) {
            return error.info().type + ": " + error.what();
        }
        return "unreachable";
    });
    runner.start();
    runner.advance(10s);
    EXPECT_EQ(runs, 3);
    EXPECT_EQ(runner.result(), "\"NoLuck: not this time\"");
}

TEST(Sdk, UncaughtErrorsFailTheExecution) {
    LocalService runner([](Context& context, Json) { context.step("s", [] { throw 42; }, {.retry = retry::none()}); });
    runner.start();
    EXPECT_EQ(runner.error_type(), "Unknown");
    EXPECT_THAT(runner.error_message(), HasSubstr("no std::exception but int"));
    LocalService bad_input([](Context&, Order) { return 1; });
    bad_input.start(R"({"id":"a"})");
    EXPECT_EQ(bad_input.error_type(), "SerdesError");
}

TEST(Sdk, AtLeastOnceStepRunsAgainAfterACrash) {
    int runs = 0;
    LocalService runner([&](Context& context, Json) { return context.step("s", [&] { return ++runs; }); });
    runner.before_checkpoint = [](int number) -> std::optional<holdpoint::Error> {
        if (number == 1) throw Crash{};
        return std::nullopt;
    };
    runner.start();
    runner.advance(1min);
    EXPECT_EQ(runner.result(), "2");
}

TEST(Sdk, AtMostOnceStepDoesNotRunAgainAfterACrash) {
    int runs = 0;
    LocalService runner([&](Context& context, Json) -> std::string {
        try {
            context.step("s", [&] { ++runs; },
                         {.retry = retry::none(), .semantics = StepSemantics::at_most_once_per_retry});
        } catch (const StepInterruptedError&) {
            return "interrupted";
        }
        return "done";
    });
    runner.before_checkpoint = [](int number) -> std::optional<holdpoint::Error> {
        if (number == 2) throw Crash{};
        return std::nullopt;
    };
    runner.start();
    runner.advance(1min);
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(runner.result(), "\"interrupted\"");
    EXPECT_THAT(runner.history(), ElementsAre("ExecutionStarted", "StepStarted", "InvocationCompleted", "StepFailed",
                                              "InvocationCompleted", "ExecutionSucceeded"));
}

TEST(Sdk, LostAnswerOfACheckpointLosesNothing) {
    int runs = 0;
    LocalService runner([&](Context& context, Json) { return context.step("s", [&] { return ++runs; }); });
    runner.after_checkpoint = [](int number) {
        if (number == 1) throw Crash{};
    };
    runner.start();
    runner.advance(1min);
    EXPECT_EQ(runs, 1) << "it was recorded";
    EXPECT_EQ(runner.result(), "1");
}

Json wait_for_answer(Context& context, Json) {
    auto callback = context.create_callback<Json>("answer", {.timeout = 60s});
    EXPECT_FALSE(callback.id().empty());
    return callback.result();
}

TEST(Sdk, CallbackIsAnsweredFromOutside) {
    LocalService runner(wait_for_answer);
    runner.start();
    runner.succeed_callback("answer", R"({"ok":true})");
    EXPECT_EQ(runner.result(), R"({"ok":true})");
    EXPECT_EQ(runner.invocations(), 2);
}

TEST(Sdk, CallbackFailsOrTimesOut) {
    const auto handler = [](Context& context, Json) -> std::string {
        auto callback = context.create_callback<std::string>("answer", {.timeout = 60s});
        try {
            return callback.result();
        } catch (const CallbackTimeoutError& error) {
            return "late: " + error.info().type;
        } catch (const CallbackExternalError& error) {
            return "failed: " + error.info().type;
        }
    };
    LocalService late(handler);
    late.start();
    late.advance(60s);
    EXPECT_EQ(late.result(), "\"late: Callback.Timeout\"");
    LocalService failing(handler);
    failing.start();
    failing.fail_callback("answer", {.type = "Refused", .message = "no"});
    EXPECT_EQ(failing.result(), "\"failed: Refused\"");
}

TEST(Sdk, WaitForCallbackHandsTheIdOver) {
    std::string handed;
    LocalService runner([&](Context& context, Json) {
        return context.wait_for_callback<int>("ask", [&](const std::string& id) { handed = id; }, {.timeout = 60s});
    });
    runner.start();
    EXPECT_FALSE(handed.empty());
    runner.succeed_callback("ask-callback", "5");
    EXPECT_EQ(runner.result(), "5");
    EXPECT_THAT(runner.history(), ElementsAre("ExecutionStarted", "ContextStarted", "CallbackStarted", "StepStarted",
                                              "StepSucceeded", "InvocationCompleted", "CallbackSucceeded",
                                              "ContextSucceeded", "InvocationCompleted", "ExecutionSucceeded"));
}

TEST(Sdk, WaitForCallbackErrorsKeepTheirClassOnReplay) {
    LocalService runner([](Context& context, Json) -> std::string {
        std::string seen;
        try {
            context.wait_for_callback<void>("ask", [](const std::string&) {}, {.timeout = 60s});
        } catch (const CallbackTimeoutError& error) {
            seen = error.info().type;
        }
        context.wait("more", 10s);
        return seen;
    });
    runner.start();
    runner.advance(2min);
    EXPECT_EQ(runner.result(), "\"Callback.Timeout\"");
}

TEST(Sdk, ConditionIsPolledAsOneOperation) {
    int polls = 0;
    LocalService runner([&](Context& context, Json) {
        return context.wait_for_condition<int>("until 3",
                                               [&](int state) {
                                                   ++polls;
                                                   return state + 1;
                                               },
                                               {.initial_state = 0, .strategy = [](int state, int) -> WaitDecision {
                                                    return state < 3 ? WaitDecision(10s) : std::nullopt;
                                                }});
    });
    runner.start();
    runner.advance(20s);
    EXPECT_EQ(runner.result(), "3");
    EXPECT_EQ(polls, 3);
    EXPECT_EQ(runner.execution().operations().size(), 1U);
}

TEST(Sdk, ChildContextsGroupAndNest) {
    int runs = 0;
    LocalService runner([&](Context& context, Json) {
        const int sum = context.run_in_child_context("outer", [&](Context& outer) {
            const int a = outer.step("a", [&] { return ++runs; });
            return a + outer.run_in_child_context(
                           "inner", [&](Context& inner) { return inner.step("b", [&] { return 10 * ++runs; }); });
        });
        context.wait("pause", 1s);
        return sum;
    });
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.result(), "21");
    EXPECT_EQ(runs, 2);
}

TEST(Sdk, ErrorOfAChildContextIsTheSameOnReplay) {
    LocalService runner([](Context& context, Json) -> std::string {
        std::string seen;
        try {
            context.run_in_child_context("child", [](Context&) { throw Error("Odd", "why"); });
        } catch (const ChildContextError& error) {
            seen = error.info().type + " " + error.what();
        }
        context.wait("pause", 1s);
        return seen;
    });
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.result(), "\"Odd why\"");
}

TEST(Sdk, LargeChildResultsAreBuiltAgainFromTheirRecords) {
    int runs = 0;
    LocalService runner([&](Context& context, Json) {
        const auto text = context.run_in_child_context("large", [&](Context& child) {
            child.step("s", [&] { return ++runs; });
            return std::string(300 * 1024, 'x');
        });
        context.wait("pause", 1s);
        return text.size();
    });
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.result(), std::to_string(300 * 1024));
    EXPECT_EQ(runs, 1);
}

TEST(Sdk, LargeResultsAreRecordedByCheckpoint) {
    LocalService runner([](Context&, Json) { return std::string(6 * 1024 * 1024 + 10, 'x'); });
    runner.limits.async_result_bytes = 8 * 1024 * 1024;
    runner.start();
    EXPECT_EQ(runner.result().size(), 6U * 1024 * 1024 + 12);
}

TEST(Sdk, StateComesInPages) {
    LocalService runner([](Context& context, Json) {
        int sum = 0;
        for (int i = 0; i < 20; ++i) sum += context.step("s" + std::to_string(i), [] { return 1; });
        context.wait("pause", 1s);
        return sum;
    });
    runner.page_size = 3;
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.result(), "20");
}

TEST(Sdk, ChangedCodeIsFoundOut) {
    LocalService runner([](Context& context, Json) {
        context.step("old name", [] { return 1; });
        context.wait("pause", 1s);
    });
    runner.start();
    runner.deploy([](Context& context, Json) { context.step("new name", [] { return 1; }); });
    runner.advance(1s);
    EXPECT_EQ(runner.error_type(), "NonDeterministicExecutionError");
    EXPECT_THAT(runner.error_message(),
                HasSubstr("was STEP (Step) 'old name' when it was recorded, but the code now comes "
                          "to STEP (Step) 'new name'"));
}

TEST(Suspension, SwallowedIsStillPending) {
    int after = 0;
    LocalService runner([&](Context& context, Json) {
        try {
            context.wait("pause", 1h);
        } catch (...) {
        }
        ++after;
        try {
            context.step("never", [&] { ADD_FAILURE() << "ran although the handler waits"; });
        } catch (...) {
        }
        return 1;
    });
    runner.start();
    EXPECT_EQ(after, 1);
    EXPECT_TRUE(runner.is_running());
}

TEST(Suspension, SwallowedInALoopEndsTheInvocation) {
    struct Ended {};
    detail::set_last_answer_hook([](const detail::ExecutionState&) { throw Ended{}; });
    int turns = 0;
    const auto handler = [&](Context& context, Json) {
        while (true) {
            try {
                ++turns;
                context.wait("pause", 1h);
            } catch (const Ended&) {
                return;
            } catch (...) {
            }
        }
    };
    LocalService runner(handler);
    runner.start();
    EXPECT_EQ(turns, 102);
    EXPECT_TRUE(runner.is_running());
    detail::set_last_answer_hook({});
}

TEST(Suspension, DestructorsRun) {
    int destroyed = 0;
    struct Guard {
        int& count;
        ~Guard() { ++count; }
    };
    LocalService runner([&](Context& context, Json) {
        const Guard guard{destroyed};
        context.wait("pause", 1h);
    });
    runner.start();
    EXPECT_EQ(destroyed, 1);
}

TEST(Suspension, IsNoStdException) {
    LocalService runner([](Context& context, Json) {
        try {
            context.wait("pause", 1s);
        } catch (const std::exception&) {
            ADD_FAILURE();
        }
        return 7;
    });
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.result(), "7");
}

TEST(Misuse, OperationInADestructorDuringUnwindingIsRefused) {
    struct Careful {
        Context& context;
        ~Careful() {
            try {
                context.step("clean up", [] { return 1; });
            } catch (...) {
            }
        }
    };
    LocalService runner([](Context& context, Json) {
        const Careful careful{context};
        context.wait("pause", 1h);
    });
    runner.start();
    EXPECT_EQ(runner.error_type(), "ValidationError");
    EXPECT_THAT(runner.error_message(), HasSubstr("in a destructor while an exception was on its way"));
}

TEST(Misuse, OperationOnAForeignThreadIsRefused) {
    LocalService runner([](Context& context, Json) {
        std::thread([&] {
            try {
                context.step("elsewhere", [] { return 1; });
            } catch (const ValidationError&) {
            }
        }).join();
        return 1;
    });
    runner.start();
    EXPECT_THAT(runner.error_message(), HasSubstr("on a thread of its own"));
}

TEST(Misuse, OperationInsideAStepIsRefused) {
    LocalService runner([](Context& context, Json) { context.step("outer", [&] { context.wait("inner", 1s); }); });
    runner.start();
    EXPECT_EQ(runner.error_type(), "ValidationError");
    EXPECT_THAT(runner.error_message(), HasSubstr("in the body of the step 'outer'"));
}

TEST(Misuse, WaitsHaveLimits) {
    LocalService runner([](Context& context, Json) { context.wait("none", 0s); });
    runner.start();
    EXPECT_THAT(runner.error_message(), HasSubstr("a wait lasts 1 to 31622400 seconds"));
}

TEST(Checkpoints, RefusalFailsTheExecutionAlsoWhenCaught) {
    LocalService runner([](Context& context, Json) {
        try {
            context.step("large", [] { return std::string(2 * 1024 * 1024, 'x'); });
        } catch (...) {
        }
        return 1;
    });
    runner.start();
    EXPECT_EQ(runner.error_type(), "CheckpointError");
    EXPECT_THAT(runner.error_message(),
                HasSubstr("STEP output payload size must be less than or equal to 1048576 bytes."));
}

TEST(Checkpoints, WhatMayPassIsTriedAgainByTheService) {
    int runs = 0;
    for (const auto& error :
         {holdpoint::Error{"ServiceException", 500, "down", {}},
          holdpoint::Error{"TooManyRequestsException", 429, "slow down", {}},
          holdpoint::Error{"InvalidParameterValueException", 400, "Invalid Checkpoint Token: x", {}},
          holdpoint::Error{"TransportError", 0, "cut off", {}}}) {
        LocalService runner([&](Context& context, Json) { return context.step("s", [&] { return ++runs; }); });
        runner.before_checkpoint = [&](int number) { return number == 1 ? std::optional(error) : std::nullopt; };
        runner.start();
        EXPECT_TRUE(runner.is_running()) << error.name;
        runner.advance(1min);
        EXPECT_EQ(runner.execution().head().status, holdpoint::wire::ExecutionStatus::succeeded) << error.name;
    }
}

TEST(Checkpoints, AnswerWithoutTokenSuspends) {
    LocalService runner([](Context& context, Json) {
        context.step("a", [] { return 1; });
        context.step("b", [] { return 2; });
    });
    runner.withhold_token_at = 1;
    runner.start();
    EXPECT_TRUE(runner.is_running());
    EXPECT_EQ(runner.checkpoints(), 1);
}

TEST(Checkpoints, StartRidesWithTheOutcome) {
    LocalService runner([](Context& context, Json) {
        for (int i = 0; i < 5; ++i) context.step("s", [] { return 1; });
    });
    runner.start();
    EXPECT_EQ(runner.checkpoints(), 5);
}

}  // namespace
}  // namespace durable::testing
