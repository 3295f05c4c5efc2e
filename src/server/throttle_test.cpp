#include "server/throttle.hpp"

#include <gtest/gtest.h>

namespace holdpoint::server {
namespace {

TEST(Throttle, LetsEachCallerDoItsShareOfASecond) {
    ManualClock clock(from_epoch_ms(0));
    Throttle throttle(clock, 2);
    EXPECT_TRUE(throttle.admits("a"));
    EXPECT_TRUE(throttle.admits("a"));
    EXPECT_FALSE(throttle.admits("a"));
    EXPECT_TRUE(throttle.admits("b")) << "who has a share of its own";
    clock.advance(Milliseconds{500});
    EXPECT_TRUE(throttle.admits("a"));
    EXPECT_FALSE(throttle.admits("a"));
    clock.advance(Milliseconds{60000});
    EXPECT_TRUE(throttle.admits("a"));
    EXPECT_TRUE(throttle.admits("a"));
    EXPECT_FALSE(throttle.admits("a")) << "a quiet minute saves up no more than a second";
}

TEST(Throttle, LessThanOneASecondIsOneAtATime) {
    ManualClock clock(from_epoch_ms(0));
    Throttle throttle(clock, 0.5);
    EXPECT_TRUE(throttle.admits("a"));
    clock.advance(Milliseconds{1000});
    EXPECT_FALSE(throttle.admits("a"));
    clock.advance(Milliseconds{1000});
    EXPECT_TRUE(throttle.admits("a"));
}

TEST(Throttle, ForgetsWhoIsQuiet) {
    ManualClock clock(from_epoch_ms(0));
    Throttle throttle(clock, 1);
    for (int i = 0; i < 10000; ++i) ASSERT_TRUE(throttle.admits(std::to_string(i)));
    EXPECT_FALSE(throttle.admits("7"));
    clock.advance(Milliseconds{1000});
    EXPECT_TRUE(throttle.admits("new"));
    EXPECT_EQ(throttle.callers(), 1U);
    EXPECT_TRUE(throttle.admits("7"));
}

}  // namespace
}  // namespace holdpoint::server
