// Decisions that are refused: explained to whoever sent them, and recorded for the auditor, but never without end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "approvals/domain/links.hpp"
#include "approvals/domain/refused.hpp"
#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using namespace std::chrono_literals;

std::vector<AuditRecord> refusals(World& world) {
    std::vector<AuditRecord> found;
    for (AuditRecord& record : world.trail()) {
        if (record.event == "decision_refused") found.push_back(std::move(record));
    }
    return found;
}

Answer late(World& world, const std::string& person, const std::string& comments = {}) {
    return world.decide("approved", person, comments);
}

struct Expired {
    Expired() {
        alone.world.start(60);
        alone.world.runner.advance(70s);
    }
    Alone alone{WaitMode::callback};
    World& world = alone.world;
};

TEST(RefusedDecisions, ALateOneIsRecordedWithWhoAndWhat) {
    Expired expired;
    World& world = expired.world;
    EXPECT_EQ(late(world, "boss", "sorry").text("error.code"), "APPROVAL_EXPIRED");
    ASSERT_THAT(refusals(world), SizeIs(1));
    const AuditRecord record = refusals(world)[0];
    EXPECT_EQ(record.personal.at("actor").value, "boss");
    EXPECT_EQ(record.personal.at("comments").value, "sorry");
    EXPECT_EQ(record.actor_proof, "claimed");
    EXPECT_EQ(record.details.at("reason"), "APPROVAL_EXPIRED");
    EXPECT_EQ(record.details.at("decision"), "approved");
    EXPECT_EQ(record.shown_digest, "") << "nobody stated what they saw";
    EXPECT_EQ(record.details.at("document_digest"), shown_digest(*world.record()));
    EXPECT_THAT(verify_chain(world.trail()), ElementsAre());
}

TEST(RefusedDecisions, TheSameOneAgainIsAnsweredTheSameAndRecordedOnce) {
    Expired expired;
    const Answer first = late(expired.world, "boss", "sorry");
    const Answer again = late(expired.world, " BOSS", "sorry");
    EXPECT_EQ(first.status, again.status);
    EXPECT_EQ(first.text("error.message"), again.text("error.message"));
    EXPECT_THAT(refusals(expired.world), SizeIs(1));
    EXPECT_EQ(late(expired.world, "boss", "very sorry").status, 409);
    EXPECT_THAT(refusals(expired.world), SizeIs(2));
}

TEST(RefusedDecisions, TwoOfTheSameAtOnceAreRecordedOnce) {
    Expired expired;
    int puts = 0;
    expired.alone.tables.before_call = [&](const std::string& action) {
        if (action == "PutItem" && ++puts == 1) {
            EXPECT_EQ(late(expired.world, "boss").status, 409);
        }
        return true;
    };
    EXPECT_EQ(late(expired.world, "boss").status, 409);
    EXPECT_EQ(puts, 1);
    EXPECT_THAT(refusals(expired.world), SizeIs(1));
    EXPECT_THAT(verify_chain(expired.world.trail()), ElementsAre());
}

TEST(RefusedDecisions, NobodyFillsATrail) {
    Expired expired;
    for (std::size_t i = 0; i < kRefusalsOfPersonMax + 3; ++i) {
        EXPECT_EQ(late(expired.world, "boss", std::to_string(i)).text("error.code"), "APPROVAL_EXPIRED");
    }
    EXPECT_THAT(refusals(expired.world), SizeIs(kRefusalsOfPersonMax));
    for (std::size_t i = 0; i < kRefusalsMax + 3; ++i) late(expired.world, "boss" + std::to_string(i));
    EXPECT_THAT(refusals(expired.world), SizeIs(kRefusalsMax));
}

TEST(RefusedDecisions, WhoIsSecondIsToldWhoWasFirstAndRecorded) {
    Alone alone(WaitMode::callback);
    alone.world.start(60);
    EXPECT_EQ(alone.world.decide("approved", "boss").status, 200);
    EXPECT_EQ(alone.world.decide("rejected", "chief", "no").text("error.details.approver"), "boss");
    EXPECT_EQ(alone.world.decide("approved", "boss").status, 200) << "is the decision itself again";
    ASSERT_THAT(refusals(alone.world), SizeIs(1));
    EXPECT_EQ(refusals(alone.world)[0].details.at("reason"), "APPROVAL_ALREADY_DECIDED");
}

TEST(RefusedDecisions, ARequesterWhoSignsInToApproveIsRecordedByTheKeyOfTheBallot) {
    Alone alone(WaitMode::callback);
    World& world = alone.world;
    world.start(60);
    const auto ballot = [&](const std::string& key) {
        const auto silent = std::make_shared<const std::atomic<bool>>(true);
        return take_decision(world.api_services(), durable::Logger({}, silent), world.approval_id(),
                             {.voter = {.person = "User@Example.com", .groups = {}, .proof = "token"},
                              .decision = VoteDecision::approved,
                              .comments = {},
                              .stage = {},
                              .shown_digest = "what was shown",
                              .idempotency_key = key});
    };
    EXPECT_EQ(ballot("k1").error().code, "OWN_REQUEST");
    EXPECT_EQ(ballot("k1").error().code, "OWN_REQUEST");
    EXPECT_EQ(ballot("k2").error().code, "OWN_REQUEST");
    ASSERT_THAT(refusals(world), SizeIs(2));
    EXPECT_EQ(refusals(world)[0].actor_proof, "token");
    EXPECT_EQ(refusals(world)[0].shown_digest, "what was shown");
    EXPECT_EQ(world.record()->status, ApprovalStatus::pending);
}

TEST(RefusedDecisions, WhatWasDecidedBeforeVotesWereKeptIsTheSameAgainWhenAllOfItIs) {
    Alone alone(WaitMode::polling);
    ApprovalRequest approval;
    approval.approval_id = "a";
    approval.document_id = approval.document_name = "d";
    approval.requester = "req";
    approval.created_at = approval.updated_at = to_iso8601(alone.clock.now());
    approval.expires_at = to_iso8601(alone.clock.now() + 1h);
    approval.status = ApprovalStatus::approved;
    approval.decision = Decision::approved;
    approval.approver = "Boss";
    approval.comments = "fine";
    approval.decided_at = approval.created_at;
    ASSERT_TRUE(alone.world.services().repository.create(approval));
    const auto again = [&](const std::string& decision, const std::string& person, const std::string& comments) {
        return alone.world
            .api(R"({"action":"decide","approval_id":"a","decision":")" + decision + R"(","approver":")" + person +
                 R"(","comments":")" + comments + "\"}")
            .status;
    };
    EXPECT_EQ(again("approved", "boss", "fine"), 200);
    EXPECT_EQ(again("rejected", "boss", "fine"), 409);
    EXPECT_EQ(again("approved", "chief", "fine"), 409);
    EXPECT_EQ(again("approved", "boss", "good"), 409);
}

TEST(RefusedDecisions, WhatCannotBeRecordedIsNotClaimedToBe) {
    Expired expired;
    expired.alone.tables.before_call = [](const std::string& action) { return action != "PutItem"; };
    EXPECT_EQ(late(expired.world, "boss").status, 500);
    expired.alone.tables.before_call = nullptr;
    EXPECT_EQ(late(expired.world, "boss").text("error.code"), "APPROVAL_EXPIRED");
    EXPECT_THAT(refusals(expired.world), SizeIs(1));
}

}  // namespace
}  // namespace holdpoint::approvals::testing
