// Suspension: it reaches the end of the invocation whatever the code between makes of it, and nothing outlives it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>

#include "sdk/execution_state.hpp"
#include "sdk/invocation.hpp"
#include "sdk/last_answer.hpp"
#include "testing/local_service.hpp"
#include "wire/durable_json.hpp"

namespace durable::testing {
namespace {

namespace wire = holdpoint::wire;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

int careless_wait(Context& context) {
    try {
        context.wait("pause", 1h);
    } catch (...) {
        return 0;  // a result that must not become the body's
    }
    return 1;
}

/// How a handler ends whose bodies swallow; nothing of it may be recorded as over before the wait is.
std::string outcome_of(const std::function<int(Context&)>& body) {
    LocalService runner([&](Context& context, Json) { return body(context); }, {.threads = 2});
    runner.start();
    EXPECT_TRUE(runner.is_running());
    EXPECT_THAT(runner.history(), Not(Contains("ContextSucceeded")));
    EXPECT_THAT(runner.history(), Not(Contains("ContextFailed")));
    runner.advance(1h);
    return runner.result() + runner.error_message();
}

TEST(Suspension, SwallowedInAnyBodyIsNotItsResult) {
    EXPECT_EQ(outcome_of(careless_wait), "1");
    EXPECT_EQ(outcome_of([](Context& context) { return context.run_in_child_context("c", careless_wait); }), "1");
    EXPECT_EQ(outcome_of([](Context& context) {
                  return context.run_in_child_context("c", careless_wait, {.is_virtual = true});
              }),
              "1");
    EXPECT_EQ(outcome_of([](Context& context) {
                  return context.with_retry("r", [](Context& child, int) { return careless_wait(child); });
              }),
              "1");
    EXPECT_EQ(outcome_of([](Context& context) { return context.run_in_child_context_async("c", careless_wait).get(); }),
              "1");
    EXPECT_EQ(outcome_of([](Context& context) {
                  return context.parallel<int>("p", {careless_wait, careless_wait}).results().at(1);
              }),
              "1");
    for (const Nesting nesting : {Nesting::nested, Nesting::flat}) {
        EXPECT_EQ(outcome_of([&](Context& context) {
                      const auto items =
                          context.map("m", std::vector<int>(3), [](Context& item, int) { return careless_wait(item); },
                                      {.nesting = nesting});
                      return items.results().at(2);
                  }),
                  "1");
    }
}

/// Says on stderr what the invocation answers when its process ends before its handler does.
void tell_last_answer() {
    detail::set_last_answer_hook([](const detail::ExecutionState& state) {
        const auto answer = std::get<wire::InvocationOutput>(detail::answer_so_far(state));
        std::fprintf(stderr, "answered %s %s\n", std::string(wire::to_string(answer.status)).c_str(),
                     answer.error ? answer.error->type.value_or("").c_str() : "");
    });
}

/// Calls an operation until the process is ended.
void never_leaves(const std::function<void()>& operation) {
    for (int turns = 0; turns < 1000; ++turns) {
        try {
            operation();
        } catch (...) {
        }
    }
    ADD_FAILURE() << "the process was not ended";
}

TEST(SuspensionDeathTest, SwallowedAHundredTimesIsAnsweredPendingAndEndsTheProcess) {
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    const auto forever = [] {
        tell_last_answer();
        LocalService runner([](Context& context, Json) { never_leaves([&] { context.wait("pause", 1h); }); });
        runner.start();
    };
    EXPECT_EXIT(forever(), ::testing::ExitedWithCode(0), "caught 100 times.*\n.*answered PENDING");
}

// A test that ended with status 0 here would have passed without having looked at anything.
TEST(SuspensionDeathTest, SwallowedAHundredTimesWhereNobodyIsAnsweredIsAFailure) {
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    const auto forever = [] {
        LocalService runner([](Context& context, Json) { never_leaves([&] { context.wait("pause", 1h); }); });
        runner.start();
    };
    EXPECT_EXIT(forever(), ::testing::ExitedWithCode(1), "caught 100 times");
}

TEST(SuspensionDeathTest, SwallowedAHundredTimesInABranchEndsTheProcessToo) {
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    const auto forever = [] {
        tell_last_answer();
        LocalService runner([](Context& context, Json) {
            (void)context.parallel<int>("p", {[](Context&) { return 1; },
                                              [](Context& branch) {
                                                  never_leaves([&] { branch.wait("pause", 1h); });
                                                  return 2;
                                              }});
        });
        runner.start();
    };
    EXPECT_EXIT(forever(), ::testing::ExitedWithCode(0), "caught 100 times.*\n.*answered PENDING");
}

// Nothing waits at the service then: PENDING would be refused with words that help nobody.
TEST(SuspensionDeathTest, AnAbandonedBranchThatNeverLeavesFailsTheExecution) {
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    const auto forever = [] {
        tell_last_answer();
        LocalService runner([](Context& context, Json) {
            std::atomic<bool> has_begun = false;
            const auto until_nobody_waits = [&](StepContext& step) {
                has_begun = true;
                while (!step.stop_token().stop_requested()) std::this_thread::yield();
            };
            const auto once_it_has_begun = [&](StepContext&) {
                while (!has_begun) std::this_thread::yield();
                return 2;
            };
            (void)context.parallel<int>("p",
                                        {[&](Context& branch) {
                                             never_leaves([&] { branch.step("s", until_nobody_waits); });
                                             return 1;
                                         },
                                         [&](Context& branch) { return branch.step("t", once_it_has_begun); }},
                                        {.completion = Completion::first_successful()});
        });
        runner.start();
    };
    EXPECT_EXIT(forever(), ::testing::ExitedWithCode(0), "caught 100 times.*\n.*answered FAILED ValidationError");
}

/// Why an operation is refused on a thread of the author's; nothing may be recorded.
std::string refusal_elsewhere(const std::function<void(Context&, const Callback<int>&, const Future<void>&)>& call) {
    LocalService runner([&](Context& context, Json) {
        const auto callback = context.create_callback<int>("asked");
        const auto future = context.wait_async("pause", 1h);
        std::thread([&] {
            try {
                call(context, callback, future);
                ADD_FAILURE() << "it was not refused";
            } catch (const ValidationError&) {
            }
        }).join();
    });
    runner.start();
    EXPECT_EQ(runner.execution().operations().size(), 2U) << "the callback and the wait";
    EXPECT_EQ(runner.error_type(), "ValidationError");
    return runner.error_message();
}

TEST(Misuse, EveryOperationIsRefusedOnAForeignThread) {
    using Call = std::function<void(Context&, const Callback<int>&, const Future<void>&)>;
    const std::vector<int> items(2);
    const Call calls[] = {
        [](Context& c, auto&, auto&) { c.step("s", [] {}); },
        [](Context& c, auto&, auto&) { (void)c.step_async("s", [] {}); },
        [](Context& c, auto&, auto&) { c.wait("w", 1s); },
        [](Context& c, auto&, auto&) { (void)c.wait_async("w", 1s); },
        [](Context& c, auto&, auto&) { (void)c.create_callback<int>("c"); },
        [](Context& c, auto&, auto&) { c.wait_for_callback<int>("c", [](const std::string&) {}); },
        [](Context& c, auto&, auto&) { (void)c.invoke<int>("i", "f:1", 1); },
        [](Context& c, auto&, auto&) { c.run_in_child_context("c", [](Context&) {}); },
        [](Context& c, auto&, auto&) { c.with_retry("r", [](Context&, int) {}); },
        [&](Context& c, auto&, auto&) { c.map("m", items, [](Context&, int) {}); },
        [](Context& c, auto&, auto&) { c.parallel<int>("p", {[](Context&) { return 1; }}); },
        [](Context& c, auto&, auto&) {
            c.wait_for_condition<int>("c", [](int n) { return n; },
                                      {.strategy = [](int, int) -> WaitDecision { return 1s; }});
        },
        [](Context& c, auto&, const Future<void>& future) { (void)c.all("a", future); },
        [](Context&, auto&, const Future<void>& future) { future.get(); },
        [](Context&, const Callback<int>& callback, auto&) { (void)callback.result(); },
        [](Context&, const Callback<int>& callback, auto&) { (void)callback.result_async(); },
    };
    for (const Call& call : calls) {
        EXPECT_THAT(
            refusal_elsewhere(call),
            AllOf(HasSubstr("on a thread of its own, or after the handler had ended; durable operations belong to the "
                            "thread that the body was called on"),
                  HasSubstr("use the operations that end in _async, map or parallel")));
    }
}

// The place is what is to be mended; what else is wrong does not matter there.
TEST(Misuse, APlaceIsToldBeforeWhatElseIsWrong) {
    const std::vector<int> items(2);
    const std::string long_name(300, 'x');
    const std::function<void(Context&)> calls[] = {
        [](Context& c) { c.wait("w", 0s); },
        [](Context& c) { c.wait_for_condition<int>("c", [](int n) { return n; }, {}); },
        [](Context& c) { (void)c.create_callback<int>("c", {.timeout = -1s}); },
        [](Context& c) { (void)c.invoke<int>("i", "", 1); },
        [](Context& c) { c.run_in_child_context("c", [](Context&) {}, {.sub_type = "?"}); },
        [&](Context& c) { c.wait_for_callback<int>(long_name, [](const std::string&) {}); },
        [&](Context& c) { c.with_retry(long_name, [](Context&, int) {}); },
        [&](Context& c) { c.map("m", items, [](Context&, int) {}, {.max_concurrency = 0}); },
        [](Context& c) { (void)c.race("r", std::vector<Future<int>>()); },
        [&](Context& c) { (void)c.all(long_name, std::vector<Future<int>>()); },
    };
    for (const auto& call : calls) {
        LocalService runner([&](Context& context, Json) { context.step("outer", [&] { call(context); }); });
        runner.start();
        EXPECT_THAT(runner.error_message(), HasSubstr("in the body of the step 'outer'")) << &call - calls;
    }
}

TEST(Misuse, TheFirstIsWhatTheExecutionFailsWith) {
    LocalService runner([](Context& context, Json) {
        context.step("outer", [&] {
            for (const char* inner : {"one", "two"}) {
                try {
                    context.step(inner, [] {});
                } catch (const ValidationError&) {
                }
            }
        });
    });
    runner.start();
    EXPECT_THAT(runner.error_message(), HasSubstr("Step 'one' was called in the body of the step 'outer'"));
}

TEST(Misuse, ACallbackOfAStopTokenIsRefusedAnOperationAndHoldsNobodyUp) {
    LocalService runner([](Context& context, Json) {
        std::atomic<bool> is_busy = false;
        const auto busy = [&](Context& branch) {
            branch.step("busy", [&](StepContext& step) {
                const std::stop_callback callback(step.stop_token(), [&] {
                    try {
                        branch.step("clean up", [] {});
                    } catch (const ValidationError&) {
                    }
                });
                is_busy = true;
                while (!step.stop_token().stop_requested()) std::this_thread::yield();
            });
            return 1;
        };
        const auto wins = [&](Context&) {
            while (!is_busy) std::this_thread::yield();
            return 2;
        };
        (void)context.parallel<int>("p", {busy, wins}, {.completion = Completion::first_successful()});
    });
    runner.start();
    EXPECT_EQ(runner.error_type(), "ValidationError");
    EXPECT_THAT(runner.error_message(), HasSubstr("The durable operation Step 'clean up' was called"));
}

TEST(Misuse, ADestructorMayUseTheContextWhileNothingIsThrown) {
    struct Farewell {
        Context& context;
        ~Farewell() {
            context.step("farewell", [] {});
        }
    };
    LocalService runner([](Context& context, Json) {
        {
            const Farewell farewell{context};
        }
        return 1;
    });
    runner.start();
    EXPECT_EQ(runner.result(), "1") << runner.error_message();
}

TEST(Misuse, ADestructorIsRefusedWhileAnErrorIsOnItsWay) {
    struct Careful {
        Context& context;
        ~Careful() {
            try {
                context.step("clean up", [] {});
            } catch (...) {
            }
        }
    };
    LocalService runner([](Context& context, Json) {
        try {
            const Careful careful{context};
            throw Error("Broken", "no");
        } catch (const Error&) {
        }
        return 1;
    });
    runner.start();
    EXPECT_EQ(runner.error_type(), "ValidationError");
    EXPECT_THAT(runner.error_message(), HasSubstr("call it from the body or from a catch block instead"));
}

// The refusal cannot leave a destructor: the process ends, but not without saying why.
TEST(MisuseDeathTest, ADestructorThatCatchesNothingEndsTheProcessWithAnExplanation) {
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    struct Careless {
        Context& context;
        ~Careless() {
            context.step("clean up", [] {});
        }
    };
    const auto careless = [] {
        LocalService runner([](Context& context, Json) {
            const Careless guard{context};
            context.wait("pause", 1h);
        });
        runner.start();
    };
    EXPECT_DEATH(careless(), "durable operation Step 'clean up' was called in a destructor while an exception was on");
}

TEST(Misuse, ACatchBlockMayUseTheContext) {
    LocalService runner([](Context& context, Json) {
        try {
            context.step("charge", [] { throw Error("Broken", "no"); }, {.retry = retry::none()});
        } catch (const StepError&) {
            context.step("undo", [] {});
            context.wait("pause", 1s);
            return context.step("undone", [] { return 7; });
        }
        return 0;
    });
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.result(), "7") << runner.error_message();
}

TEST(Suspension, WaitsForBranchesThatStillRun) {
    std::atomic<int> running = 0;
    std::atomic<int> done = 0;
    LocalService runner([&](Context& context, Json) {
        std::atomic<bool> others_wait = false;
        const auto busy = [&](Context& branch) {
            return branch.step("busy", [&] {
                ++running;
                while (!others_wait) std::this_thread::yield();
                for (int i = 0; i < 1000; ++i) std::this_thread::yield();
                --running;
                return ++done;
            });
        };
        const auto waits = [&](Context& branch) {
            others_wait = true;
            branch.wait("pause", 1h);
            return 0;
        };
        return context.parallel<int>("p", {busy, busy, waits}).success_count();
    });
    runner.start();
    EXPECT_EQ(running, 0);
    EXPECT_EQ(std::ranges::count(runner.history(), "StepSucceeded"), 2) << "what ran came to its end and is recorded";
    EXPECT_TRUE(runner.is_running());
    EXPECT_EQ(runner.invocations(), 1);
    runner.advance(1h);
    EXPECT_EQ(runner.result(), "3");
    EXPECT_EQ(done, 2) << "it did not run again";
}

TEST(Suspension, IsNotHeldUpByWhatNobodyWaitsFor) {
    LocalService runner([](Context& context, Json) {
        const auto wait = context.wait_async("a year", 24h * 365);
        const auto callback = context.create_callback<int>("never answered");
        const auto answer = callback.result_async();
        const auto child = context.run_in_child_context_async("child", [](Context& c) { c.wait("a year", 24h * 365); });
        return context.step("s", [] { return 1; });
    });
    runner.start();
    EXPECT_EQ(runner.result(), "1");
    EXPECT_EQ(runner.invocations(), 1);
}

/// Rounds in which branches that record without pause are abandoned: nothing of them may follow their parent's end.
TEST(Orphans, RecordNothingAfterTheirParentsEnd) {
    for (int round = 0; round < 20; ++round) {
        std::atomic<int> steps = 0;
        LocalService runner([&](Context& context, Json) {
            const auto records = [&](Context& branch) {
                branch.step("first", [&] { ++steps; });
                for (int i = 0; i < 50; ++i) {
                    branch.run_in_child_context("inner", [&](Context& inner) { inner.step("s", [&] { ++steps; }); });
                }
                return 1;
            };
            const auto wins = [&](Context&) {
                while (steps < 3) std::this_thread::yield();
                return 2;
            };
            return context
                .parallel<int>("p", {records, records, records, wins}, {.completion = Completion::first_successful()})
                .started_count();
        });
        runner.start();
        ASSERT_EQ(runner.error_message(), "") << "the service refused an update";
        const auto events = runner.events();
        const auto ended = std::ranges::find_if(events, [](const auto& event) {
            return event.at("EventType") == "ContextSucceeded" && event.contains("Name") && event.at("Name") == "p";
        });
        ASSERT_NE(ended, events.end());
        ASSERT_EQ(std::distance(ended, events.end()), 3) << "the end of the invocation and of the execution follow";
    }
}

// The end came between what the branch looked at last and what it queued.
TEST(Orphans, RecordNothingOfWhatTheyWereAboutToRecord) {
    std::atomic<bool> writes = false;
    std::atomic<bool> is_busy = false;
    std::atomic<bool> is_told = false;
    LocalService runner([&](Context& context, Json) {
        MapOptions<int, int> options;
        options.serdes = {.serialize =
                              [&](const BatchResult<int>&, const SerdesContext&) {
                                  writes = true;
                                  while (!is_told) std::this_thread::yield();
                                  return std::string("[]");
                              },
                          .deserialize = [](const std::string&, const SerdesContext&) { return BatchResult<int>(); }};
        const auto records = [&](Context& branch) {
            branch.map("m", std::vector<int>(), [](Context&, int) { return 1; }, options);
            return 0;
        };
        const auto tells = [&](Context& branch) {
            branch.step("busy", [&](StepContext& step) {
                is_busy = true;
                while (!step.stop_token().stop_requested()) std::this_thread::yield();
                is_told = true;
            });
            return 0;
        };
        const auto ends_it = [&](Context&) {
            while (!writes || !is_busy) std::this_thread::yield();
            return 1;
        };
        return context.parallel<int>("p", {records, tells, ends_it}, {.completion = Completion::first_successful()})
            .success_count();
    });
    runner.start();
    EXPECT_EQ(runner.error_message(), "");
    EXPECT_EQ(runner.result(), "1");
    EXPECT_EQ(std::ranges::count(runner.history(), "ContextSucceeded"), 2) << "of the branch and of p, not of m";
}

}  // namespace
}  // namespace durable::testing
