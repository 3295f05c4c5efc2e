// Service levels: whatever the requests are, each counts once for each of its groups, and the figures fit each other.
#include "approvals/domain/service_levels.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace holdpoint::approvals {
namespace {

const TimePoint kNow = from_epoch_ms(1'700'000'000'000);

RequestTiming some_timing() {
    const TimePoint created = kNow - Milliseconds{*rc::gen::inRange<std::int64_t>(0, 1'000'000'000)};
    RequestTiming timing{.groups = {*rc::gen::element<std::string>("a", "b", "c")},
                         .status = *rc::gen::element(ApprovalStatus::pending, ApprovalStatus::approved,
                                                     ApprovalStatus::rejected, ApprovalStatus::timeout),
                         .created_at = created,
                         .decided_at = {}};
    if (*rc::gen::arbitrary<bool>() && timing.status != ApprovalStatus::pending)
        timing.decided_at = created + Milliseconds{*rc::gen::inRange<std::int64_t>(0, 1'000'000'000)};
    if (*rc::gen::arbitrary<bool>()) timing.groups.emplace_back("everybody");
    return timing;
}

std::vector<RequestTiming> some_timings() {
    return *rc::gen::container<std::vector<RequestTiming>>(rc::gen::exec(some_timing));
}

TEST(ServiceLevelProperties, EachRequestCountsOnceForEachOfItsGroups) {
    EXPECT_TRUE(rc::check([] {
        const auto timings = some_timings();
        std::int64_t counted = 0;
        for (const GroupLevel& level : service_levels(timings, kNow)) {
            const std::int64_t of_group = level.pending + level.decided + level.breached;
            RC_ASSERT(of_group == std::ranges::count_if(timings, [&](const RequestTiming& timing) {
                          return std::ranges::find(timing.groups, level.name) != timing.groups.end();
                      }));
            counted += of_group;
        }
        std::int64_t expected = 0;
        for (const RequestTiming& timing : timings) expected += std::ssize(timing.groups);
        RC_ASSERT(counted == expected);
    }));
}

TEST(ServiceLevelProperties, HalfIsWithinTheMedianAndNineOfTenWithinTheOther) {
    EXPECT_TRUE(rc::check([] {
        const auto timings = some_timings();
        for (const GroupLevel& level : service_levels(timings, kNow)) {
            RC_ASSERT(level.median_seconds <= level.p90_seconds);
            const auto within = [&](std::int64_t seconds) {
                return std::ranges::count_if(timings, [&](const RequestTiming& timing) {
                    return timing.decided_at && timing.status != ApprovalStatus::timeout &&
                           std::ranges::find(timing.groups, level.name) != timing.groups.end() &&
                           *timing.decided_at - timing.created_at < std::chrono::seconds(seconds + 1);
                });
            };
            RC_ASSERT(within(level.median_seconds) * 2 >= level.decided);
            RC_ASSERT(within(level.p90_seconds) * 10 >= level.decided * 9);
            if (level.decided > 0) RC_ASSERT((within(level.median_seconds - 1)) * 2 < level.decided);
        }
    }));
}

TEST(ServiceLevelProperties, TheOrderInWhichRequestsAreReadMeansNothing) {
    EXPECT_TRUE(rc::check([] {
        auto timings = some_timings();
        const auto before = service_levels(timings, kNow);
        std::ranges::reverse(timings);
        RC_ASSERT(service_levels(timings, kNow) == before);
    }));
}

}  // namespace
}  // namespace holdpoint::approvals
