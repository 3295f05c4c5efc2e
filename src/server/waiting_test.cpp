#include "server/waiting.hpp"

#include <gtest/gtest.h>

#include "topics/deliveries.hpp"

namespace holdpoint::server {
namespace {

TEST(WaitingTest, IsCountedNowAndThenAndNotByWhoAsks) {
    ManualClock clock(from_epoch_ms(1000));
    const auto store = store::make_memory_store();
    const auto put = [&](Space space, const std::string& key) {
        const auto transaction = store->begin();
        transaction->apply({{space, key, "{}"}});
        transaction->commit();
    };
    Waiting waiting(clock, *store);
    EXPECT_EQ(waiting.counts().timers, 0U);
    put(Space::timers, "a");
    put(Space::timers, "b");
    put(Space::events, "a");
    put(Space::deliveries, topics::lane_range(topics::Lane::endpoints).first);
    put(Space::deliveries, topics::lane_range(topics::Lane::mail).first);
    EXPECT_EQ(waiting.counts().timers, 0U);
    waiting.each_second();
    const WaitingCounts counts = waiting.counts();
    EXPECT_EQ(counts.timers, 2U);
    EXPECT_EQ(counts.events, 1U);
    EXPECT_EQ(counts.deliveries, 1U);
    EXPECT_EQ(counts.mails, 1U);
    put(Space::timers, "c");
    clock.advance(kWaitingCountedEach - Milliseconds(1));
    waiting.each_second();
    EXPECT_EQ(waiting.counts().timers, 2U);
    clock.advance(Milliseconds(1));
    waiting.each_second();
    EXPECT_EQ(waiting.counts().timers, 3U);
}

}  // namespace
}  // namespace holdpoint::server
