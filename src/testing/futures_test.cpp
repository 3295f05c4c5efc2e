// Futures: operations beside each other, what waits for what, and what becomes of those that nobody waits for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "testing/local_service.hpp"

namespace durable::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

TEST(Futures, StepsRunBesideEachOther) {
    LocalService runner([](Context& context, Json) {
        std::latch both(2);  // would never open if one ran after the other
        auto first = context.step_async("first", [&] {
            both.arrive_and_wait();
            return 1;
        });
        auto second = context.step_async("second", [&] {
            both.arrive_and_wait();
            return 2;
        });
        return (first.get() * 10) + second.get();
    });
    runner.start();
    EXPECT_EQ(runner.result(), "12");
    EXPECT_EQ(runner.invocations(), 1);
}

TEST(Futures, AskedAgainTheyAnswerAgain) {
    LocalService runner([](Context& context, Json) {
        const auto future = context.step_async("s", [] { return std::string("x"); });
        return future.get() + future.get();
    });
    runner.start();
    EXPECT_EQ(runner.result(), "\"xx\"");
}

TEST(Futures, ThrowWhatTheOperationThrows) {
    LocalService runner([](Context& context, Json) {
        auto step = context.step_async("s", []() -> int { throw Error("Broken", "no"); }, {.retry = retry::none()});
        auto child = context.run_in_child_context_async("c", [](Context&) -> int { throw Error("Bad", "child"); });
        std::string seen;
        try {
            (void)step.get();
        } catch (const StepError& error) {
            seen += error.info().type;
        }
        try {
            (void)child.get();
        } catch (const ChildContextError& error) {
            seen += error.info().type;
        }
        return seen;
    });
    runner.start();
    EXPECT_EQ(runner.result(), "\"BrokenBad\"");
}

TEST(Futures, WaitsRunBesideEachOther) {
    LocalService runner([](Context& context, Json) {
        auto hour = context.wait_async("hour", 1h);
        auto half = context.wait_async("half", 30min);
        hour.get();
        half.get();
        return 1;
    });
    runner.start();
    runner.advance(59min);
    EXPECT_TRUE(runner.is_running());
    runner.advance(1min);
    EXPECT_EQ(runner.result(), "1");
}

TEST(Futures, RunningWorkIsNotLeftForAWait) {
    std::atomic<int> runs = 0;
    LocalService runner([&](Context& context, Json) {
        return context
            .run_in_child_context_async("branch",
                                        [&](Context& branch) {
                                            auto step = branch.step_async("slow", [&] {
                                                ++runs;
                                                std::this_thread::yield();
                                                return 5;
                                            });
                                            branch.wait("pause", 1s);
                                            return step.get();
                                        })
            .get();
    });
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.result(), "5");
    EXPECT_EQ(runs, 1);
}

TEST(Futures, TheHandlerWaitsInPlaceWhileOthersRun) {
    int handler_runs = 0;
    LocalService runner([&](Context& context, Json) {
        ++handler_runs;
        std::atomic<bool> done = false;
        auto slow = context.step_async("slow", [&] {
            while (!done) std::this_thread::yield();
            return 1;
        });
        auto callback = context.create_callback<int>("answer");
        done = true;
        return slow.get();
    });
    runner.start();
    EXPECT_EQ(runner.result(), "1");
    EXPECT_EQ(handler_runs, 1);
}

TEST(Futures, OneThatGoesAwayIsAbandonedAndItsBodyIsOver) {
    std::atomic<bool> body_is_over = false;
    bool over_in_time = false;
    LocalService runner([&](Context& context, Json) {
        {
            std::latch started(1);
            const auto future = context.step_async("abandoned", [&](StepContext& step) {
                started.count_down();
                while (!step.stop_token().stop_requested()) std::this_thread::yield();
                body_is_over = true;
            });
            started.wait();
        }
        over_in_time = body_is_over;
        context.step("next", [] {});
    });
    runner.start();
    EXPECT_FALSE(runner.is_running());
    EXPECT_TRUE(over_in_time);
    EXPECT_THAT(runner.history(), ElementsAre("ExecutionStarted", "StepStarted", "StepStarted", "StepSucceeded",
                                              "InvocationCompleted", "ExecutionSucceeded"));
}

