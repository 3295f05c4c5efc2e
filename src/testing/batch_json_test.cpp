// Batch JSON: what is read from a batch's record is what its items answered, to the last bit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <thread>

#include "sdk/batch_json.hpp"
#include "testing/local_service.hpp"

namespace durable::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// The results of a map, on its first run and on replay.
template <class T, class F>
std::pair<std::vector<T>, std::vector<T>> seen_of(Nesting nesting, const F& body) {
    std::vector<std::vector<T>> seen;
    LocalService runner([&](Context& context, Json) {
        std::vector<int> items(400);
        std::iota(items.begin(), items.end(), 0);
        seen.push_back(context.map("m", items, body, {.nesting = nesting}).results());
        context.wait("pause", 1s);
    });
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.error_message(), "");
    EXPECT_EQ(seen.size(), 2U);
    return {seen.front(), seen.back()};
}

TEST(BatchResults, FractionsAreTheSameOnReplay) {
    const auto fraction = [](Context&, int n) { return std::ldexp(1.0 + (0.618033988749894848 * n), (n % 200) - 100); };
    for (const Nesting nesting : {Nesting::nested, Nesting::flat}) {
        const auto [first, replayed] = seen_of<double>(nesting, fraction);
        EXPECT_EQ(first, replayed);
    }
}

TEST(BatchResults, ObjectsKeepTheirMembersOnReplay) {
    const auto object = [](Context&, int) { return Json::parse(R"({"b":1,"a":2,"b":3,"n":-0.0})"); };
    const auto [first, replayed] = seen_of<Json>(Nesting::nested, object);
    EXPECT_EQ(first, replayed);
    EXPECT_EQ(first.front().dump(), replayed.front().dump());
}

TEST(BatchDecision, OfTheAuthorsIsAskedOneCallAtATimeAboutMoreAndMore) {
    std::atomic<int> inside = 0;
    bool alone = true;
    std::vector<std::size_t> done;  // not guarded: the author's code may rely on it
    LocalService runner([&](Context& context, Json) {
        const auto decide = [&](const BatchProgress& progress) {
            alone = alone && ++inside == 1;
            for (int i = 0; i < 200; ++i) std::this_thread::yield();
            done.push_back(progress.succeeded);
            --inside;
            return CompletionDecision::go_on;
        };
        context.map("m", std::vector<int>(64), [](Context&, int) {}, {.completion = {.should_complete = decide}});
    });
    runner.start();
    EXPECT_TRUE(alone);
    EXPECT_TRUE(std::ranges::is_sorted(done));
    EXPECT_EQ(done.back(), 64U);
}

detail::BatchRecord record_of(const std::string& result) {
    detail::BatchRecord record;
    record.items.push_back({.index = 3,
                            .name = "a \"name\"",
                            .status = ItemStatus::succeeded,
                            .result = {.text = result, .execution_arn = {}, .operation_id = {}},
                            .error = {}});
    record.items.push_back(
        {.index = 4,
         .name = "",
         .status = ItemStatus::failed,
         .result = {},
         .error = ErrorInfo{.type = "T", .message = "m\n", .data = R"({"d":1})", .stack = {"one", "two"}}});
    record.items.push_back({.index = 5, .name = "x", .status = ItemStatus::started, .result = {}, .error = {}});
    record.reason = CompletionReason::min_successful_reached;
    return record;
}

TEST(BatchText, IsReadBackAsItWasWritten) {
    for (const bool json : {true, false}) {
        const auto record = record_of("[1.1e-07, 2]");
        const auto read = detail::read_batch_text(detail::batch_text(record, json), json);
        ASSERT_EQ(read.items.size(), 3U);
        EXPECT_EQ(read.reason, record.reason);
        for (std::size_t i = 0; i < 3; ++i) {
            EXPECT_EQ(read.items[i].index, record.items[i].index);
            EXPECT_EQ(read.items[i].name, record.items[i].name);
            EXPECT_EQ(read.items[i].status, record.items[i].status);
            EXPECT_EQ(read.items[i].error.has_value(), record.items[i].error.has_value());
        }
        EXPECT_EQ(Json::parse(read.items[0].result.text.value()), Json::parse("[1.1e-07,2]"));
        EXPECT_EQ(read.items[1].error->data, R"({"d":1})");
        EXPECT_EQ(read.items[1].error->stack, record.items[1].error->stack);
        EXPECT_FALSE(read.items[2].result.text);
    }
}

TEST(BatchText, WhatIsNoneIsRefused) {
    EXPECT_THROW((void)detail::batch_text(record_of("no json"), true), SerdesError);
    for (const char* text :
         {"", "7", "{}", R"({"items":[]})", R"({"items":[7],"completionReason":"ALL_COMPLETED"})",
          R"({"items":[{"index":-1,"name":"","status":"FAILED"}],"completionReason":"ALL_COMPLETED"})",
          R"({"items":[{"index":0,"name":"","status":"?"}],"completionReason":"ALL_COMPLETED"})"}) {
        try {
            (void)detail::read_batch_text(text, true);
            ADD_FAILURE() << text;
        } catch (const SerdesError& error) {
            EXPECT_THAT(error.what(), HasSubstr("the record of a batch")) << text;
        }
    }
}

}  // namespace
}  // namespace durable::testing
