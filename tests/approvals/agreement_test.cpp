// Records that people are shown, held against the chains that prove them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <sstream>

#include "approvals/domain/agreement.hpp"
#include "approvals/repository/agreements.hpp"
#include "approvals/repository/audit_store.hpp"
#include "approvals/repository/items.hpp"
#include "approvals/repository/stack_check.hpp"
#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using namespace std::chrono_literals;

constexpr auto kEvent =
    R"({"document_id":"d","document_name":"Travel","requester":"req@x","timeout_seconds":300,"fields":{"amount":"100 EUR"},
        "policy":{"name":"travel","stages":[{"name":"team","approvers":{"people":["ann@x","bob@x","cal@x"]},"required":2}],
                  "escalation":{"after_seconds":100,"to":{"people":["boss@x"]},"extend_seconds":50}}})";

class AgreementTest : public ::testing::Test {
protected:
    AgreementTest() { world.start(std::string(kEvent)); }

    void amend() {
        ASSERT_EQ(world
                      .api(R"({"action":"amend","approval_id":")" + world.approval_id() +
                           R"(","requester":"req@x","fields":{"amount":"120 EUR"}})")
                      .status,
                  200);
    }
    void vote(const std::string& decision, const std::string& person) {
        ASSERT_EQ(world.decide(decision, person, "said by " + person).status, 200) << person;
        EXPECT_THAT(disagreements(*world.record(), world.trail()), IsEmpty()) << person;
    }
    void put(const ApprovalRequest& record) {
        ASSERT_TRUE(client.json("dynamodb", "DynamoDB_20120810.PutItem",
                                {{"TableName", "approvals"}, {"Item", to_item(record)}}));
    }

    Alone alone{WaitMode::callback};
    World& world = alone.world;
    aws::Client client{configuration_of_tests(), alone.tables, alone.clock, alone.random,
                       [](std::chrono::milliseconds) {}};
};

TEST_F(AgreementTest, RecordAndChainAgreeWhateverHappens) {
    EXPECT_THAT(disagreements(*world.record(), world.trail()), IsEmpty());
    vote("changes_requested", "ann@x");
    amend();
    EXPECT_THAT(disagreements(*world.record(), world.trail()), IsEmpty());
    world.runner.advance(150s);
    EXPECT_THAT(world.trail_events(), Contains("escalated"));
    EXPECT_THAT(disagreements(*world.record(), world.trail()), IsEmpty());
    vote("approved", "bob@x");
    vote("approved", "boss@x");
    EXPECT_EQ(world.record()->status, ApprovalStatus::approved);
    world.runner.advance(1s);
    EXPECT_THAT(disagreements(*world.record(), world.trail()), IsEmpty());
}

TEST_F(AgreementTest, NobodyDecidesInTime) {
    world.runner.advance(20min);
    EXPECT_EQ(world.record()->status, ApprovalStatus::timeout);
    EXPECT_THAT(disagreements(*world.record(), world.trail()), IsEmpty());
}

