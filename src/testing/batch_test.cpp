// Map and parallel: order, concurrency, completion, suspension and replay.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <thread>

#include "testing/local_service.hpp"

namespace durable::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

std::vector<int> numbers(int count) {
    std::vector<int> items(static_cast<std::size_t>(count));
    std::iota(items.begin(), items.end(), 0);
    return items;
}

TEST(Map, ResultsAreInTheOrderOfTheItems) {
    LocalService runner([](Context& context, Json) {
        return context.map("m", numbers(20), [](Context& item, int n) { return item.step("s", [&] { return n * n; }); })
            .results();
    });
    runner.start();
    EXPECT_EQ(runner.result(), "[0,1,4,9,16,25,36,49,64,81,100,121,144,169,196,225,256,289,324,361]");
    EXPECT_EQ(runner.invocations(), 1);
}

TEST(Map, ResultsMayBeNestedAsDeepAsAnyJson) {
    std::size_t written = 0;
    LocalService runner([&](Context& context, Json) {
        const auto nested = [](Context&, int) {
            Json deep;
            for (int i = 0; i < 255; ++i) deep = Json(Json::Array{deep});
            return deep;
        };
        written = context.map("m", numbers(1), nested).results().front().dump().size();
        context.wait("pause", 1s);
    });
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.error_message(), "");
    EXPECT_EQ(written, (255U * 2) + 4);
}

TEST(Map, RunsAsManyAtOnceAsItMay) {
    std::atomic<int> running = 0;
    std::atomic<int> most = 0;
    LocalService runner([&](Context& context, Json) {
        context.map("m", numbers(50),
                    [&](Context&, int) {
                        const int now = ++running;
                        int seen = most;
                        while (seen < now && !most.compare_exchange_weak(seen, now)) {
                        }
                        std::this_thread::yield();
                        --running;
                    },
                    {.max_concurrency = 3});
    });
    runner.start();
    EXPECT_FALSE(runner.is_running());
    EXPECT_LE(most, 3);
}

TEST(Map, AnItemThatWaitsKeepsItsPlace) {
    std::vector<int> started;
    LocalService runner([&](Context& context, Json) {
        context.map("m", numbers(4),
                    [&](Context& item, int n) {
                        item.step("s", [&] { started.push_back(n); });
                        item.wait("pause", 10s);
                    },
                    {.max_concurrency = 1});
    });
    runner.start();
    EXPECT_THAT(started, ElementsAre(0));
    runner.advance(10s);
    EXPECT_THAT(started, ElementsAre(0, 1));
    runner.advance(30s);
    EXPECT_FALSE(runner.is_running());
    EXPECT_THAT(started, ElementsAre(0, 1, 2, 3));
}

TEST(Map, BodiesOfFinishedItemsDoNotRunAgain) {
    std::atomic<int> runs = 0;
    LocalService runner([&](Context& context, Json) {
        return context
            .map("m", numbers(10),
                 [&](Context& item, int n) {
                     ++runs;
                     if (n == 9) item.wait("pause", 1s);
                     return n;
                 })
            .success_count();
    });
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.result(), "10");
    EXPECT_EQ(runs, 11) << "only the one that waited";
}

TEST(Map, TenThousandWaitingItemsGoOnOneByOne) {
    constexpr int kItems = 10'000;
    std::atomic<int> runs = 0;
    LocalService runner([&](Context& context, Json) {
        return context
            .map("m", numbers(kItems),
                 [&](Context& item, int n) {
                     ++runs;
                     item.wait("a while", std::chrono::seconds(n < kItems / 2 ? 10 : 20));
                     return n;
                 })
            .success_count();
    });
    runner.limits.operations = 3 * kItems;
    runner.start();
    EXPECT_EQ(runs, kItems);
    EXPECT_LT(runner.checkpoints(), kItems / 50) << "they go out together";
    runner.advance(10s);
    EXPECT_TRUE(runner.is_running());
    runs = 0;
    runner.advance(10s);
    EXPECT_EQ(runner.result(), "10000");
    EXPECT_EQ(runs, kItems / 2) << "those whose context was closed are answered from their records";
}

