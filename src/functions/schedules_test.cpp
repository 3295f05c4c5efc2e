// Schedules: when each is due, whatever the clock did meanwhile.
#include "functions/schedules.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/overlay_rows.hpp"

namespace holdpoint::functions {
namespace {

using namespace std::chrono_literals;

const TimePoint kStart = from_epoch_ms(1'700'000'000'000);

class SchedulesTest : public ::testing::Test {
protected:
    void put(std::optional<TimePoint> next_at) {
        rows_.write({put_schedule({.name = "app-FTick",
                                   .function = "app-F",
                                   .qualifier = "live",
                                   .every = 1h,
                                   .input = R"({"a":1})",
                                   .next_at = next_at})});
    }
    /// How many are due; they are taken.
    std::size_t due(TimePoint now) {
        const DueSchedules taken = take_due(rows_, now);
        rows_.write(taken.writes);
        return taken.due.size();
    }
    TimePoint next_at() { return find_schedule(rows_, "app-FTick").value().next_at.value(); }

    NoRows none_;
    OverlayRows rows_{none_};
};

TEST_F(SchedulesTest, IsKeptAsItWasPut) {
    put(kStart);
    const Schedule kept = find_schedule(rows_, "app-FTick").value();
    EXPECT_EQ(kept.function, "app-F");
    EXPECT_EQ(kept.qualifier, "live");
    EXPECT_EQ(kept.every, 1h);
    EXPECT_EQ(kept.input, R"({"a":1})");
    EXPECT_EQ(put_schedule(kept), put_schedule(find_schedule(rows_, "app-FTick").value()));
    rows_.write({erase_schedule("app-FTick")});
    EXPECT_FALSE(find_schedule(rows_, "app-FTick"));
}

TEST_F(SchedulesTest, IsDueOnceForEachPeriod) {
    put(kStart + 1h);
    EXPECT_EQ(due(kStart), 0U);
    EXPECT_EQ(due(kStart + 59min), 0U);
    EXPECT_EQ(due(kStart + 1h), 1U);
    EXPECT_EQ(due(kStart + 1h), 0U);
    EXPECT_EQ(due(kStart + 2h + 3s), 1U) << "a little late";
    EXPECT_EQ(next_at(), kStart + 3h) << "and not later for that";
}

TEST_F(SchedulesTest, AfterALongTimeItIsDueOnceAndThenAsItAlwaysWas) {
    put(kStart + 1h);
    EXPECT_EQ(due(kStart + 50h + 20min), 1U);
    EXPECT_EQ(due(kStart + 50h + 20min), 0U);
    EXPECT_EQ(next_at(), kStart + 51h);
}

TEST_F(SchedulesTest, AClockThatIsSetBackDoesNotSilenceIt) {
    put(kStart + 1h);
    EXPECT_EQ(due(kStart - 24h), 0U);
    EXPECT_EQ(due(kStart - 23h), 1U);
}

TEST_F(SchedulesTest, OneThatIsOffIsNeverDue) {
    put(std::nullopt);
    EXPECT_EQ(due(kStart + 10000h), 0U);
}

TEST_F(SchedulesTest, TheEventSaysWhatEventBridgeSays) {
    put(kStart);
    const auto event = boost::json::parse(scheduled_event(find_schedule(rows_, "app-FTick").value(), "id-1",
                                                          kStart + 123ms, "us-east-1", "000000000000"));
    EXPECT_EQ(event,
              boost::json::parse(R"({"version":"0","id":"id-1","detail-type":"Scheduled Event","source":"aws.events",
        "account":"000000000000","time":"2023-11-14T22:13:20Z","region":"us-east-1",
        "resources":["arn:aws:events:us-east-1:000000000000:rule/app-FTick"],"detail":{}})"));
}

}  // namespace
}  // namespace holdpoint::functions
