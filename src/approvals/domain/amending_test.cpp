// Amending: what a requester may change, and what stays of what was before.
#include "approvals/domain/amending.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdpoint::approvals {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const TimePoint kNow = parse_iso8601("2026-11-26T08:00:00Z").value();

ApprovalRequest request() {
    ApprovalRequest approval;
    approval.approval_id = "A-1";
    approval.document_name = "Report";
    approval.requester = "req@x";
    approval.expires_at = to_iso8601(kNow + 1h);
    approval.fields = {{"amount", "100"}, {"note", "old"}};
    approval.link = "https://x/1";
    return approval;
}

Amendment amount(const std::string& value) {
    Amendment amendment;
    amendment.requester = {.person = " Req@X", .groups = {}, .proof = "token"};
    amendment.fields = {{"amount", value}};
    return amendment;
}

ApprovalRequest amended(const ApprovalRequest& approval, const Amendment& amendment) {
    const auto result = amend(approval, amendment, kNow);
    if (!result) throw std::runtime_error(result.error().message);
    return (*result)->approval;
}

std::string refusal(const ApprovalRequest& approval, const Amendment& amendment, TimePoint now = kNow) {
    const auto result = amend(approval, amendment, now);
    return result ? "accepted" : std::string(to_string(result.error().code)) + " " + result.error().message;
}

TEST(Amending, ChangesWhatIsNamedAndKeepsTheRest) {
    Amendment amendment = amount("120");
    amendment.document_name = "Report 2";
    amendment.link = "";
    amendment.fields.emplace_back("note", std::nullopt);
    amendment.fields.emplace_back("unit", "EUR");
    const auto result = amend(request(), amendment, kNow);
    ASSERT_TRUE(result && *result);
    const ApprovalRequest& after = (*result)->approval;
    EXPECT_EQ(document_of(after), (ShownDocument{"Report 2", std::nullopt, {{"amount", "120"}, {"unit", "EUR"}}}));
    EXPECT_EQ(version_of(after), 2);
    EXPECT_EQ(after.revision, 1);
    ASSERT_EQ(after.earlier_versions->size(), 1U);
    EXPECT_EQ(after.earlier_versions->front().document, document_of(request()));
    const AuditEvent& event = (*result)->event;
    EXPECT_EQ(event.event, "amended");
    EXPECT_EQ(event.actor, "Req@X");
    EXPECT_EQ(event.actor_proof, "token");
    EXPECT_EQ(event.details.at("digest_before"), shown_digest(request()));
    EXPECT_EQ(event.shown_digest, shown_digest(after));
    EXPECT_NE(event.shown_digest, shown_digest(request()));
    EXPECT_EQ(event.personal.at("changes"), R"([{"name":"document_name","before":"Report","after":"Report 2"},)"
                                            R"({"name":"link","before":"https://x/1","after":null},)"
                                            R"({"name":"amount","before":"100","after":"120"},)"
                                            R"({"name":"unit","before":null,"after":"EUR"},)"
                                            R"({"name":"note","before":"old","after":null}])");
}

TEST(Amending, WhatItSaysAlreadyIsNoChange) {
    const auto result = amend(request(), amount("100"), kNow);
    ASSERT_TRUE(result);
    EXPECT_FALSE(*result);
}

TEST(Amending, ChangedBackIsAnotherVersionAndNoVoteReturns) {
    ApprovalRequest approval = request();
    approval.votes = {{.person = "ann@x",
                       .groups = {},
                       .stage = "approval",
                       .decision = VoteDecision::changes_requested,
                       .at = to_iso8601(kNow),
                       .comments = "less",
                       .proof = {},
                       .shown_digest = shown_digest(approval),
                       .idempotency_key = {}}};
    EXPECT_TRUE(tally(standing_of(approval)).changes_requested);
    const ApprovalRequest back = amended(amended(approval, amount("120")), amount("100"));
    EXPECT_EQ(document_of(back), document_of(approval));
    EXPECT_NE(shown_digest(back), shown_digest(approval));
    EXPECT_FALSE(tally(standing_of(back)).changes_requested);
    EXPECT_EQ(back.votes, approval.votes);
}