TEST(Map, FirstFailureEndsItByDefault) {
    LocalService runner([](Context& context, Json) {
        const auto result = context.map("m", numbers(5),
                                        [](Context&, int n) {
                                            if (n == 1) throw Error("Bad", "item " + std::to_string(n));
                                            return n;
                                        },
                                        {.max_concurrency = 1});
        EXPECT_EQ(result.total_count(), 2U);
        EXPECT_EQ(result.failure_count(), 1U);
        EXPECT_EQ(result.status(), BatchStatus::failed);
        EXPECT_EQ(result.find(1)->error->message, "item 1");
        EXPECT_EQ(result.find("map-item-0")->result, 0);
        EXPECT_EQ(to_string(result.find(0U)->status), "SUCCEEDED");
        EXPECT_EQ(to_string(result.find(1U)->status), "FAILED");
        EXPECT_EQ(to_string(ItemStatus::started), "STARTED");
        EXPECT_THROW(result.throw_if_error(), BatchItemError);
        return std::string(to_string(result.completion_reason()));
    });
    runner.start();
    EXPECT_EQ(runner.result(), "\"FAILURE_TOLERANCE_EXCEEDED\"");
}

/// How a map over items of which these fail ends.
std::string ended(const std::string& items, const Completion& completion) {
    std::vector<int> letters(items.begin(), items.end());
    LocalService runner([&](Context& context, Json) {
        const auto result = context.map("m", letters,
                                        [](Context&, int letter) {
                                            if (letter == 'F') throw Error("Bad", "no");
                                        },
                                        {.max_concurrency = 1, .completion = completion});
        return std::string(to_string(result.completion_reason())) + " " + std::to_string(result.total_count());
    });
    runner.start();
    return runner.result();
}

TEST(Completion, FollowsItsLimits) {
    EXPECT_EQ(ended("SSS", {}), "\"ALL_COMPLETED 3\"");
    EXPECT_EQ(ended("FFF", Completion::all_completed()), "\"ALL_COMPLETED 3\"");
    EXPECT_EQ(ended("SFS", Completion::all_successful()), "\"FAILURE_TOLERANCE_EXCEEDED 2\"");
    EXPECT_EQ(ended("FSSS", Completion::first_successful()), "\"MIN_SUCCESSFUL_REACHED 2\"");
    EXPECT_EQ(ended("FFSS", {.tolerated_failure_count = 2}), "\"ALL_COMPLETED 4\"");
    EXPECT_EQ(ended("FFFS", {.tolerated_failure_count = 2}), "\"FAILURE_TOLERANCE_EXCEEDED 3\"");
    EXPECT_EQ(ended("FSSS", {.tolerated_failure_percentage = 25}), "\"ALL_COMPLETED 4\"") << "exactly is tolerated";
    EXPECT_EQ(ended("FFSS", {.tolerated_failure_percentage = 25}), "\"FAILURE_TOLERANCE_EXCEEDED 2\"");
    EXPECT_EQ(ended("SFS", {.tolerated_failure_percentage = 0}), "\"FAILURE_TOLERANCE_EXCEEDED 2\"");
    EXPECT_EQ(ended("SFS", {.min_successful = 3}), "\"ALL_COMPLETED 3\"");
    EXPECT_EQ(ended("SFSS", {.min_successful = 2, .tolerated_failure_count = 0}), "\"FAILURE_TOLERANCE_EXCEEDED 2\"");
    EXPECT_EQ(ended("SS", {.min_successful = 2}), "\"ALL_COMPLETED 2\"") << "that comes first";
}

TEST(Completion, MayBeTheAuthors) {
    const auto two_failures_are_enough = [](const BatchProgress& progress) {
        if (progress.failed == 2) return CompletionDecision::fail;
        return progress.succeeded == 2 ? CompletionDecision::succeed : CompletionDecision::go_on;
    };
    EXPECT_EQ(ended("SFSS", {.should_complete = two_failures_are_enough}), "\"CUSTOM_COMPLETION_SUCCEEDED 3\"");
    EXPECT_EQ(ended("FSFS", {.should_complete = two_failures_are_enough}), "\"CUSTOM_COMPLETION_FAILED 3\"");
    EXPECT_EQ(ended("SF", {.should_complete = two_failures_are_enough}), "\"ALL_COMPLETED 2\"") << "there are no more";
}

