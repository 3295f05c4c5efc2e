// What people were shown and what they decided by, as the audit trail holds it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "approvals/domain/texts.hpp"
#include "base/encoding.hpp"
#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;

constexpr auto kEvent =
    R"({"document_id":"d","document_name":"Travel","requester":"req@x","timeout_seconds":300,"link":"https://x/1",
        "fields":{"amount":"100 EUR"},"policy":{"name":"travel","stages":[{"name":"team","approvers":{"people":["ann@x","bob@x"]}}]}})";

std::string sha256_of(const std::string& text) {
    return to_hex(sha256(text));
}

struct Travel {
    Travel() { world.start(std::string(kEvent)); }
    /// An action of the API on this request; `more` are members of the event.
    Answer act(const std::string& action, const std::string& more) {
        return world.api(R"({"action":")" + action + R"(","approval_id":")" + world.approval_id() + R"(",)" + more +
                         "}");
    }
    Answer get() { return world.api(R"({"action":"get","approval_id":")" + world.approval_id() + R"("})"); }

    Alone alone{WaitMode::callback};
    World& world = alone.world;
};

TEST(Shown, TheTrailHoldsWhatWasShownAndThePolicyByTheirDigests) {
    Travel travel;
    const AuditRecord created = travel.world.trail()[0];
    ASSERT_THAT(created.digests,
                ::testing::AllOf(::testing::Contains(Key("shown")), ::testing::Contains(Key("policy"))));
    const std::string& shown = created.personal.at("shown").value;
    EXPECT_THAT(shown, HasSubstr("11:https://x/1;6:amount;7:100 EUR;"));
    EXPECT_EQ(sha256_of(shown), created.shown_digest);
    const std::string& policy = created.personal.at("policy").value;
    EXPECT_THAT(policy, HasSubstr(R"("people":["ann@x","bob@x"])"));
    EXPECT_EQ(sha256_of(policy), created.details.at("policy_digest"));
}

TEST(Shown, ASimpleRequestHoldsNoMoreThanItsDigestCanBeMadeOf) {
    Alone alone(WaitMode::polling);
    alone.world.start(60);
    const AuditRecord created = alone.world.trail()[0];
    EXPECT_THAT(created.digests, ElementsAre(Key("actor"), Key("document_name"), Key("requester")));
    std::string shown;
    for (const std::string& part :
         {created.approval_id, created.details.at("document_id"), created.personal.at("document_name").value,
          created.personal.at("requester").value, created.at}) {
        shown += std::to_string(part.size()) + ":" + part + ";";
    }
    EXPECT_EQ(sha256_of(shown), created.shown_digest);
}

TEST(Shown, TheDigestIsTheOneOfTheExampleInTheDocumentation) {
    ApprovalRequest approval;
    approval.approval_id = "56a55bb0-2cf4-4933-8556-fb163a95ad89";
    approval.document_id = "doc-123";
    approval.document_name = "Q4 Budget Proposal";
    approval.requester = "user@example.com";
    approval.created_at = "2026-11-26T01:17:52.428Z";
    EXPECT_EQ(shown_digest(approval), "5b9e449b9a50701c6d1dba5271931cc73ac6faa855d86a570a44efb3b078d925");
}

TEST(Shown, AnAmendmentHoldsTheNewVersion) {
    Travel travel;
    EXPECT_EQ(travel.act("amend", R"("requester":"req@x","fields":{"amount":"90 EUR"})").status, 200);
    const auto trail = travel.world.trail();
    const auto amendment = std::ranges::find(trail, "amended", &AuditRecord::event);
    ASSERT_NE(amendment, trail.end());
    const AuditRecord& amended = *amendment;
    ASSERT_THAT(amended.digests, ::testing::Contains(Key("shown")));
    EXPECT_THAT(amended.personal.at("shown").value, HasSubstr("6:amount;6:90 EUR;version 2"));
    EXPECT_EQ(sha256_of(amended.personal.at("shown").value), amended.shown_digest);
}

TEST(Shown, ATextThatIsNotTheOneOfItsDigestIsFound) {
    SeededRandom random(1);
    AuditEvent event{.event = "created", .at = "2026-11-24T00:00:00.000Z"};
    event.shown_digest = sha256_of("1:a;");
    event.details["policy_digest"] = sha256_of("{}");
    event.personal = {{"shown", "1:a;"}, {"policy", "{}"}};
    EXPECT_THAT(verify_chain({next_record("a", nullptr, event, random)}), IsEmpty());
    event.personal["shown"] = "1:b;";
    EXPECT_THAT(verify_chain({next_record("a", nullptr, event, random)}),
                ElementsAre("a record 1 (created): its field shown is not what its shown_digest is of"));
    event.personal = {{"shown", "1:a;"}, {"policy", "{ }"}};
    AuditRecord record = next_record("a", nullptr, event, random);
    EXPECT_THAT(verify_chain({record}),
                ElementsAre("a record 1 (created): its field policy is not what its policy_digest is of"));
    AuditEvent erased{.event = "erased", .at = event.at};
    erased.details["fields"] = "record 1: policy";
    const AuditRecord second = next_record("a", &record, erased, random);
    erase(record, {"policy"});
    EXPECT_THAT(verify_chain({record, second}), IsEmpty());
}

