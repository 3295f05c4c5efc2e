// Which events are under way and which wait in their rows, line by line, and what a clock that is set makes of them.
// The test plays the processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "engine/event_queue.hpp"
#include "engine/test_server.hpp"
#include "functions/registry.hpp"

namespace holdpoint::engine {
namespace {

using namespace test;
using ::testing::ElementsAre;

/// How many of one function are under way at most; half of them over, and the line is filled up.
constexpr std::size_t kLine = 128;

class EventLines : public QueueTest {
protected:
    EventLines() {
        for (const char* name : {"a", "b", "c"}) {
            functions::Function function;
            function.name = function.executable = name;
            function.code_sha256 = "code";
            command([&](store::Transaction& rows) {
                rows.apply(functions::create_function(rows, function, clock_.now(), "revision")->writes);
            });
        }
    }

    static Event event(const std::string& function, const std::string& payload) {
        return {.function = {.name = function, .qualifier = {}, .account = {}, .region = {}}, .payload = payload};
    }
    /// A millisecond apart, each with a payload of its own.
    void submit(const std::string& function, std::size_t count = 1) {
        for (std::size_t i = 0; i < count; ++i) {
            queue_.submit(event(function, std::to_string(++submitted_)), [](const std::string&) {});
            run();
            clock_.advance(1ms);
        }
    }
    /// As others do that write the row with rows of their own.
    void write(const std::string& function, std::size_t count = 1) {
        command([&](store::Transaction& rows) {
            for (std::size_t i = 0; i < count; ++i) {
                const std::string payload = std::to_string(++submitted_);
                rows.apply({EventQueue::queued(event(function, payload), "id-" + payload, clock_.now())});
            }
        });
    }
    /// The first ones of these functions end in one batch.
    void end_first(std::size_t count, const std::set<std::string>& names) {
        std::map<std::string, std::size_t> ended;
        for (const Work& work : std::vector(workforce_.works)) {
            if (!names.contains(work.function.name) || ended[work.function.name]++ >= count) continue;
            work.done({.body = "1", .error = {}, .log_tail = {}});
        }
        run();
    }
    std::size_t given(const std::string& function) const {
        return static_cast<std::size_t>(
            std::ranges::count_if(workforce_.works, [&](const Work& work) { return work.function.name == function; }));
    }
    std::size_t rows() const { return count(Space::events); }

    int submitted_ = 0;
};

// Once the clock was set back, what waits begins before what is under way.
TEST_F(EventLines, WhatIsUnderWayIsNotTakenAgainWhenItsLineIsFilledUp) {
    submit("a", kLine + 1);
    clock_.set_back(1s);
    submit("a");
    clock_.advance(1s);
    EXPECT_EQ(given("a"), kLine);
    end_first(kLine / 2, {"a"});
    ASSERT_EQ(given("a"), kLine + 2);
    std::set<std::string> payloads;
    for (std::size_t which = kLine / 2; which < kLine + 2; ++which) {
        const auto payload = begin(which);
        ASSERT_TRUE(payload);
        EXPECT_TRUE(payloads.insert(*payload).second) << *payload << " was invoked twice";
        end(which);
    }
    EXPECT_EQ(rows(), 0U);
    EXPECT_EQ(given("a"), kLine + 2);
}

TEST_F(EventLines, ALineIsFilledUpWithItsOwn) {
    for (std::size_t i = 0; i < kLine + 70; ++i) {
        submit("a");
        submit("b");
    }
    EXPECT_EQ(given("a"), kLine);
    EXPECT_EQ(given("b"), kLine);
    end_first(kLine / 2, {"a"});
    EXPECT_EQ(given("a"), kLine + kLine / 2);
    EXPECT_EQ(given("b"), kLine);
}

// What waits lies so far apart that one command cannot read up to the next one.
TEST_F(EventLines, AsMuchIsReadAsALineNeedsAndLinesTakeTurns) {
    submit("a", kLine);
    submit("b", kLine);
    submit("c", kLine);
    submit("a");
    submit("b");
    submit("c", 300);
    submit("a");
    submit("b");
    const std::size_t before = workforce_.works.size();
    ASSERT_EQ(before, 3 * kLine);
    end_first(kLine / 2, {"a", "b"});
    std::vector<std::string> names;
    for (std::size_t which = before; which < workforce_.works.size(); ++which) {
        names.push_back(workforce_.works.at(which).function.name);
    }
    EXPECT_THAT(names, ElementsAre("a", "b", "a", "b"));
}

TEST_F(EventLines, OneLookLeadsToTheNextUntilAllIsFound) {
    for (const char* name : {"a", "b", "c"}) write(name, kLine);
    look();
    EXPECT_EQ(workforce_.works.size(), 3 * kLine) << "of one millisecond, which is not over";
}

TEST_F(EventLines, WhatBeganWhileTheClockWasAheadIsInvokedOnce) {
    clock_.advance(48h);
    submit("a");
    EXPECT_EQ(begin(0), "1");
    clock_.set_back(48h);
    look();
    end(0);
    EXPECT_EQ(rows(), 0U);
    clock_.advance(1s);
    look();
    EXPECT_EQ(given("a"), 1U);
}

TEST_F(EventLines, WhatWasAcceptedWhileTheClockWasAheadGrowsOldFromNowOn) {
    clock_.advance(48h);
    submit("a");
    clock_.set_back(48h);
    look();
    clock_.advance(5h);
    look();
    EXPECT_EQ(rows(), 1U);
    clock_.advance(2h);
    look();
    EXPECT_EQ(rows(), 0U);
    EXPECT_EQ(begin(0), std::nullopt);
}

TEST_F(EventLines, WhatIsSubmittedAfterTheClockWasSetBackIsFoundHoweverLateTheLook) {
    submit("a");
    clock_.set_back(10s);
    queue_.submit(event("b", "{}"), [](const std::string&) {});
    writer_.run_queued();
    clock_.advance(200ms);
    run();
    EXPECT_EQ(given("b"), 1U);
}

// The clock had passed the time of the last look again before anybody looked.
TEST_F(EventLines, WhatWasWrittenWhileTheClockWasALittleBehindIsFoundWithinASecond) {
    look();
    clock_.set_back(50ms);
    write("a");
    clock_.advance(60ms);
    look();
    clock_.advance(1s);
    look();
    EXPECT_EQ(given("a"), 1U);
}

}  // namespace
}  // namespace holdpoint::engine
