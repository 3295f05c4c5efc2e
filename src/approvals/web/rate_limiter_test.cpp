#include "approvals/web/rate_limiter.hpp"

#include <gtest/gtest.h>

namespace holdpoint::approvals {
namespace {

using namespace std::chrono_literals;

TEST(RateLimiter, LetsEachDoItsShareAndSaysHowLongToWait) {
    ManualClock clock(from_epoch_ms(0));
    RateLimiter limiter({.burst = 3, .interval = 2s}, clock);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.take("ann"), 0ms) << i;
    EXPECT_EQ(limiter.take("ann"), 2s);
    EXPECT_EQ(limiter.take("bob"), 0ms) << "each has a bucket of their own";
    clock.advance(500ms);
    EXPECT_EQ(limiter.take("ann"), 1500ms) << "who is refused pays nothing";
    clock.advance(1500ms);
    EXPECT_EQ(limiter.take("ann"), 0ms);
    EXPECT_EQ(limiter.take("ann"), 2s);
    clock.advance(1h);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.take("ann"), 0ms) << "no more than a burst is saved up";
    EXPECT_GT(limiter.take("ann"), 0ms);
}

TEST(RateLimiter, ForgetsWhoWasQuietTheLongestAndNeverGrowsBeyondItsBounds) {
    ManualClock clock(from_epoch_ms(0));
    RateLimiter limiter({.burst = 1, .interval = 1h}, clock);
    EXPECT_EQ(limiter.take("ann"), 0ms);
    EXPECT_EQ(limiter.take("bob"), 0ms);
    for (std::size_t i = 0; i < RateLimiter::kKeysMax - 1; ++i) {
        EXPECT_EQ(limiter.take(std::to_string(i)), 0ms);
        EXPECT_GT(limiter.take("ann"), 0ms) << "who goes on is remembered";
    }
    EXPECT_EQ(limiter.size(), RateLimiter::kKeysMax);
    EXPECT_EQ(limiter.take("bob"), 0ms) << "forgotten";
}

}  // namespace
}  // namespace holdpoint::approvals