TEST_F(AgreementTest, ARecordThatWasChangedByHandIsNamed) {
    amend();
    world.runner.advance(10s);
    vote("approved", "bob@x");
    vote("approved", "cal@x");
    const auto said = [&](const std::function<void(ApprovalRequest&)>& forge) {
        ApprovalRequest forged = *world.record();
        forge(forged);
        std::vector<AuditRecord> kept = world.trail();
        for (AuditRecord& record : kept) keep_compared(record);
        ApprovalRequest kept_record = forged;
        keep_compared(kept_record);
        EXPECT_EQ(disagreements(kept_record, kept), disagreements(forged, world.trail()));
        return disagreements(forged, world.trail());
    };
    const std::string id = world.approval_id();
    EXPECT_THAT(said([](auto& r) { r.status = ApprovalStatus::rejected; }),
                ElementsAre(id + ": its record says status 'rejected', and its chain 'approved'"));
    EXPECT_THAT(said([](auto& r) { r.decision = Decision::rejected; }), ElementsAre(HasSubstr("decision 'rejected'")));
    EXPECT_THAT(said([](auto& r) { r.approver = "boss@x"; }), ElementsAre(HasSubstr("approver 'boss@x'")));
    EXPECT_THAT(said([](auto& r) { r.comments = "never"; }), ElementsAre(HasSubstr("comments 'never'")));
    EXPECT_THAT(said([](auto& r) { r.decided_at = r.created_at; }), ElementsAre(HasSubstr("decided_at")));
    EXPECT_THAT(said([](auto& r) { r.fields->at(0).value = "900 EUR"; }), ElementsAre(HasSubstr("shown_digest")));
    EXPECT_THAT(said([](auto& r) { r.requester = "ann@x"; }), ElementsAre(HasSubstr("shown_digest")));
    EXPECT_THAT(said([](auto& r) { r.expires_at = "2099-01-01T00:00:00.000Z"; }),
                ElementsAre(HasSubstr("expires_at '2099")));
    EXPECT_THAT(said([](auto& r) { r.escalated_at = r.created_at; }), ElementsAre(HasSubstr("escalated_at")));
    EXPECT_THAT(said([](auto& r) { r.amendable = false; }), ElementsAre(HasSubstr("amendable 'false'")));
    EXPECT_THAT(said([](auto& r) { r.kind = "expense"; }), ElementsAre(HasSubstr("kind 'expense', and its chain 'doc")))
        << "it is on the screen, too";
    EXPECT_THAT(said([](auto& r) { r.kind = "document"; }), IsEmpty()) << "the same without one";
    EXPECT_THAT(said([](auto& r) { r.policy->policy.stages[0].required = 1; }), ElementsAre(HasSubstr("policy_digest")))
        << "also when the digest beside it is left as it was";
    EXPECT_THAT(said([](auto& r) { r.policy.reset(); }), ElementsAre(HasSubstr("policy_digest ''")));
    EXPECT_THAT(said([](auto& r) { r.votes->pop_back(); }),
                ElementsAre(id + ": its record has 1 votes, and its chain 2"));
    EXPECT_THAT(said([](auto& r) { r.votes.reset(); }), ElementsAre(HasSubstr("its record has 0 votes")));
    EXPECT_THAT(said([](auto& r) { r.votes->at(0).person = "ann@x"; }), ElementsAre(HasSubstr("votes[0].person")));
    EXPECT_THAT(said([](auto& r) { r.votes->at(0).decision = VoteDecision::rejected; }),
                ElementsAre(HasSubstr("votes[0].decision 'rejected'")));
    EXPECT_THAT(said([](auto& r) { r.votes->at(1).at = r.created_at; }), ElementsAre(HasSubstr("votes[1].at")));
    EXPECT_THAT(said([](auto& r) { r.votes->at(1).comments = ""; }), ElementsAre(HasSubstr("votes[1].comments")));
    EXPECT_THAT(said([](auto& r) { r.votes->at(1).proof = "oidc"; }), ElementsAre(HasSubstr("votes[1].proof 'oidc'")));
    EXPECT_THAT(said([](auto& r) { r.votes->at(1).shown_digest = std::string(64, '0'); }),
                ElementsAre(HasSubstr("votes[1].shown_digest")));
    EXPECT_THAT(disagreements(*world.record(), {}), ElementsAre(id + ": it has a record, and no chain"));
}

TEST_F(AgreementTest, WhatWasErasedOrNeverToldIsNotCompared) {
    vote("approved", "bob@x");
    vote("approved", "cal@x");
    std::vector<AuditRecord> chain = world.trail();
    for (AuditRecord& record : chain) {
        erase(record, {"actor", "comments"});
        record.details.erase("policy_digest");
        record.details.erase("stage");
    }
    EXPECT_THAT(disagreements(*world.record(), chain), IsEmpty());
    for (AuditRecord& record : chain) keep_compared(record);
    EXPECT_THAT(disagreements(*world.record(), chain), IsEmpty());
}