// It waited for itself, for ever.
TEST(Futures, OneMayGoAwayInItsOwnBodyAndInWhatThatHasBegun) {
    std::optional<Future<void>> own;
    std::optional<Future<void>> outer;
    std::latch made(1);
    std::atomic<bool> went_on = false;
    LocalService runner([&](Context& context, Json) {
        std::latch gone(2);
        own = context.step_async("own", [&, held = std::make_shared<int>(7)] {
            made.wait();
            own.reset();
            EXPECT_EQ(*held, 7) << "what the body captured is there as long as it runs";
            gone.count_down();
        });
        outer = context.run_in_child_context_async("outer", [&](Context& child) {
            child
                .step_async("inner",
                            [&] {
                                made.wait();
                                outer.reset();
                                gone.count_down();
                            })
                .get();
            went_on = true;
        });
        made.count_down();
        gone.wait();
    });
    runner.start();
    EXPECT_EQ(runner.error_message(), "");
    EXPECT_FALSE(runner.is_running());
    EXPECT_FALSE(went_on);
}

/// Whether the step is told to leave; it leaves by itself when it never is.
bool is_told_to_leave(const StepContext& step) {
    for (int i = 0; i < 1'000'000 && !step.stop_token().stop_requested(); ++i) std::this_thread::yield();
    return step.stop_token().stop_requested();
}

TEST(Futures, OneThatGoesAwayTellsWhatItsBodyHasBegun) {
    std::atomic<bool> was_told = false;
    LocalService runner([&](Context& context, Json) {
        std::latch begun(1);
        const auto child = context.run_in_child_context_async("child", [&](Context& body) {
            body.map("m", std::vector<int>(1), [&](Context& item, int) {
                item.step("long", [&](StepContext& step) {
                    begun.count_down();
                    was_told = is_told_to_leave(step);
                });
            });
        });
        begun.wait();
    });
    runner.start();
    EXPECT_TRUE(was_told);
}

TEST(Futures, BranchesOfAMapThatIsOverTellWhatTheyHaveBegun) {
    std::atomic<bool> was_told = false;
    LocalService runner(
        [&](Context& context, Json) {
            std::latch begun(1);
            const auto has_begun_something = [&](Context& branch) {
                const auto inner = branch.step_async("long", [&](StepContext& step) {
                    begun.count_down();
                    was_told = is_told_to_leave(step);
                    return 1;
                });
                return inner.get();
            };
            const auto wins = [&](Context&) {
                begun.wait();
                return 2;
            };
            (void)context.parallel<int>("p", {wins, has_begun_something},
                                        {.completion = Completion::first_successful()});
        },
        {.threads = 1});
    runner.start();
    EXPECT_TRUE(was_told);
}

TEST(Futures, WhatABodyThatNeverBeganHasCapturedMayBeAFuture) {
    LocalService runner(
        [](Context& context, Json) {
            std::atomic<bool> is_busy = false;
            std::atomic<bool> may_end = false;
            std::atomic<bool> was_passed = false;
            const auto busy = context.step_async("busy", [&] {
                is_busy = true;
                while (!may_end) std::this_thread::yield();
            });
            while (!is_busy) std::this_thread::yield();
            auto captured = std::make_shared<Future<int>>(context.step_async("captured", [] { return 1; }));
            // Given up before the only thread could take it.
            (void)context.step_async("given up", [captured] { return captured != nullptr; });
            captured.reset();
            const auto next = context.step_async("next", [&] { was_passed = true; });
            may_end = true;
            while (!was_passed) std::this_thread::yield();
        },
        {.threads = 1});
    runner.start();
    EXPECT_EQ(runner.error_message(), "");
    EXPECT_FALSE(runner.is_running());
}

/// What an operation comes to whose bodies wait for a second, which passes while the invocation goes on.
std::string going_on(const std::function<int(Context&)>& body) {
    LocalService runner([&](Context& context, Json) { return body(context); });
    runner.after_checkpoint = [&](int) { runner.advance(1s); };
    runner.start();
    EXPECT_EQ(runner.invocations(), 1);
    return runner.result() + runner.error_message();
}