TEST(Completion, ADecisionThatThrowsFailsTheBatch) {
    LocalService runner([](Context& context, Json) {
        context.map("m", numbers(2), [](Context&, int) {},
                    {.completion = {.should_complete = [](const BatchProgress&) -> CompletionDecision {
                         throw Error("Undecided", "hm");
                     }}});
    });
    runner.start();
    EXPECT_EQ(runner.error_type(), "Undecided");
    EXPECT_THAT(runner.history(), ::testing::Contains("ContextFailed"));
}

std::string refused(const MapOptions<int, int>& options) {
    LocalService runner([&](Context& context, Json) {
        return context.map("m", numbers(1), [](Context&, int n) { return n; }, options).results();
    });
    runner.start();
    EXPECT_EQ(runner.checkpoints(), 0);
    return runner.error_type() + ": " + runner.error_message();
}

TEST(Batch, BadOptionsAreRefusedBeforeAnythingRuns) {
    EXPECT_EQ(refused({.max_concurrency = 0}),
              "ValidationError: Map 'm': max_concurrency is 0; it is at least 1, or not given");
    EXPECT_THAT(refused({.completion = {.min_successful = 0}}), HasSubstr("min_successful is 0"));
    EXPECT_THAT(refused({.completion = {.tolerated_failure_percentage = 101}}), HasSubstr("it is 0 to 100"));
    EXPECT_THAT(
        refused({.completion = {.min_successful = 1,
                                .should_complete = [](const BatchProgress&) { return CompletionDecision::succeed; }}}),
        HasSubstr("should_complete takes the place of the other limits"));
    EXPECT_THAT(refused({.item_name = [](int, std::size_t) { return std::string("Prüfung"); }}), HasSubstr("byte 2"));
}

TEST(Batch, EarlyEndAbandonsWhatRunsAndWaits) {
    std::atomic<bool> later_step_ran = false;
    LocalService runner([&](Context& context, Json) {
        const auto result = context.parallel<int>("p",
                                                  {[](Context& branch) {
                                                       branch.wait("a year", 24h * 365);
                                                       return 1;
                                                   },
                                                   [&](Context& branch) {
                                                       branch.step("slow", [](StepContext& step) {
                                                           while (!step.stop_token().stop_requested())
                                                               std::this_thread::yield();
                                                       });
                                                       branch.step("never", [&] { later_step_ran = true; });
                                                       return 2;
                                                   },
                                                   [](Context&) { return 3; }},
                                                  {.completion = Completion::first_successful()});
        EXPECT_EQ(result.started_count(), 2U);
        EXPECT_THAT(result.results(), ElementsAre(3));
        return result.total_count();
    });
    runner.start();
    EXPECT_EQ(runner.result(), "3");
    EXPECT_FALSE(later_step_ran);
}

TEST(Batch, NestedFiveDeepOnOneThread) {
    std::function<int(Context&, int)> descend = [&](Context& context, int depth) -> int {
        if (depth == 0) {
            context.wait("pause", 1s);
            return context.step("leaf", [] { return 1; });
        }
        int sum = 0;
        for (const int part :
             context.map("m", numbers(2), [&](Context& item, int) { return descend(item, depth - 1); }).results()) {
            sum += part;
        }
        return sum;
    };
    LocalService runner([&](Context& context, Json) { return descend(context, 5); }, {.threads = 1});
    runner.start();
    runner.advance(10s);
    EXPECT_EQ(runner.result(), "32");
}

