#include "engine/timers.hpp"

#include <gtest/gtest.h>

#include <future>

#include "core/rows.hpp"
#include "engine/test_kit.hpp"

namespace holdpoint::engine {
namespace {

using namespace test;

/// Counts how often somebody looked.
class LookedAtStore final : public store::Store {
public:
    std::unique_ptr<store::Transaction> begin() override { return store_->begin(); }
    std::uint64_t changes(Space space) const override { return store_->changes(space); }
    std::unique_ptr<RowReader> snapshot() override {
        ++looks;
        return store_->snapshot();
    }

    std::atomic<int> looks = 0;

private:
    std::unique_ptr<store::Store> store_ = store::make_memory_store();
};

class TimersTest : public ::testing::Test {
protected:
    ~TimersTest() override { timers_.stop(); }

    void run() {
        timers_.run([this](std::uint64_t number) { fired_.put(number); }, [this] { ++seconds_; });
    }
    void write(TimePoint due, std::uint64_t number, bool there = true) {
        const auto transaction = store_.begin();
        transaction->apply(
            {{Space::timers, core::timer_key(due, number), there ? std::optional<std::string>("") : std::nullopt}});
        transaction->commit();
    }
    /// Ends the sleep, which would take a real second.
    void look() { timers_.note(from_epoch_ms(0)); }
    void wait_for_look() {
        const int before = store_.looks;
        look();
        ASSERT_TRUE(eventually([&] { return store_.looks > before + 1; }));
    }

