// Service levels: what counts for whom, and the text that Prometheus reads.
#include "approvals/domain/service_levels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdpoint::approvals {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const TimePoint kNow = from_epoch_ms(1'700'000'000'000);

RequestTiming pending(std::vector<std::string> groups, Milliseconds age) {
    return {.groups = std::move(groups), .status = ApprovalStatus::pending, .created_at = kNow - age, .decided_at = {}};
}
RequestTiming decided(std::vector<std::string> groups, Milliseconds after,
                      ApprovalStatus status = ApprovalStatus::approved) {
    return {.groups = std::move(groups), .status = status, .created_at = kNow - 24h, .decided_at = kNow - 24h + after};
}
RequestTiming undecided(std::vector<std::string> groups, ApprovalStatus status) {
    return {.groups = std::move(groups), .status = status, .created_at = kNow - 24h, .decided_at = {}};
}
Stage stage(std::string name, std::optional<Approvers> approvers) {
    return {.name = std::move(name), .approvers = std::move(approvers), .required = 1, .of = {}};
}

TEST(ServiceLevels, ARequestCountsForTheGroupsThatItsStagesName) {
    EXPECT_THAT(groups_of({}), ElementsAre("anyone"));
    EXPECT_THAT(groups_of({stage("first", std::nullopt)}), ElementsAre("anyone"));
    EXPECT_THAT(groups_of({stage("money", Approvers{.people = {"ann@example.com"}, .groups = {"finance", "board"}}),
                           stage("law", Approvers{.people = {}, .groups = {"legal"}}),
                           stage("again", Approvers{.people = {}, .groups = {"finance"}})}),
                ElementsAre("finance", "board", "legal"));
}

TEST(ServiceLevels, NobodyIsMeasuredByName) {
    EXPECT_THAT(groups_of({stage("team leads", Approvers{.people = {"ann@example.com"}, .groups = {}})}),
                ElementsAre("team leads"));
}

TEST(ServiceLevels, CountsWhatWaitsWhatWasDecidedAndWhatCameTooLate) {
    const auto levels = service_levels(
        {pending({"finance", "legal"}, 90min), pending({"finance"}, 5s), decided({"finance"}, 10s),
         decided({"finance"}, 40s, ApprovalStatus::rejected), decided({"finance"}, 20s),
         undecided({"finance"}, ApprovalStatus::timeout), undecided({"finance"}, ApprovalStatus::rejected)},
        kNow);
    EXPECT_THAT(levels, ElementsAre(GroupLevel{.name = "finance",
                                               .pending = 2,
                                               .oldest_seconds = 5400,
                                               .decided = 3,
                                               .median_seconds = 20,
                                               .p90_seconds = 40,
                                               .decided_seconds = 70,
                                               .breached = 2},
                                    GroupLevel{.name = "legal", .pending = 1, .oldest_seconds = 5400}));
    EXPECT_THAT(service_levels({}, kNow), IsEmpty());
}

TEST(ServiceLevels, AClockThatRunsAheadMakesNoNegativeAges) {
    const auto levels = service_levels({pending({"a"}, -5s), decided({"a"}, -5s)}, kNow);
    EXPECT_EQ(levels.front().oldest_seconds, 0);
    EXPECT_EQ(levels.front().median_seconds, 0);
}

TEST(ServiceLevels, AreMetricsThatPrometheusReads) {
    const std::string text =
        to_prometheus(service_levels({pending({"say \"hi\\\"\n"}, 5s), decided({"legal"}, 20s)}, kNow), true);
    EXPECT_THAT(text, HasSubstr("# TYPE holdpoint_approvals_pending gauge\n"
                                "holdpoint_approvals_pending{group=\"legal\"} 0\n"
                                "holdpoint_approvals_pending{group=\"say \\\"hi\\\\\\\"\\n\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("holdpoint_approvals_time_to_decision_seconds{group=\"legal\",quantile=\"0.9\"} 20\n"));
    EXPECT_THAT(text, HasSubstr("holdpoint_approvals_time_to_decision_seconds_count{group=\"legal\"} 1\n"));
    EXPECT_THAT(text, Not(HasSubstr("{group=\"say \\\"hi\\\\\\\"\\n\",quantile"))) << "there is no quantile of nothing";
    EXPECT_THAT(text, HasSubstr("holdpoint_approvals_complete 1\n"));
    EXPECT_THAT(to_prometheus({}, false), HasSubstr("holdpoint_approvals_complete 0\n"));
}

}  // namespace
}  // namespace holdpoint::approvals