TEST_F(AgreementTest, AnAuditorFindsItInTheTables) {
    const std::string id = world.approval_id();
    const auto repository =
        make_repository(client, {.approvals = "approvals", .audit = "audit"}, alone.clock, alone.random);
    AuditStore store(client, "audit", "settings");
    SigningKeys keys(client, "settings", alone.clock, alone.random);
    const auto found = [&] {
        const auto memory = [] { return std::make_unique<std::stringstream>(); };
        return verify_stack({.store = store, .repository = *repository, .keys = keys, .approvals_table = "approvals"},
                            "", memory)
            .value()
            .problems;
    };
    EXPECT_THAT(found(), IsEmpty());
    bool is_voted = false;
    int scans = 0;
    alone.tables.before_call = [&](const std::string& action) {
        if (action == "Scan" && ++scans == 3) {  // the statements, the chains, the records
            is_voted = true;
            vote("approved", "bob@x");
            vote("rejected", "cal@x");
        }
        return true;
    };
    EXPECT_THAT(found(), IsEmpty()) << "newer than what was read, but it agrees with what is there now";
    EXPECT_TRUE(is_voted);
    alone.tables.before_call = {};

    ApprovalRequest forged = *world.record();
    forged.status = ApprovalStatus::approved;
    put(forged);
    EXPECT_THAT(found(), ElementsAre(HasSubstr("its record says status 'approved'")));
    EXPECT_THAT(check_agreement(*repository, "gone").value(), IsEmpty()) << "the table forgets requests";

    // Of an id before that of the chain, and after it.
    for (const std::string other : {"!", "~"}) {
        const boost::json::object item{{"approval_id", {{"S", other}}}};
        ASSERT_TRUE(client.json("dynamodb", "DynamoDB_20120810.PutItem", {{"TableName", "approvals"}, {"Item", item}}));
    }
    EXPECT_THAT(found(),
                ElementsAre(HasSubstr("!: its record cannot be read"), HasSubstr("its record says status 'approved'"),
                            HasSubstr("~: its record cannot be read")));
}

TEST_F(AgreementTest, AVoteSaysInWhichStageItCounts) {
    vote("approved", "bob@x");
    EXPECT_EQ(world.trail().back().details.at("stage"), "team");
    Alone simple(WaitMode::callback);
    simple.world.start(300);
    ASSERT_EQ(simple.world.decide("approved", "boss@x").status, 200);
    for (const AuditRecord& record : simple.world.trail())
        EXPECT_THAT(record.details, Not(Contains(::testing::Key("stage"))));
}

TEST_F(AgreementTest, AVoteSaysInWhichGroupsItsPersonProvedToBe) {
    const Ballot ballot{.voter = {.person = "ann@x", .groups = {"legal", "board, of old"}, .proof = "token"},
                        .decision = VoteDecision::approved,
                        .comments = {},
                        .stage = {},
                        .shown_digest = {},
                        .idempotency_key = {}};
    const durable::Logger silent({}, std::make_shared<const std::atomic<bool>>(true));
    ASSERT_TRUE(take_decision(world.api_services(), silent, world.approval_id(), ballot));
    EXPECT_EQ(world.trail().back().details.at("groups"), R"(["legal","board, of old"])");
    EXPECT_THAT(disagreements(*world.record(), world.trail()), IsEmpty());
    vote("approved", "bob@x");
    EXPECT_THAT(world.trail().back().details, Not(Contains(::testing::Key("groups")))) << "a name alone proves none";
    for (const std::size_t of_vote : {0U, 1U}) {
        ApprovalRequest forged = *world.record();
        forged.votes->at(of_vote).groups = {"legal"};
        EXPECT_THAT(disagreements(forged, world.trail()),
                    ElementsAre(HasSubstr(fmt::format("votes[{}].groups '[\"legal\"]'", of_vote))));
    }
}

}  // namespace
}  // namespace holdpoint::approvals::testing