TEST(Shown, ATextThatNobodyWroteLikeThatNamesNobody) {
    for (const char* text : {"", "7", "18446744073709551614", "18446744073709551615:x;", "3:ann", "-1:x;"}) {
        AuditRecord record;
        record.personal["shown"] = {.value = text, .salt = "s"};
        record.digests["shown"] = "d";
        EXPECT_THAT(texts_naming(record, {"ann"}), ::testing::IsEmpty()) << text;
    }
}

TEST(Shown, ADecisionTellsWhatWasSeenOnlyWhenThatWasStated) {
    Travel travel;
    const std::string digest = shown_digest(*travel.world.record());
    EXPECT_EQ(travel.world.decide("approved", "req@x").status, 403);
    const AuditRecord refused = travel.world.trail().back();
    EXPECT_EQ(refused.event, "decision_refused");
    EXPECT_EQ(refused.shown_digest, "");
    EXPECT_EQ(refused.details.at("document_digest"), digest);
    EXPECT_EQ(travel.world.decide("approved", "ann@x").status, 200);
    AuditRecord decided;
    for (const AuditRecord& record : travel.world.trail()) {
        if (record.event == "decided") decided = record;
    }
    EXPECT_EQ(decided.shown_digest, "");
    EXPECT_EQ(decided.details.at("document_digest"), digest);
    EXPECT_EQ(travel.world.record()->votes->front().shown_digest, digest)
        << "the vote is about this version all the same";
}

TEST(Shown, TheActionMayStateTheDigest) {
    Travel travel;
    const std::string decide = R"("decision":"approved","approver":"ann@x","shown_digest":)";
    const Answer outdated = travel.act("decide", decide + R"("00")");
    EXPECT_EQ(outdated.text("error.code"), "DOCUMENT_CHANGED");
    EXPECT_EQ(travel.act("decide", decide + "7").status, 400);
    const std::string digest = shown_digest(*travel.world.record());
    EXPECT_EQ(travel.act("decide", decide + '"' + digest + '"').status, 200);
    const auto trail = travel.world.trail();
    const auto decided = std::ranges::find(trail, "decided", &AuditRecord::event);
    ASSERT_NE(decided, trail.end());
    EXPECT_EQ(decided->shown_digest, digest);
    EXPECT_THAT(decided->details, Not(::testing::Contains(Key("document_digest"))));
}

TEST(Shown, TheActionMayRequestChanges) {
    Travel travel;
    const std::string request = R"("decision":"changes_requested","approver":"ann@x","comments":)";
    EXPECT_THAT(travel.act("decide", request + R"("")").text("error.message"),
                HasSubstr("expected what has to change"));
    EXPECT_EQ(travel.act("decide", request + R"("too much")").text("status"), "pending");
    EXPECT_EQ(travel.world.trail().back().event, "changes_requested");
}

TEST(Shown, GetTellsTheDigestThePolicyAndTheVotes) {
    Travel travel;
    EXPECT_EQ(travel.act("decide", R"("decision":"changes_requested","approver":"ann@x","comments":"less")").status,
              200);
    const Answer shown = travel.get();
    EXPECT_EQ(shown.text("shown_digest"), shown_digest(*travel.world.record()));
    EXPECT_EQ(shown.text("policy.name"), "travel");
    EXPECT_THAT(shown.text("policy.text"), HasSubstr("ann@x or bob@x"));
    EXPECT_THAT(shown.body.dump(), HasSubstr(R"("person":"ann@x","stage":"team","decision":"changes_requested")"));
    EXPECT_THAT(shown.body.dump(), HasSubstr(R"("comments":"less","proof":"claimed","counts":true)"));
    EXPECT_EQ(travel.act("amend", R"("requester":"req@x","fields":{"amount":"90 EUR"})").status, 200);
    EXPECT_THAT(travel.get().body.dump(), HasSubstr(R"("counts":false)"));
    EXPECT_THAT(travel.get().body.dump(), HasSubstr(R"("document_version":2)"));
}

}  // namespace
}  // namespace holdpoint::approvals::testing
