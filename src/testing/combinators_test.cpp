// Combinators over futures that cannot be read, were moved from, or are none at all; the same on replay.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "testing/local_service.hpp"

namespace durable::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

/// What `body` comes to, on the first run and on replay, which must be the same.
std::string twice(const std::function<std::string(Context&)>& body) {
    std::vector<std::string> seen;
    LocalService runner([&](Context& context, Json) {
        seen.push_back(body(context));
        context.wait("pause", 1s);
    });
    const auto answering = [](std::string text) { return [text](const std::string&, const Invoked&) { return text; }; };
    runner.fake_function("text", answering("\"seven\""), 0s);
    runner.fake_function("number", answering("7"), 1h);
    runner.start();
    runner.advance(1h);
    runner.advance(1s);
    EXPECT_EQ(runner.error_message(), "");
    EXPECT_EQ(seen.size(), 2U);
    if (seen.empty()) return "nothing";
    EXPECT_EQ(seen.front(), seen.back());
    return seen.front();
}

/// The error that fails the execution.
std::string refusal(const std::function<void(Context&)>& body) {
    LocalService runner([&](Context& context, Json) { body(context); });
    runner.start();
    return runner.error_type() + ": " + runner.error_message();
}

Future<int> unreadable(Context& context) {
    return context.invoke_async<int>("unreadable", "text", nullptr);
}
Future<int> readable(Context& context) {
    return context.invoke_async<int>("readable", "number", nullptr);
}
Future<int> failing(Context& context) {
    return context.step_async("failing", []() -> int { throw Error("Broken", "no luck"); }, {.retry = retry::none()});
}

TEST(AllSettled, SaysWhatCannotBeRead) {
    EXPECT_EQ(twice([](Context& context) {
                  auto bad = unreadable(context);
                  auto good = readable(context);
                  const auto [first, second] = context.all_settled("both", bad, good);
                  return first.error->type + ": " + first.error->message + (first.value ? "?" : "") +
                         std::to_string(second.value.value_or(0));
              }),
              "SerdesError: $: expected a whole number, found text7");
    std::string seen;
    LocalService runner([&](Context& context, Json) {
        std::vector<Future<int>> answers;
        answers.push_back(context.create_callback<int>("answer").result_async());
        seen = context.all_settled("one", answers).front().error.value_or(ErrorInfo{}).type;
    });
    runner.start();
    runner.succeed_callback("answer", "\"seven\"");
    EXPECT_EQ(runner.error_message(), "");
    EXPECT_EQ(seen, "SerdesError");
}

TEST(Any, GoesOnToOneThatCanBeRead) {
    EXPECT_EQ(twice([](Context& context) {
                  auto bad = unreadable(context);
                  auto good = readable(context);
                  return std::to_string(context.any("any", bad, good));
              }),
              "7");
    EXPECT_EQ(twice([](Context& context) {
                  std::vector<Future<int>> futures;
                  futures.push_back(unreadable(context));
                  futures.push_back(readable(context));
                  return std::to_string(context.any("any", futures));
              }),
              "7");
}

TEST(Any, SaysWhyEachFailed) {
    EXPECT_EQ(twice([](Context& context) -> std::string {
                  auto broken = failing(context);
                  auto bad = unreadable(context);
                  try {
                      (void)context.any("one", broken, bad);
                  } catch (const CombinatorError& error) {
                      return error.info().type + ": " + error.what();
                  }
                  return "";
              }),
              "CombinatorError: None of the 2 futures of 'one' succeeded: Broken: no luck; SerdesError: $: expected a "
              "whole number, found text");
}