TEST(Futures, GoOnInTheInvocationThatBeganThem) {
    const auto waits = [](Context& context) {
        context.wait("pause", 1s);
        return 1;
    };
    EXPECT_EQ(going_on([&](Context& context) { return context.run_in_child_context_async("c", waits).get(); }), "1");
    EXPECT_EQ(going_on([&](Context& context) {
                  const std::vector<int> items(2);
                  const auto map = context.map_async("m", items, [&](Context& item, int) { return waits(item); });
                  return static_cast<int>(map.get().success_count());
              }),
              "2");
    EXPECT_EQ(going_on([&](Context& context) {
                  const auto parallel = context.parallel_async<int>("p", {waits, waits});
                  return static_cast<int>(parallel.get().success_count());
              }),
              "2");
    EXPECT_EQ(going_on([&](Context& context) {
                  const auto child = context.run_in_child_context_async("c", [&](Context& body) {
                      const auto one = body.run_in_child_context_async("one", waits);
                      const auto two = body.run_in_child_context_async("two", waits);
                      const auto [first, second] = body.all("all", one, two);
                      return first + second;
                  });
                  return child.get();
              }),
              "2");
}

TEST(Futures, AnIdleThreadIsWoken) {
    LocalService runner(
        [](Context& context, Json) {
            for (int i = 0; i < 10; ++i) {
                std::atomic<bool> has_run = false;
                const auto future = context.step_async("s", [&] { has_run = true; });
                while (!has_run) std::this_thread::yield();
                future.get();
            }
        },
        {.threads = 1});
    runner.start();
    EXPECT_EQ(runner.error_message(), "");
}

// What a branch waits for may come while it leaves its thread, before what it queued was sent: going on at once, it
// would find no record of that, and do it again.
TEST(Futures, BranchesGoOnWhenWhatTheyDidIsRecorded) {
    std::atomic<bool> step_is_over = false;
    std::atomic<bool> is_under_way = false;  // a checkpoint without what the other branch does then
    std::atomic<bool> leaves = false;
    std::atomic<bool> is_answered = false;
    struct AtLeaving {
        std::atomic<bool>& leaves;
        std::atomic<bool>& is_answered;
        ~AtLeaving() {
            leaves = true;
            while (!is_answered) std::this_thread::yield();
        }
    };
    LocalService runner(
        [&](Context& context, Json) {
            const auto callback = context.create_callback<int>("answer");
            const auto waits = [&](Context& branch) {
                while (!is_under_way) std::this_thread::yield();
                branch.run_in_child_context("done", [](Context&) {});
                const AtLeaving guard{leaves, is_answered};
                return callback.result();
            };
            const auto sends = [&](Context& branch) {
                branch.step("s", [&] { step_is_over = true; });
                is_answered = true;
                return 0;
            };
            return context.parallel<int>("p", {waits, sends}).success_count();
        },
        {.threads = 2});
    runner.before_checkpoint = [&](int) -> std::optional<holdpoint::Error> {
        if (!step_is_over || is_under_way.exchange(true)) return std::nullopt;
        while (!leaves) std::this_thread::yield();
        runner.succeed_callback("answer", "7");
        return std::nullopt;
    };
    runner.start();
    EXPECT_EQ(runner.error_message(), "");
    EXPECT_EQ(runner.result(), "2");
    EXPECT_EQ(runner.invocations(), 1);
}

TEST(Futures, OfAnotherContextAreRefused) {
    LocalService runner([](Context& context, Json) {
        const auto future = context.step_async("s", [] { return 1; });
        context.run_in_child_context("child", [&](Context&) { return future.get(); });
    });
    runner.start();
    EXPECT_EQ(runner.error_type(), "ValidationError");
    EXPECT_THAT(runner.error_message(), HasSubstr("was not given"));
}

TEST(Futures, ContextOfTheParentIsRefusedInAChild) {
    LocalService runner([](Context& context, Json) {
        context.run_in_child_context("child", [&](Context&) { context.step("wrong", [] {}); });
    });
    runner.start();
    EXPECT_EQ(runner.error_type(), "ValidationError");
    EXPECT_THAT(runner.error_message(),
                HasSubstr("Step 'wrong' was called on a context that the running body was not"));
}

TEST(Combinators, AllAnswersATuple) {
    LocalService runner([](Context& context, Json) {
        auto number = context.step_async("n", [] { return 1; });
        auto text = context.step_async("t", [] { return std::string("x"); });
        auto nothing = context.wait_async("w", 1s);
        const auto [n, t, w] = context.all("both", number, text, nothing);
        return t + std::to_string(n);
    });
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.result(), "\"x1\"");
}