TEST(Batch, WithoutThreadsEverythingRunsOnTheHandlersOwn) {
    std::vector<std::string> order;
    const auto handler = [&](Context& context, Json) {
        const auto thread = std::this_thread::get_id();
        const auto note = [&](std::string what) {
            EXPECT_EQ(std::this_thread::get_id(), thread);
            order.push_back(std::move(what));
        };
        auto beside = context.step_async("beside", [&] { note("beside"); });
        const auto results = context.map("m", numbers(3), [&](Context& item, int n) {
            item.step("before", [&] { note("before " + std::to_string(n)); });
            item.wait("pause", 1s);
            item.step("after", [&] { note("after " + std::to_string(n)); });
            return n;
        });
        beside.get();
        return results.success_count();
    };
    std::vector<std::string> first;
    for (int run = 0; run < 2; ++run) {
        order.clear();
        LocalService runner(handler, {.threads = 0});
        runner.start();
        runner.advance(1s);
        EXPECT_EQ(runner.result(), "3");
        EXPECT_EQ(order.size(), 7U);
        if (run == 0) first = order;
    }
    EXPECT_EQ(order, first);
}

TEST(Batch, LargeResultIsBuiltAgainFromItsItems) {
    for (const Nesting nesting : {Nesting::nested, Nesting::flat}) {
        std::atomic<int> steps = 0;
        LocalService runner([&](Context& context, Json) {
            const auto result = context.map(
                "m", numbers(5),
                [&](Context& item, int n) {
                    if (n == 3) throw Error("Bad", "three");
                    item.step("s", [&] { ++steps; });
                    return std::string(100'000, static_cast<char>('a' + n));
                },
                {.max_concurrency = 1,
                 .completion = {.tolerated_failure_count = 1},
                 .nesting = nesting,
                 .summary = [](const auto& batch) { return std::to_string(batch.success_count()) + " done"; }});
            context.wait("pause", 1s);
            EXPECT_EQ(result.success_count(), 4U);
            EXPECT_EQ(result.find(3)->error->message, "three");
            return result.results().back().substr(0, 2);
        });
        runner.start();
        runner.advance(1s);
        EXPECT_EQ(runner.result(), "\"ee\"") << runner.error_message();
        EXPECT_EQ(steps, 4);
        EXPECT_EQ(runner.checkpoints(), 5) << "none while it was built again";
    }
}

TEST(Batch, LargeResultThatEndedEarlyLeavesOutWhatWasUnderWay) {
    for (const Nesting nesting : {Nesting::nested, Nesting::flat}) {
        LocalService runner([&](Context& context, Json) {
            const auto result = context.map("m", numbers(3),
                                            [](Context& item, int n) {
                                                if (n == 0) item.wait("a year", 24h * 365);
                                                return std::string(200'000, 'x');
                                            },
                                            {.completion = {.min_successful = 2}, .nesting = nesting});
            context.wait("pause", 1s);
            EXPECT_EQ(result.find(0)->status, ItemStatus::started);
            return result.results().size();
        });
        runner.start();
        runner.advance(1s);
        EXPECT_EQ(runner.result(), "2") << runner.error_message();
    }
}

// After a crash it could be another end.
TEST(Batch, AnEndThatDependsOnItsOrderIsRecordedBeforeAnybodyActsUponIt) {
    const auto is_recorded_at_once = [](const Completion& completion) {
        std::optional<std::vector<std::string>> seen;
        std::function<std::vector<std::string>()> history;
        LocalService runner([&](Context& context, Json) {
            const auto first_fails = [](Context&, int n) {
                if (n == 0) throw Error("Bad", "zero");
            };
            context.map("m", numbers(2), first_fails,
                        {.max_concurrency = 1, .completion = completion, .nesting = Nesting::flat});
            seen = history();
        });
        history = [&] { return runner.history(); };
        runner.start();
        return std::ranges::count(seen.value(), "ContextSucceeded") == 1;
    };
    EXPECT_FALSE(is_recorded_at_once(Completion::all_completed())) << "no order changes that";
    EXPECT_TRUE(is_recorded_at_once({})) << "another one could have failed first";
    EXPECT_TRUE(is_recorded_at_once({.min_successful = 1}));
    EXPECT_TRUE(
        is_recorded_at_once({.should_complete = [](const BatchProgress&) { return CompletionDecision::go_on; }}));
}

TEST(Batch, FlatItemsHaveNoOperation) {
    LocalService runner([](Context& context, Json) {
        return context
            .map("m", numbers(3),
                 [](Context& item, int n) {
                     item.wait("pause", 1s);
                     return item.step("s", [&] { return n; });
                 },
                 {.max_concurrency = 1, .nesting = Nesting::flat})
            .results();
    });
    runner.start();
    runner.advance(10s);
    EXPECT_EQ(runner.result(), "[0,1,2]");
    EXPECT_EQ(std::ranges::count(runner.history(), "ContextStarted"), 1);
}

TEST(Batch, EmptyOnesAreRecorded) {
    LocalService runner([](Context& context, Json) {
        return context.parallel<int>("p", {}).total_count() +
               context.map("m", numbers(0), [](Context&, int) {}).total_count();
    });
    runner.start();
    EXPECT_EQ(runner.result(), "0");
    EXPECT_THAT(runner.history(),
                ElementsAre("ExecutionStarted", "ContextStarted", "ContextSucceeded", "ContextStarted",
                            "ContextSucceeded", "InvocationCompleted", "ExecutionSucceeded"));
}

TEST(Batch, FormatsOfTheAuthorAreUsedForItemsAndForTheWhole) {
    const Serdes<std::string> items{
        .serialize = [](const std::string& text, const SerdesContext&) { return "<" + text + ">"; },
        .deserialize = [](const std::string& text, const SerdesContext&) { return text.substr(1, text.size() - 2); }};
    const Serdes<BatchResult<std::string>> whole{
        .serialize =
            [](const BatchResult<std::string>& batch, const SerdesContext&) {
                std::string joined;
                for (const auto& result : batch.results()) joined += result + ";";
                return joined;
            },
        .deserialize =
            [](const std::string& text, const SerdesContext&) {
                return BatchResult<std::string>({{.index = 0, .status = ItemStatus::succeeded, .result = text}},
                                                CompletionReason::all_completed);
            }};
    LocalService runner([&](Context& context, Json) {
        const auto a = context.map("a", numbers(2), [](Context&, int n) { return std::to_string(n); },
                                   {.max_concurrency = 1, .item_serdes = items});
        const auto b = context.map("b", numbers(2), [](Context&, int n) { return std::to_string(n); },
                                   {.max_concurrency = 1, .item_serdes = items, .serdes = whole});
        context.wait("pause", 1s);
        return a.results().at(1) + b.results().at(0);
    });
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.result(), "\"10;1;\"");
}

TEST(Parallel, BranchesMayDiffer) {
    LocalService runner([](Context& context, Json) {
        return context
            .parallel<Json>("p", {{"text", [](Context&) { return "hello"; }},
                                  {"number", [](Context&) { return 42; }},
                                  {"nothing", [](Context&) {}}})
            .results();
    });
    runner.start();
    EXPECT_EQ(runner.result(), R"(["hello",42,null])");
}

TEST(Parallel, MapsAsFutures) {
    LocalService runner([](Context& context, Json) {
        auto doubled = context.map_async("m", numbers(3), [](Context&, int n) { return 2 * n; });
        auto both = context.parallel_async<int>("p", {[](Context&) { return 1; },
                                                      [](Context& branch) {
                                                          branch.wait("pause", 1s);
                                                          return 2;
                                                      }});
        const auto [m, p] = context.all("both", doubled, both);
        return m.results().back() + p.results().back();
    });
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.result(), "6");
}

TEST(Batch, OneThatShrankIsFoundOut) {
    const auto handler = [](int count) {
        return [count](Context& context, Json) {
            (void)context.map("m", numbers(count), [](Context&, int) { return std::string(100'000, 'x'); });
            context.wait("pause", 1s);
        };
    };
    LocalService runner(handler(5));
    runner.start();
    runner.deploy(handler(4));
    runner.advance(1s);
    EXPECT_EQ(runner.error_type(), "NonDeterministicExecutionError");
    EXPECT_THAT(runner.error_message(), HasSubstr("Map 'm' had 5 items when it was recorded, but now it has 4."));
}

}  // namespace
}  // namespace durable::testing
