// Models, validation, notifications and the audit chain.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "approvals/domain/audit.hpp"
#include "approvals/domain/validation.hpp"
#include "approvals/notifications/notifications.hpp"

namespace holdpoint::approvals {
namespace {

using durable::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

TEST(ApprovalId, IsAUuidOfTheExecutionsOwn) {
    const std::string id = approval_id_of("arn:aws:lambda:us-east-1:000000000000:function:f:1/durable-execution/a/b");
    EXPECT_THAT(id, MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    EXPECT_EQ(id, approval_id_of("arn:aws:lambda:us-east-1:000000000000:function:f:1/durable-execution/a/b"));
    EXPECT_NE(id, approval_id_of("arn:aws:lambda:us-east-1:000000000000:function:f:1/durable-execution/a/c"));
}

TEST(ReadDecision, NothingDefaultsToADecision) {
    for (const std::string decision : {R"("approve")", R"("APPROVED")", R"("")", "null", "1", "true", R"(["approved"])",
                                       R"({"decision":"approved"})", R"("timeout")", R"("pending")"}) {
        const auto read =
            read_decision(Json::parse(R"({"approval_id":"a","approver":"b","decision":)" + decision + "}"));
        ASSERT_FALSE(read) << decision;
        EXPECT_EQ(read.error().name, "INVALID_REQUEST");
        EXPECT_THAT(read.error().message, HasSubstr("decision")) << decision;
    }
    EXPECT_FALSE(read_decision(Json::parse(R"({"approval_id":"a","approver":"b"})")));
    EXPECT_FALSE(read_decision(Json::parse(R"("approved")")));
}

TEST(ReadDecision, DecidedByIsASynonymThatMayNotContradict) {
    const std::string rest = R"("approval_id":"a","decision":"rejected")";
    EXPECT_EQ(read_decision(Json::parse("{" + rest + R"(,"decided_by":"x"})"))->approver, "x");
    EXPECT_EQ(read_decision(Json::parse("{" + rest + R"(,"approver":"x"})"))->approver, "x");
    EXPECT_EQ(read_decision(Json::parse("{" + rest + R"(,"approver":"x","decided_by":"x"})"))->approver, "x");
    EXPECT_FALSE(read_decision(Json::parse("{" + rest + R"(,"approver":"x","decided_by":"y"})")));
    EXPECT_FALSE(read_decision(Json::parse("{" + rest + "}")));
    EXPECT_FALSE(read_decision(Json::parse("{" + rest + R"(,"approver":"  "})")));
}

TEST(ReadEvent, TheValueOfAFieldMayHaveLinesAndTabs) {
    const auto read = [](const std::string& value) {
        return read_event(
            Json::parse(R"({"document_id":"d","document_name":"n","requester":"r","fields":{"excerpt":")" + value +
                        R"("}})"),
            60, 3600);
    };
    EXPECT_EQ(read(R"( One line,\n\n\tanother.\n)")->fields->front().value, "One line,\n\n\tanother.");
    for (const std::string other : {R"(\r)", R"(\u0000)", R"(\u001b[2J)", R"(\u007f)"}) {
        const auto refused = read("One line," + other + "another.");
        ASSERT_FALSE(refused) << other;
        EXPECT_EQ(refused.error().message,
                  "event.fields.excerpt: expected text of 1 to 4096 characters, found control characters other than "
                  "line feeds and tabs.");
    }
    EXPECT_FALSE(read(R"(\n\t\n)"));
}

TEST(Notification, SubjectIsShortPlainAndOnOneLine) {
    ApprovalRequest approval;
    approval.approval_id = "id-1";
    approval.document_name = "Über\r\nBcc: everyone " + std::string(300, 'x');
    approval.requester = "user\nApproved already, ignore this";
    approval.expires_at = "2026-11-24T00:00:00.000Z";
    approval.callback_token = "secret-token";
    const Notification notification = make_notification(approval, "api", "https://inbox.example/", Occasion::requested);
    EXPECT_LE(notification.subject.size(), 100U);
    EXPECT_THAT(notification.subject, Not(HasSubstr("\n")));
    EXPECT_THAT(notification.message, HasSubstr("id-1"));
    EXPECT_THAT(notification.message, HasSubstr("2026-11-24T00:00:00.000Z (UTC)"));
    EXPECT_THAT(notification.message, Not(HasSubstr("secret-token")));
    EXPECT_THAT(notification.message, Not(HasSubstr("\nBcc"))) << "nobody adds lines to what approvers read";
    EXPECT_THAT(notification.message, Not(HasSubstr("\nApproved already")));
}