TEST(Combinators, AllThrowsTheFirstFailureWithoutWaitingForTheRest) {
    LocalService runner([](Context& context, Json) {
        std::vector<Future<void>> futures;
        futures.push_back(context.wait_async("a day", 24h));
        futures.push_back(context.step_async("fails", [] { throw Error("Broken", "no"); }, {.retry = retry::none()}));
        try {
            (void)context.all("all", futures);
        } catch (const StepError& error) {
            return error.info().type;
        }
        return std::string("nothing thrown");
    });
    runner.start();
    EXPECT_EQ(runner.result(), "\"Broken\"");
}

TEST(Combinators, AllSettledTellsOfEach) {
    LocalService runner([](Context& context, Json) {
        auto good = context.step_async("good", [] { return 1; });
        auto bad = context.step_async("bad", []() -> int { throw Error("Broken", "no"); }, {.retry = retry::none()});
        context.wait("pause", 1s);  // so that the rest is replayed
        const auto [a, b] = context.all_settled("settled", good, bad);
        context.wait("pause", 1s);
        return std::to_string(*a.value) + b.error->type;
    });
    runner.start();
    runner.advance(2s);
    EXPECT_EQ(runner.result(), "\"1Broken\"");
}

TEST(Combinators, RaceKeepsItsWinnerOnReplay) {
    std::vector<std::size_t> winners;
    LocalService runner([&](Context& context, Json) {
        auto approval = context.create_callback<std::string>("approval");
        auto answer = approval.result_async();
        auto late = context.wait_async("late", 1h);
        winners.push_back(context.select("first", answer, late));
        context.wait("a day", 24h);  // by then the other is over, too
        winners.push_back(context.select("again", answer, late));
        return 1;
    });
    runner.start();
    runner.advance(1h);
    runner.succeed_callback("approval", "\"yes\"");
    runner.advance(24h);
    EXPECT_EQ(runner.result(), "1");
    EXPECT_THAT(winners, ElementsAre(1, 1, 1, 0)) << "at first, on replays, and when both were over";
}

TEST(Combinators, LoserOfARaceDoesNotHoldTheExecution) {
    LocalService runner([](Context& context, Json) {
        auto fast = context.step_async("fast", [] { return 1; });
        auto slow = context.run_in_child_context_async("slow", [](Context& child) {
            child.wait("a year", 24h * 365);
            return 2;
        });
        return context.race("race", slow, fast);
    });
    runner.start();
    EXPECT_EQ(runner.result(), "1");
}

TEST(Combinators, RaceThrowsWhenTheFirstFailed) {
    LocalService runner([](Context& context, Json) {
        auto bad = context.step_async("bad", []() -> int { throw Error("Broken", "no"); }, {.retry = retry::none()});
        auto callback = context.create_callback<int>("never");
        auto never = callback.result_async();
        return context.race("race", bad, never);
    });
    runner.start();
    EXPECT_EQ(runner.error_type(), "Broken");
}

TEST(Combinators, AnySkipsFailures) {
    LocalService runner([](Context& context, Json) {
        auto bad = context.step_async("bad", []() -> int { throw Error("Broken", "no"); }, {.retry = retry::none()});
        auto good = context.run_in_child_context_async("good", [](Context& child) {
            child.wait("pause", 1s);
            return 7;
        });
        return context.any("any", bad, good);
    });
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.result(), "7");
}

TEST(Combinators, AnyOfFailuresIsACombinatorError) {
    LocalService runner([](Context& context, Json) {
        std::vector<Future<int>> futures;
        for (int i = 0; i < 3; ++i) {
            futures.push_back(
                context.step_async("bad", []() -> int { throw Error("Broken", "no"); }, {.retry = retry::none()}));
        }
        return context.any("any", futures);
    });
    runner.start();
    EXPECT_EQ(runner.error_type(), "CombinatorError");
}

TEST(Futures, RetryOfOneGoesOnWhileAnotherWaits) {
    std::atomic<int> attempts = 0;
    LocalService runner([&](Context& context, Json) {
        auto flaky = context.step_async("flaky",
                                        [&] {
                                            if (++attempts < 3) throw Error("NotYet", "no");
                                            return attempts.load();
                                        },
                                        {.retry = retry::fixed({.pause = 10s})});
        context.wait("pause", 15s);
        return flaky.get();
    });
    runner.start();
    runner.advance(1min);
    EXPECT_EQ(runner.result(), "3");
}

}  // namespace
}  // namespace durable::testing