TEST(Any, KeepsItsErrorWithinTheLimit) {
    const std::string message = twice([](Context& context) -> std::string {
        std::vector<Future<int>> futures;
        for (int i = 0; i < 10; ++i) {
            futures.push_back(context.step_async("s", []() -> int { throw Error("Long", std::string(10'000, 'x')); },
                                                 {.retry = retry::none()}));
        }
        try {
            (void)context.any("", futures);
        } catch (const CombinatorError& error) {
            return error.what();
        }
        return "";
    });
    EXPECT_THAT(message, StartsWith("None of the 10 futures succeeded: Long: xxx"));
    EXPECT_THAT(message, HasSubstr("(shortened)"));
    EXPECT_LE(message.size(), 32U * 1024);
}

TEST(RaceAndAll, ThrowWhatCannotBeRead) {
    const auto thrown = [](const auto& call) {
        return twice([&](Context& context) -> std::string {
            auto bad = unreadable(context);
            auto good = readable(context);
            try {
                call(context, bad, good);
            } catch (const SerdesError& error) {
                return error.what();
            }
            return "";
        });
    };
    const std::string why = "$: expected a whole number, found text";
    EXPECT_EQ(thrown([](Context& context, auto& bad, auto& good) { (void)context.race("race", bad, good); }), why);
    EXPECT_EQ(thrown([](Context& context, auto& bad, auto& good) { (void)context.all("all", bad, good); }), why);
}

TEST(MovedFrom, FuturesAreRefused) {
    EXPECT_EQ(refusal([](Context& context) {
                  auto future = context.step_async("s", [] { return 1; });
                  const auto other = std::move(future);
                  (void)future.get();  // NOLINT(bugprone-use-after-move)
              }),
              "ValidationError: this future was moved from");
    const auto in_a_list = [](const auto& call) {
        return refusal([&](Context& context) {
            std::vector<Future<int>> futures;
            futures.push_back(context.step_async("s", [] { return 1; }));
            const auto other = std::move(futures.front());
            call(context, futures);
        });
    };
    const auto refused = [](const char* combinator) {
        return std::string("ValidationError: ") + combinator + " 'c': this future was moved from";
    };
    using List = const std::vector<Future<int>>&;
    EXPECT_EQ(in_a_list([](Context& context, List futures) { (void)context.any("c", futures); }), refused("any"));
    EXPECT_EQ(in_a_list([](Context& context, List futures) { (void)context.all("c", futures); }), refused("all"));
    EXPECT_EQ(in_a_list([](Context& context, List futures) { (void)context.race("c", futures); }), refused("race"));
    EXPECT_EQ(in_a_list([](Context& context, List futures) { (void)context.select("c", futures.front()); }),
              refused("select"));
    EXPECT_EQ(in_a_list([](Context& context, List futures) { (void)context.all_settled("c", futures); }),
              refused("all_settled"));
}

TEST(None, AreAllOver) {
    EXPECT_EQ(twice([](Context& context) {
                  const std::vector<Future<int>> none;
                  return std::to_string(context.all("all", none).size() + context.all_settled("settled", none).size()) +
                         context.step("after", [] { return std::string("!"); });
              }),
              "0!");
}

TEST(None, HaveNoFirst) {
    const std::vector<Future<int>> none;
    EXPECT_EQ(refusal([&](Context& context) { (void)context.any("none", none); }),
              "ValidationError: any 'none' was given no futures");
    EXPECT_EQ(refusal([&](Context& context) { (void)context.race("none", none); }),
              "ValidationError: race 'none' was given no futures");
    EXPECT_EQ(refusal([](Context& context) { (void)context.select(""); }),
              "ValidationError: select was given no futures");
}

TEST(Futures, OfAnotherContextAreNamed) {
    const auto inside = [](const char* name) {
        return refusal([&](Context& context) {
            auto future = context.step_async(name, [] { return 1; });
            context.run_in_child_context("child", [&](Context&) { return future.get(); });
        });
    };
    EXPECT_THAT(inside("charge"), StartsWith("ValidationError: The durable operation Future::get 'charge' was called "
                                             "on a context that the running body was not given"));
    EXPECT_THAT(inside(""), StartsWith("ValidationError: The durable operation Future::get was called on a context"));
}

TEST(Futures, OfAnotherContextAreRefusedByCombinators) {
    EXPECT_EQ(refusal([](Context& context) {
                  const auto future = context.step_async("charge", [] { return 1; });
                  context.run_in_child_context("child", [&](Context& child) { (void)child.race("first", future); });
              }),
              "ValidationError: race 'first' was given a future of another context; a future belongs to the context "
              "that made it");
}

/// What a handler acts upon that decides between an hour and an answer, when it is lost before it has written down what
/// it did, and the answer comes meanwhile: each run's decision.
std::vector<std::string> acted_upon(const std::function<std::string(Context&, const Callback<int>&)>& decide) {
    std::vector<std::string> acted;
    LocalService runner([&](Context& context, Json) {
        const auto callback = context.create_callback<int>("answer");
        const std::string decision = decide(context, callback);
        context.step("act", [&] { acted.push_back(decision); });
    });
    runner.before_checkpoint = [&](int) -> std::optional<holdpoint::Error> {
        if (acted.size() != 1 || !runner.has_open_callback()) return std::nullopt;
        runner.succeed_callback("answer", "1");
        throw Crash{};
    };
    runner.start();
    runner.advance(2h);
    EXPECT_FALSE(runner.is_running());
    EXPECT_EQ(runner.error_message(), "");
    return acted;
}

TEST(Decisions, AreRecordedBeforeAnybodyActsUponThem) {
    const std::vector<std::string> twice_the_same{"hour", "hour"};
    const auto hour = [](Context& context) {
        return context.run_in_child_context_async("hour", [](Context& child) {
            child.wait("hour", 1h);
            return std::string("hour");
        });
    };
    const auto answer = [](Context& context, const Callback<int>& callback) {
        return context.run_in_child_context_async("answer", [&callback](Context&) {
            (void)callback.result();
            return std::string("answer");
        });
    };
    EXPECT_EQ(acted_upon([&](Context& context, const Callback<int>& callback) {
                  const auto first = answer(context, callback);
                  const auto second = hour(context);
                  return context.race("first", first, second);
              }),
              twice_the_same);
    EXPECT_EQ(acted_upon([&](Context& context, const Callback<int>& callback) {
                  const auto first = answer(context, callback);
                  const auto second = hour(context);
                  return context.any("first", first, second);
              }),
              twice_the_same);
    EXPECT_EQ(acted_upon([&](Context& context, const Callback<int>& callback) {
                  const auto first = callback.result_async();
                  const auto second = context.wait_async("hour", 1h);
                  return context.select("first", first, second) == 0 ? std::string("answer") : std::string("hour");
              }),
              twice_the_same);
    EXPECT_EQ(acted_upon([](Context& context, const Callback<int>& callback) {
                  const auto branches = context.parallel<std::string>("first",
                                                                      {[&](Context&) {
                                                                           (void)callback.result();
                                                                           return "answer";
                                                                       },
                                                                       [](Context& branch) {
                                                                           branch.wait("hour", 1h);
                                                                           return "hour";
                                                                       }},
                                                                      {.completion = Completion::first_successful()});
                  return branches.results().front();
              }),
              twice_the_same);
}

TEST(Decisions, OfWhatAnEarlierInvocationRecordedComeBeforeWhatThisOneDid) {
    LocalService runner([](Context& context, Json) {
        const auto earlier = context.step_async("earlier", [] { return std::string("earlier"); });
        (void)earlier.get();
        context.wait("pause", 1s);
        const auto later = context.step_async("later", [] { return std::string("later"); });
        (void)later.get();
        return context.race("first", later, earlier);
    });
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.result(), "\"earlier\"") << runner.error_message();
}

// Both had ended when the handler ran again, and then a thread's luck decided.
TEST(Decisions, OfWhatHadEndedGoByWhenItEnded) {
    const auto slow = [](Context& child) {
        child.wait("slow", 2s);
        return std::string("slow");
    };
    const auto fast = [](Context& child) {
        child.run_in_child_context("inner", [](Context& inner) { inner.wait("fast", 1s); });
        return std::string("fast");
    };
    const auto fast_items = [](Context& child) {
        child.map("items", std::vector<int>(2), [](Context& item, int) { item.wait("fast", 1s); });
        return std::string("fast");
    };
    const auto first_of = [&](const BatchResult<std::string>& result) {
        return result.results().front() + " " + std::to_string(result.success_count()) + " " +
               std::to_string(result.started_count());
    };
    const auto in_parallel = [&](Context& context, Nesting nesting) {
        return first_of(context.parallel<std::string>(
            "first", {slow, fast}, {.completion = Completion::first_successful(), .nesting = nesting}));
    };
    const std::vector<std::pair<std::string, std::function<std::string(Context&)>>> cases{
        {"fast 1 1", [&](Context& context) { return in_parallel(context, Nesting::nested); }},
        {"fast 1 1", [&](Context& context) { return in_parallel(context, Nesting::flat); }},
        {"fast",
         [&](Context& context) {
             const auto one = context.run_in_child_context_async("slow", slow);
             const auto other = context.run_in_child_context_async("fast", fast);
             return context.race("first", one, other);
         }},
        {"fast",
         [&](Context& context) {
             const auto one = context.run_in_child_context_async("slow", slow);
             const auto other = context.run_in_child_context_async("fast", fast_items);
             return context.race("first", one, other);
         }},
        {"fast", [&](Context& context) {
             const auto one = context.wait_async("slow", 2s);
             const auto other = context.run_in_child_context_async("fast", fast);
             return context.select("first", one, other) == 1 ? std::string("fast") : std::string("slow");
         }}};
    for (const int threads : {0, 1, 4}) {
        for (const auto& [expected, body] : cases) {
            LocalService runner([&](Context& context, Json) { return body(context); }, {.threads = threads});
            runner.before_checkpoint = [&](int) -> std::optional<holdpoint::Error> {
                if (runner.invocations() == 2) throw Crash();  // it was invoked when `fast` had ended
                return std::nullopt;
            };
            runner.start();
            runner.advance(1h);
            EXPECT_EQ(runner.result(), "\"" + expected + "\"") << threads << " threads " << runner.error_message();
        }
    }
}

// A wait that ended later, while the handler was busy, was taken for the first: it is recorded, and so was known to be
// over.
TEST(Decisions, OfWhatEndsInOneInvocationGoByWhenItEnded) {
    const std::function<Future<int>(Context&)> quick_ones[] = {
        [](Context& context) { return context.step_async("quick", [] { return 1; }); },
        [](Context& context) {
            return context.run_in_child_context_async(
                "quick", [](Context& child) { return child.step("inner", [] { return 1; }); });
        },
        [](Context& context) { return context.run_in_child_context_async("quick", [](Context&) { return 1; }); }};
    for (const int threads : {0, 4}) {
        for (const auto& begin : quick_ones) {
            std::atomic<bool> is_slow = false;
            LocalService runner(
                [&](Context& context, Json) {
                    const auto deadline = context.wait_async("deadline", 1s);
                    const auto quick = begin(context);
                    (void)quick.get();
                    context.step("slow", [&] { is_slow = true; });
                    deadline.get();
                    return context.select("first", deadline, quick) == 1 ? "quick" : "deadline";
                },
                {.threads = threads});
            runner.after_checkpoint = [&](int) {
                if (is_slow.exchange(false)) runner.advance(2s);
            };
            runner.start();
            EXPECT_EQ(runner.result(), "\"quick\"") << runner.error_message();
            EXPECT_EQ(runner.invocations(), 1) << "so it was decided by what a record says alone";
        }
    }
}

TEST(Decisions, OfOneMillisecondGoToWhoStandsFirstInTheCode) {
    LocalService runner([](Context& context, Json) {
        const auto one = context.step_async("one", [] { return std::string("one"); });
        const auto other = context.step_async("other", [] { return std::string("other"); });
        (void)context.all("both", one, other);
        context.wait("pause", 1s);
        return context.race("first", other, one);
    });
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.result(), "\"one\"") << runner.error_message();
}

// A branch that has something left to do is no reason to wait for it.
TEST(Decisions, WaitForNobodyWhoIsAtWork) {
    LocalService runner([](Context& context, Json) {
        const auto works = [](Context& branch) {
            branch.wait("pause", 1s);
            branch.step("work", [](StepContext& step) {
                while (!step.stop_token().stop_requested()) std::this_thread::yield();
            });
            return std::string("works");
        };
        const auto is_over = [](Context& branch) {
            branch.wait("pause", 1s);
            return std::string("over");
        };
        const auto answers =
            context.parallel<std::string>("first", {works, is_over}, {.completion = Completion::first_successful()});
        return answers.results().front();
    });
    runner.start();
    runner.advance(1h);
    EXPECT_EQ(runner.result(), "\"over\"") << runner.error_message();
}

// The same when it went on after something that was over earlier.
TEST(Decisions, WaitForNobodyWhoWentOnEarlierAndIsAtWork) {
    std::atomic<bool> passes = false;  // time
    LocalService runner([&](Context& context, Json) {
        const auto works = [](Context& branch) {
            branch.wait("short", 1s);
            branch.step("work", [](StepContext& step) {
                while (!step.stop_token().stop_requested()) std::this_thread::yield();
            });
            return std::string("works");
        };
        const auto is_over = [](Context& branch) {
            branch.wait("long", 2s);
            return std::string("over");
        };
        const auto lets_time_pass = [&](Context& branch) -> std::string {
            while (std::ranges::count(runner.history(), "WaitStarted") < 2) std::this_thread::yield();
            branch.step("time", [&] { passes = true; });
            throw Error("Failed", "so that another one is the first that succeeds");
        };
        const auto answers = context.parallel<std::string>("first", {works, is_over, lets_time_pass},
                                                           {.completion = Completion::first_successful()});
        return answers.results().front();
    });
    runner.after_checkpoint = [&](int) {
        if (passes.exchange(false)) runner.advance(3s);
    };
    runner.start();
    EXPECT_EQ(runner.result(), "\"over\"") << runner.error_message();
    EXPECT_EQ(runner.invocations(), 1);
}

/// Why an execution fails whose code is another one when it goes on.
std::string change(const std::function<void(Context&)>& before, const std::function<void(Context&)>& after) {
    const auto handler = [](const std::function<void(Context&)>& body) {
        return [body](Context& context, Json) {
            body(context);
            context.wait("pause", 1s);
        };
    };
    LocalService runner(handler(before));
    runner.start();
    runner.deploy(handler(after));
    runner.advance(1s);
    EXPECT_EQ(runner.error_type(), "NonDeterministicExecutionError");
    return runner.error_message();
}

TEST(ChangedCombinators, AreFoundOut) {
    const auto with_two = [](const auto& call) {
        return [call](Context& context) {
            auto one = context.step_async("s", [] { return 1; });
            auto two = context.step_async("s", [] { return 2; });
            call(context, one, two);
        };
    };
    const auto all = with_two([](Context& context, auto& one, auto& two) { (void)context.all("c", one, two); });
    const auto any = with_two([](Context& context, auto& one, auto& two) { (void)context.any("c", one, two); });
    const auto race = with_two([](Context& context, auto& one, auto& two) { (void)context.race("c", one, two); });
    const auto select = with_two([](Context& context, auto& one, auto& two) { (void)context.select("c", one, two); });
    const auto child = with_two([](Context& context, auto&, auto&) {
        context.run_in_child_context("c", [](Context&) { return std::string("text"); });
    });
    const auto failed_child = with_two([](Context& context, auto&, auto&) {
        try {
            context.run_in_child_context("c", [](Context&) { throw Error("Broken", "no"); });
        } catch (const ChildContextError&) {
        }
    });
    EXPECT_THAT(change(all, race), StartsWith("race 'c' was decided by none of its futures when it was recorded."));
    EXPECT_THAT(change(all, select), StartsWith("select 'c' was decided by none of its futures"));
    EXPECT_THAT(change(child, any), StartsWith("any 'c' was something else when it was recorded."));
    EXPECT_THAT(change(failed_child, all), StartsWith("all 'c' was something else when it was recorded."));
}

}  // namespace
}  // namespace durable::testing