std::vector<AuditRecord> chain_of(int length) {
    SeededRandom random(1);
    std::vector<AuditRecord> chain;
    for (int i = 0; i < length; ++i) {
        AuditEvent event{.event = "event-" + std::to_string(i), .at = "2026-11-24T00:00:00.000Z"};
        event.personal = {{"comments", "private"}};
        event.details = {{"decision", "approved"}};
        chain.push_back(next_record("a", chain.empty() ? nullptr : &chain.back(), event, random));
    }
    return chain;
}

TEST(AuditChain, AnyChangeIsFound) {
    ASSERT_THAT(verify_chain(chain_of(4)), IsEmpty());
    const std::vector<std::function<void(std::vector<AuditRecord>&)>> tamperings = {
        [](auto& c) { c[1].details["decision"] = "rejected"; },
        [](auto& c) { c[1].at = "2026-11-25T00:00:00.000Z"; },
        [](auto& c) { c[1].event = "other"; },
        [](auto& c) { c[1].actor_proof = "oidc"; },
        [](auto& c) { c[1].shown_digest = "00"; },
        [](auto& c) { c[1].personal["comments"].value = "changed"; },
        [](auto& c) { c[1].digests["comments"] = std::string(64, '0'); },
        [](auto& c) { c[1].approval_id = "b"; },
        [](auto& c) { c.erase(c.begin() + 1); },
        [](auto& c) { c.erase(c.begin()); },
        [](auto& c) { std::swap(c[1], c[2]); },
        [](auto& c) { c.insert(c.begin() + 1, c[1]); },
        [](auto& c) {
            c[1].details["decision"] = "rejected";
            c[1].hash = hash_of(c[1]);
        },
    };
    for (std::size_t i = 0; i < tamperings.size(); ++i) {
        auto chain = chain_of(4);
        tamperings[i](chain);
        EXPECT_THAT(verify_chain(chain), Not(IsEmpty())) << "tampering " << i;
    }
}

TEST(AuditChain, TheFirstRecordThatDiffersIsNamed) {
    auto swapped = chain_of(4);
    std::swap(swapped[1], swapped[2]);
    EXPECT_THAT(verify_chain(swapped),
                ElementsAre("a record 3 (event-2): stands where record 2 belongs: the records are "
                            "in another order, and each is as it was written"));
    auto rewritten = chain_of(4);
    rewritten[1].details["decision"] = "rejected";
    rewritten[1].hash = hash_of(rewritten[1]);
    EXPECT_THAT(verify_chain(rewritten),
                ElementsAre("a record 2 (event-1): is not the one that record 3 follows: it was "
                            "changed, and its hash with it"));
    auto changed = chain_of(4);
    changed[1].details["decision"] = "rejected";
    EXPECT_THAT(verify_chain(changed), ElementsAre("a record 2 (event-1): was changed after it was written"));
    auto both = changed;
    std::swap(both[2], both[3]);
    EXPECT_THAT(verify_chain(both),
                ElementsAre("a record 4 (event-3): stands where record 3 belongs: the records are in "
                            "another order",
                            "a record 2 (event-1): was changed after it was written"));
    auto missing = chain_of(4);
    missing.erase(missing.begin() + 1);
    EXPECT_THAT(verify_chain(missing), ElementsAre("a record 3 (event-2): record 2 is missing before it"));
    auto twice = chain_of(4);
    twice.insert(twice.begin() + 1, twice[0]);
    EXPECT_THAT(verify_chain(twice), ElementsAre("a record 1 (event-0): there is another record of this number"));
}

TEST(AuditChain, ErasingAPersonalFieldLeavesItWhole) {
    auto chain = chain_of(3);
    SeededRandom random(1);
    AuditEvent erased{.event = "erased", .at = chain[2].at};
    erased.details["fields"] = "record 1: comments; record 2: actor, comments";
    chain.push_back(next_record("a", &chain.back(), erased, random));
    chain[1].personal.clear();
    EXPECT_THAT(verify_chain(chain), IsEmpty());
}

TEST(ShownDigest, IsOfTheDocumentNotOfTheDeadline) {
    ApprovalRequest approval;
    approval.document_name = "Budget";
    const std::string digest = shown_digest(approval);
    approval.expires_at = "2027-01-01T00:00:00.000Z";
    EXPECT_EQ(shown_digest(approval), digest);
    approval.fields = std::vector<DocumentField>{{.name = "amount", .value = "1 EUR"}};
    const std::string with_fields = shown_digest(approval);
    EXPECT_NE(with_fields, digest);
    approval.fields->front().value = "2 EUR";
    EXPECT_NE(shown_digest(approval), with_fields);
}

TEST(PublicView, HasNoToken) {
    ApprovalRequest approval;
    approval.callback_token = "secret-token";
    EXPECT_THAT(public_view(approval).dump(), Not(HasSubstr("secret-token")));
}

}  // namespace
}  // namespace holdpoint::approvals
