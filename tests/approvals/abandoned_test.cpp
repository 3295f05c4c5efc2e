// Requests whose workflow was stopped or failed: ended after their time by whoever looks, and no others.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "approvals/api/abandoned.hpp"
#include "approvals/api/amendments.hpp"
#include "approvals/domain/agreement.hpp"
#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class AbandonedInBothModes : public ::testing::TestWithParam<WaitMode> {
protected:
    /// How many are in the list of those that wait.
    std::size_t listed() {
        const Answer answer = world.api(R"({"action":"list"})");
        return answer.body.find("approvals")->get_if<durable::Json::Array>()->size();
    }

    Alone alone{GetParam()};
    World& world = alone.world;
};

INSTANTIATE_TEST_SUITE_P(Modes, AbandonedInBothModes, ::testing::Values(WaitMode::polling, WaitMode::callback),
                         [](const auto& mode) { return mode.param == WaitMode::polling ? "Polling" : "Callback"; });

TEST_P(AbandonedInBothModes, WhatAStoppedWorkflowLeftPendingIsEndedByWhoeverListsItAfterItsTime) {
    world.start(300);
    world.runner.stop("enough");
    world.runner.advance(300s + 9min);
    EXPECT_EQ(listed(), 1) << "a workflow that is late may end it yet";
    world.runner.advance(2min);
    EXPECT_EQ(listed(), 0);
    EXPECT_EQ(world.record()->status, ApprovalStatus::timeout);
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notified", "timed_out"));
    EXPECT_EQ(world.trail().back().details.at("reason"), "WORKFLOW_ENDED");
    EXPECT_THAT(verify_chain(world.trail()), ElementsAre());
    EXPECT_THAT(disagreements(*world.record(), world.trail()), ElementsAre());
}

TEST_P(AbandonedInBothModes, WhatAStoppedWorkflowLeftPendingIsEndedByWhoeverAsksForItAfterItsTime) {
    world.start(300);
    world.runner.stop("enough");
    const std::string get = R"({"action":"get","approval_id":")" + world.approval_id() + R"("})";
    world.runner.advance(300s + 9min);
    EXPECT_EQ(world.api(get).text("status"), "pending");
    world.runner.advance(2min);
    EXPECT_EQ(world.api(get).text("status"), "timeout");
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notified", "timed_out"));
}

TEST_P(AbandonedInBothModes, WhatWasDecidedStaysInTheListOfThoseAfterItsTime) {
    world.start(300);
    EXPECT_EQ(world.decide("approved", "boss").status, 200);
    world.runner.advance(1h);
    const Answer answer = world.api(R"({"action":"list","status":"approved"})");
    EXPECT_EQ(answer.body.find("approvals")->get_if<durable::Json::Array>()->size(), 1U);
}

/// Knows which workflows run, and who asked.
class FakeWorkflows final : public Workflows {
public:
    Result<bool> is_running(const std::string& execution_arn) override {
        ++asked;
        if (is_out_of_reach) return fail("ServiceException", 500, "not now");
        return running.contains(execution_arn);
    }
    Result<void> resume(const std::string& /*callback_token*/, const std::string& /*decision*/) override { return {}; }
    std::set<std::string> running;
    int asked = 0;
    bool is_out_of_reach = false;
};

TEST(Abandoned, ThoseWhoseWorkflowsRunKeepNoOthersBackAndFewAreLookedAtAtOnce) {
    Alone alone(WaitMode::callback);
    alone.world.start(300);
    const ApprovalRequest first = alone.world.record().value();
    FakeWorkflows workflows;
    ManualClock clock(*parse_iso8601(first.expires_at) + 1h);
    const ApiServices services{.repository = alone.world.services().repository, .workflows = workflows, .clock = clock};
    ApprovalPage all;
    for (int i = 0; i < 8; ++i) {
        all.approvals.push_back(first);
        all.approvals.back().approval_id = fmt::format("a{}", i);
        all.approvals.back().execution_arn = fmt::format("late-{}", i);
        workflows.running.insert(fmt::format("late-{}", i));
    }
    all.approvals.push_back(first);
    const auto silent = std::make_shared<const std::atomic<bool>>(true);
    for (int list = 0; list < 9; ++list) {
        ApprovalPage page = all;
        workflows.asked = 0;
        end_abandoned(services, durable::Logger({}, silent), page);
        EXPECT_LE(workflows.asked, 5);
        EXPECT_GE(page.approvals.size(), 8U);
        clock.advance(1ms);
    }
    EXPECT_EQ(alone.world.record()->status, ApprovalStatus::timeout);
}

TEST(Abandoned, NothingIsEndedOrTakenOfAWorkflowThatCannotBeAskedFor) {
    Alone alone(WaitMode::callback);
    alone.world.start(300);
    ApprovalRequest approval = alone.world.record().value();
    FakeWorkflows workflows;
    workflows.is_out_of_reach = true;
    ManualClock clock(*parse_iso8601(approval.expires_at) + 1h);
    const ApiServices late{.repository = alone.world.services().repository, .workflows = workflows, .clock = clock};
    const auto silent = std::make_shared<const std::atomic<bool>>(true);
    const durable::Logger logger({}, silent);
    end_abandoned(late, logger, approval);
    EXPECT_EQ(approval.status, ApprovalStatus::pending);
    const ApiServices now{.repository = late.repository, .workflows = workflows, .clock = alone.clock};
    const auto taken = take_decision(now, logger, approval.approval_id,
                                     {.voter = {.person = "boss", .groups = {}},
                                      .decision = VoteDecision::approved,
                                      .comments = {},
                                      .stage = {},
                                      .shown_digest = {},
                                      .idempotency_key = {}});
    EXPECT_EQ(taken.error().code, "INTERNAL_ERROR");
    Amendment amendment;
    amendment.requester.person = approval.requester;
    amendment.document_name = "another";
    EXPECT_EQ(take_amendment(now, logger, approval.approval_id, amendment).error().code, "INTERNAL_ERROR");
    EXPECT_EQ(alone.world.record()->status, ApprovalStatus::pending);
    EXPECT_EQ(version_of(*alone.world.record()), 1);
}

TEST_P(AbandonedInBothModes, WhatWaitsForAWorkflowThatIsLateStaysAsItIs) {
    world.start(300);
    alone.tables.before_call = [](const std::string& action) { return action != "TransactWriteItems"; };
    world.runner.advance(300s + 11min);
    alone.tables.before_call = {};
    EXPECT_EQ(listed(), 1);
    EXPECT_EQ(world.record()->status, ApprovalStatus::pending);
    world.runner.advance(1h);
    EXPECT_EQ(world.result().decision, "timeout");
    EXPECT_FALSE(world.trail()[2].details.contains("reason"));
}

}  // namespace
}  // namespace holdpoint::approvals::testing