    SharedClock clock_;
    LookedAtStore store_;
    Box<std::uint64_t> fired_;
    std::atomic<int> seconds_ = 0;
    Timers timers_{clock_, store_};
};

TEST_F(TimersTest, WhatIsDueFiresInOrderAndNothingElseDoes) {
    const TimePoint now = clock_.now();
    write(now + 1ms, 4);
    write(now, 3);
    write(now - 5s, 1);
    write(now - 1s, 2);
    run();
    for (const std::uint64_t number : {1U, 2U, 3U}) EXPECT_EQ(fired_.take(), number);
    wait_for_look();
    EXPECT_EQ(fired_.size(), 0U) << "neither early, nor a second time while its command waits";
    clock_.advance(1ms);
    look();
    EXPECT_EQ(fired_.take(), 4U);
}

TEST_F(TimersTest, WithoutAThreadTheCallerSleepsAndFires) {
    std::vector<std::uint64_t> fired;
    const auto fire = [&](std::uint64_t number) { fired.push_back(number); };
    write(clock_.now() + 300ms, 1);
    timers_.watch(clock_.now() + 200ms, 2);
    timers_.fire_due(fire);
    EXPECT_TRUE(fired.empty());
    EXPECT_EQ(timers_.sleep(), 200ms);
    clock_.advance(timers_.sleep());
    timers_.fire_due(fire);
    EXPECT_EQ(fired, std::vector<std::uint64_t>{2});
    EXPECT_EQ(timers_.sleep(), 100ms);
    clock_.advance(100ms);
    timers_.fire_due(fire);
    EXPECT_EQ(fired, (std::vector<std::uint64_t>{2, 1}));
    EXPECT_EQ(timers_.sleep(), 1s) << "nothing else is known: it looks again all the same";
}

TEST_F(TimersTest, TheSleepEndsWithTheFirstOfWhatIsNoted) {
    timers_.fire_due([](std::uint64_t) {});
    timers_.note(clock_.now() + 300ms);
    timers_.note(clock_.now() + 500ms);
    EXPECT_EQ(timers_.sleep(), 300ms);
}

TEST_F(TimersTest, WhatIsNotedEndsTheSleep) {
    run();
    ASSERT_TRUE(eventually([&] { return store_.looks > 0; }));
    write(clock_.now(), 7);
    timers_.note(clock_.now());
    EXPECT_EQ(fired_.take(), 7U);
}

TEST_F(TimersTest, WhatIsWatchedFiresOnceWithoutARow) {
    run();
    timers_.watch(clock_.now() + 500ms, 9);
    wait_for_look();
    EXPECT_EQ(fired_.size(), 0U);
    clock_.advance(500ms);
    look();
    EXPECT_EQ(fired_.take(), 9U);
    wait_for_look();
    EXPECT_EQ(fired_.size(), 0U);
}

// What was watched stayed until it was due, an approval's day long; each took room and fired for nothing.
TEST_F(TimersTest, OnlyTheLastWatchOfAnExecutionCountsAndOnlyInFlight) {
    std::vector<std::uint64_t> fired;
    const auto fire = [&](std::uint64_t number) { fired.push_back(number); };
    timers_.watch(clock_.now() + 100ms, 1);
    timers_.watch(clock_.now() + 300ms, 1);
    timers_.watch(clock_.now() + 100ms, 2);
    timers_.watch(std::nullopt, 2);
    clock_.advance(200ms);
    timers_.fire_due(fire);
    EXPECT_TRUE(fired.empty());
    clock_.advance(100ms);
    timers_.fire_due(fire);
    EXPECT_EQ(fired, std::vector<std::uint64_t>{1});
}

// The timer saw the time before the clock was set back, the execution the one after: nothing was due for it. Its row
// stays, and would never have fired again.
TEST_F(TimersTest, AClockThatIsSetBackDelaysButLosesNothing) {
    write(clock_.now(), 5);
    run();
    EXPECT_EQ(fired_.take(), 5U);
    clock_.set_back(60s);
    wait_for_look();
    clock_.advance(60s);
    look();
    EXPECT_EQ(fired_.take(), 5U);
    clock_.advance(5s);
    look();
    EXPECT_EQ(fired_.take(), 5U) << "also when nobody looked in between";
    write(clock_.now() - 5s, 5, false);
}

TEST_F(TimersTest, MoreThanAPageIsDueAtOnce) {
    for (std::uint64_t number = 1; number <= 1500; ++number) write(clock_.now(), number);
    run();
    for (std::uint64_t number = 1; number <= 1500; ++number) {
        ASSERT_EQ(fired_.take(), number);
        write(clock_.now(), number, false);
    }
}

TEST_F(TimersTest, TheNextPageDoesNotWaitForTheNextSecond) {
    for (std::uint64_t number = 1; number <= 1500; ++number) write(clock_.now(), number);
    std::vector<std::uint64_t> fired;
    timers_.fire_due([&](std::uint64_t number) { fired.push_back(number); });
    EXPECT_EQ(fired.size(), 1000U);
    EXPECT_EQ(timers_.sleep(), 10ms);
}

// A thousand approvals that wait for their day made it look a hundred times a second.
TEST_F(TimersTest, ManyThatWaitDoNotKeepItAwake) {
    for (std::uint64_t number = 1; number <= 1500; ++number) write(clock_.now() + 1h, number);
    const SystemClock clock;
    run();
    ASSERT_TRUE(eventually([&] { return store_.looks >= 1; }));
    const auto from = clock.monotonic();
    ASSERT_TRUE(eventually([&] { return store_.looks >= 2; }));
    EXPECT_GT(clock.monotonic() - from, 500ms);
}

TEST_F(TimersTest, EachSecondFollowsTheMonotonicClock) {
    run();
    clock_.set_back(1h);
    for (int second = 1; second <= 3; ++second) {
        clock_.advance(1s);
        look();
        EXPECT_TRUE(eventually([&] { return seconds_ >= second; }));
    }
    EXPECT_EQ(seconds_, 3);
}

TEST(TimersDeathTest, ADiskThatCannotBeReadEndsTheServerAndSaysWhy) {
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    const auto read = [] {
        const SystemClock clock;
        UnreadableStore store;
        Timers timers(clock, store);
        timers.run([](std::uint64_t) {}, [] {});
        std::promise<void>().get_future().wait();
    };
    EXPECT_EXIT(read(), ::testing::ExitedWithCode(70), "what was acknowledged is safe.*disk I/O error");
}

}  // namespace
}  // namespace holdpoint::engine