TEST(Amending, WhoSawAnOlderVersionIsToldWhatChangedSince) {
    const ApprovalRequest twice = amended(amended(request(), amount("120")), amount("130"));
    for (const auto& [digest, before] : {std::pair{twice.earlier_versions->at(0).digest, "100"},
                                         std::pair{twice.earlier_versions->at(1).digest, "120"}}) {
        const auto refusal = why_outdated(standing_of(twice), digest);
        ASSERT_TRUE(refusal);
        EXPECT_EQ(refusal->code, RefusalCode::document_changed);
        EXPECT_EQ(durable::Json(durable::Json::Data(refusal->details)).dump(),
                  R"({"shown_digest":")" + shown_digest(twice) + R"(","changes":[{"name":"amount","before":")" +
                      before + R"(","after":"130"}]})");
    }
    EXPECT_FALSE(why_outdated(standing_of(twice), shown_digest(twice)));
}

TEST(Amending, OnlyTheRequesterAndOnlyWhileItWaits) {
    Amendment of_another = amount("1");
    of_another.requester.person = "ann@x";
    EXPECT_EQ(refusal(request(), of_another),
              "NOT_THE_REQUESTER ann@x did not make the request A-1; only its requester may change the document.");
    EXPECT_THAT(refusal(request(), amount("1"), kNow + 1h), HasSubstr("APPROVAL_EXPIRED"));
    ApprovalRequest rejected = request();
    rejected.status = ApprovalStatus::rejected;
    EXPECT_THAT(refusal(rejected, amount("1")), HasSubstr("APPROVAL_ALREADY_DECIDED"));
    Amendment blind = amount("1");
    blind.shown_digest = "another";
    EXPECT_THAT(refusal(request(), blind), HasSubstr("DOCUMENT_CHANGED"));
}

TEST(Amending, WhatIsNotAmendableStaysAsItIs) {
    ApprovalRequest fixed = request();
    fixed.amendable = false;
    EXPECT_EQ(refusal(fixed, amount("1")),
              "DOCUMENT_FIXED The document of approval A-1 may not be changed while it waits: submit a new request.");
    EXPECT_EQ(http_status(RefusalCode::document_fixed), 409);
    EXPECT_EQ(refusal(fixed, amount("100")), "accepted") << "it says that already";
    Amendment of_another = amount("1");
    of_another.requester.person = "ann@x";
    EXPECT_THAT(refusal(fixed, of_another), HasSubstr("NOT_THE_REQUESTER"));
    EXPECT_THAT(refusal(fixed, amount("1"), kNow + 1h), HasSubstr("APPROVAL_EXPIRED"));
}

TEST(Amending, ARecordHasRoomForSoMuch) {
    ApprovalRequest approval = request();
    approval.fields->clear();
    for (std::size_t i = 0; i < kFieldsMax; ++i) {
        approval.fields->push_back({.name = std::to_string(i), .value = std::string(1000, 'a')});
    }
    Amendment one_more = amount("1");
    EXPECT_THAT(refusal(approval, one_more), HasSubstr("fields: expected at most 50"));
    Amendment all = amount("1");
    all.fields.clear();
    for (const DocumentField& field : *approval.fields) all.fields.emplace_back(field.name, std::string(1000, 'b'));
    EXPECT_THAT(refusal(approval, all), HasSubstr("changes of at most 65536 bytes"));
    for (std::size_t number = 2; number <= kVersionsMax; ++number) {
        Amendment next = amount("1");
        next.fields = {{"0", std::to_string(number)}};
        approval = amended(approval, next);
    }
    EXPECT_EQ(version_of(approval), static_cast<std::int64_t>(kVersionsMax));
    EXPECT_LT(durable::to_json(*approval.earlier_versions).dump().size(), 80'000U);
    EXPECT_FALSE(approval.earlier_versions->front().document);
    EXPECT_FALSE(approval.earlier_versions->front().digest.empty());
    EXPECT_TRUE(approval.earlier_versions->back().document);
    Amendment last = amount("1");
    last.fields = {{"0", "x"}};
    EXPECT_THAT(refusal(approval, last), HasSubstr("has 50 versions, which is the most"));
}

}  // namespace
}  // namespace holdpoint::approvals
