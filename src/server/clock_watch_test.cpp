#include "server/clock_watch.hpp"

#include <gtest/gtest.h>

#include "engine/test_kit.hpp"

namespace holdpoint::server {
namespace {

using namespace std::chrono_literals;

TEST(ClockWatchTest, TellsByHowMuchTheClockWasSet) {
    engine::test::SharedClock clock;
    ClockWatch watch(clock);
    EXPECT_EQ(watch.set_by(), std::nullopt);
    clock.advance(1s);
    clock.set_back(900ms);
    EXPECT_EQ(watch.set_by(), std::nullopt);
    clock.set_back(48h);
    EXPECT_EQ(watch.set_by(), -48h);
    clock.advance(1s);
    EXPECT_EQ(watch.set_by(), std::nullopt) << "said once";
    clock.set_back(-48h);
    EXPECT_EQ(watch.set_by(), 48h);
}

}  // namespace
}  // namespace holdpoint::server
