// Signing in to the inbox: how long it lasts, what takes it back, how often it may be tried.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "browser.hpp"

namespace holdpoint::approvals::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST_F(Inbox, AUsedLinkShowsItsRequestAndDecidesNothing) {
    ASSERT_EQ(ann.sign_in_by_link("ann@example.com", id).status, 200);
    const std::string digest = ann.text(ann.get("/api/approvals/" + id), "approval.shown_digest");
    const HttpAnswer first = ann.decide(id, "changes_requested", "Which year?");
    ASSERT_EQ(first.status, 200) << first.body;
    EXPECT_EQ(ann.text(first, "may_decide.code"), "LINK_USED");
    EXPECT_EQ(world.trail().at(2).details.at("credential"), "9999999999-a");
    // Somebody opens it again, or somewhere else.
    Browser other(world);
    const HttpAnswer again = other.sign_in_by_link("ann@example.com", id);
    EXPECT_EQ(other.text(again, "issued_to"), "ann@example.com");
    EXPECT_EQ(other.text(other.get("/api/approvals/" + id), "approval.status"), "pending");
    const HttpAnswer refused = other.decide(id, "approved", "", digest, "k2");
    EXPECT_EQ(refused.status, 409);
    EXPECT_EQ(other.text(refused, "error.code"), "LINK_USED");
    EXPECT_EQ(other.text(refused, "error.details.used_by"), "ann@example.com");
    EXPECT_EQ(other.text(refused, "error.details.decision"), "changes_requested");
    // What it decided is answered again as it was, wherever it is sent from.
    EXPECT_EQ(other.decide(id, "changes_requested", "Which year?", digest).status, 200);
    EXPECT_THAT(*world.record()->votes, SizeIs(1));
    // A new link decides.
    ASSERT_EQ(ann.sign_in_by_link("ann@example.com", id, "9999999999-b").status, 200);
    EXPECT_EQ(ann.text(ann.decide(id, "approved", "", {}, "k3"), "approval.status"), "approved");
}

TEST_F(Inbox, OfTwoBrowsersWithOneLinkOneDecides) {
    Browser other(world);
    ASSERT_EQ(ann.sign_in_by_link("ann@example.com", id).status, 200);
    ASSERT_EQ(other.sign_in_by_link("ann@example.com", id).status, 200);
    bool met = false;
    HttpAnswer won;
    alone.tables.before_call = [&](const std::string& action) {
        if (action == "TransactWriteItems" && !std::exchange(met, true)) {
            won = other.decide(id, "changes_requested", "Which year?", {}, "k2");
        }
        return true;
    };
    const HttpAnswer lost = ann.decide(id, "approved");
    EXPECT_EQ(won.status, 200) << won.body;
    EXPECT_EQ(ann.text(lost, "error.code"), "LINK_USED") << lost.body;
    EXPECT_THAT(*world.record()->votes, SizeIs(1));
    EXPECT_EQ(world.record()->status, ApprovalStatus::pending);
}

TEST_F(Inbox, ANewKeySignsAndOldOnesStayGoodUntilTheyAreDropped) {
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    ASSERT_TRUE(world.keys().rotate(false));
    EXPECT_EQ(ann.get("/api/me").status, 200);
    ASSERT_TRUE(world.keys().rotate(true));
    EXPECT_EQ(ann.get("/api/me").status, 401);
}

TEST_F(Inbox, AKeyThatAnOperatorDropsIsGoodForSecondsAtMost) {
    aws::Client client(configuration_of_tests(), alone.tables, alone.clock, alone.random);
    SigningKeys operators(client, "settings", alone.clock, alone.random);
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    ASSERT_TRUE(operators.rotate(true));
    world.runner.advance(std::chrono::seconds(5));
    EXPECT_EQ(ann.get("/api/me").status, 401);
}

TEST_F(Inbox, ASessionEndsAfterEightHoursHoweverLongItsTokenIsGood) {
    const HttpAnswer answer = ann.sign_in_as("ann@example.com", std::chrono::hours(100));
    EXPECT_THAT(answer.cookies, Contains(HasSubstr("; Max-Age=28800")));
    world.runner.advance(std::chrono::hours(8) - std::chrono::seconds(1));
    EXPECT_EQ(ann.get("/api/me").status, 200);
    world.runner.advance(std::chrono::seconds(1));
    EXPECT_EQ(ann.get("/api/me").status, 401);
}

TEST_F(Inbox, WhoGuessesIsSlowedDownAndLocksNobodyOut) {
    for (int i = 0; i < 10; ++i) EXPECT_EQ(ann.sign_in("token", "guess").status, 401) << i;
    const HttpAnswer refused = ann.sign_in("token", "guess");
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(ann.text(refused, "error.code"), "TOO_MANY_REQUESTS");
    EXPECT_EQ(ann.text(refused, "error.details.retry_after_seconds"), "6");
    EXPECT_THAT(refused.headers, ::testing::Contains(std::pair<std::string, std::string>("retry-after", "6")));
    Browser elsewhere(world);
    elsewhere.source_ip = "192.0.2.2";
    EXPECT_EQ(elsewhere.sign_in("token", "guess").status, 401);
    for (int i = 0; i < 10; ++i) {
        elsewhere.source_ip = "2001:db8::" + std::to_string(i);
        EXPECT_EQ(elsewhere.sign_in("token", "guess").status, 401) << i;
    }
    elsewhere.source_ip = "2001:db8::ffff";
    EXPECT_EQ(elsewhere.sign_in("token", "guess").status, 429) << "one host has all of an IPv6 network's addresses";
    EXPECT_EQ(ann.sign_in_as("ann@example.com").status, 200) << "from the same address";
    world.runner.advance(std::chrono::seconds(6));
    EXPECT_EQ(ann.sign_in("token", "guess").status, 401);
    EXPECT_EQ(ann.sign_in("token", "guess").status, 429);
}

TEST_F(Inbox, WhoDecidesOrAsksTooOftenIsToldWhenToComeBack) {
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    const std::string digest = ann.text(ann.get("/api/approvals/" + id), "approval.shown_digest");
    for (int i = 0; i < 30; ++i) EXPECT_EQ(ann.decide(id, "rejected", " ", digest).status, 400);
    EXPECT_EQ(ann.text(ann.decide(id, "approved", "", digest), "error.details.retry_after_seconds"), "2");
    Browser again(world);
    ASSERT_EQ(again.sign_in_as(" Ann@example.com").status, 200);
    EXPECT_EQ(again.decide(id, "approved", "", digest).status, 429) << "another session of the same person";
    Browser bob(world);
    ASSERT_EQ(bob.sign_in_as("bob@example.com").status, 200);
    EXPECT_EQ(bob.decide(id, "approved").status, 200);
    int answered = 0;
    while (answered < 1000 && ann.get("/api/me").status == 200) ++answered;
    EXPECT_LT(answered, 300);
    world.runner.advance(std::chrono::seconds(2));
    EXPECT_EQ(ann.get("/api/me").status, 200);
    EXPECT_EQ(ann.text(ann.decide(id, "approved", "", digest), "error.code"), "APPROVAL_ALREADY_DECIDED");
}

TEST_F(Inbox, WhatIsRevokedLetsNobodyInAndEndsItsSessions) {
    Browser bob(world);
    Browser carl(world);
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    ASSERT_EQ(bob.sign_in_by_link("bob@example.com", id).status, 200);
    ASSERT_EQ(carl.sign_in_as("carl@example.com").status, 200);
    RevocationList revocations = world.operators_revocations();
    ASSERT_TRUE(revocations.revoke_credential("9999999999-a"));
    ASSERT_TRUE(revocations.revoke_person("ann@example.com"));
    world.runner.advance(std::chrono::seconds(5));  // for so long what was read is kept
    EXPECT_EQ(ann.get("/api/me").status, 401);
    EXPECT_EQ(bob.get("/api/approvals/" + id).status, 401);
    EXPECT_EQ(bob.decide(id, "approved", "", "digest").status, 401);
    EXPECT_EQ(carl.get("/api/me").status, 200);
    const HttpAnswer refused = bob.sign_in_by_link("bob@example.com", id);
    EXPECT_EQ(bob.text(refused, "error.details.reason"), "revoked");
    EXPECT_EQ(bob.text(refused, "error.message"), "This link was taken back; ask for a new one.");
    EXPECT_EQ(bob.sign_in_by_link("bob@example.com", id, "9999999999-b").status, 200);
    EXPECT_EQ(ann.sign_in_as("ann@example.com").status, 200) << "what they are given later is good";
}

TEST_F(Inbox, WhileNobodyKnowsWhatIsRevokedNobodyIsLetIn) {
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    world.runner.advance(std::chrono::seconds(5));
    int reads = 0;
    alone.tables.before_call = [&](const std::string& action) { return action != "GetItem" || ++reads <= 1; };
    EXPECT_EQ(ann.get("/api/me").status, 500) << "the keys were read, the revocations were not";
}

TEST_F(Inbox, RevocationsThatCannotBeReadLetNobodyInAndSayWhichItemIsDamaged) {
    aws::Client client(configuration_of_tests(), alone.tables, alone.clock, alone.random);
    ASSERT_TRUE(client.json("dynamodb", "DynamoDB_20120810.PutItem",
                            {{"TableName", "settings"}, {"Item", {{"name", {{"S", "revoked"}}}}}}));
    const auto read = world.operators_revocations().current();
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().name, "SettingsUnreadable");
    EXPECT_THAT(read.error().message, ::testing::HasSubstr("The item revoked of the settings"));
    EXPECT_EQ(ann.sign_in_as("ann@example.com").status, 500);
}

TEST_F(Inbox, OperatorsWhoRevokeAtOnceDoNotUndoEachOther) {
    RevocationList first = world.operators_revocations();
    RevocationList second = world.operators_revocations();
    bool met = false;
    alone.tables.before_call = [&](const std::string& action) {
        if (action == "PutItem" && !std::exchange(met, true)) {
            EXPECT_TRUE(second.revoke_credential("9999999999-b"));
        }
        return true;
    };
    ASSERT_TRUE(first.revoke_credential("9999999999-a"));
    EXPECT_THAT(second.current()->credentials, SizeIs(2));
}

TEST_F(Inbox, ASessionEndsWithItsTokenAndBySigningOut) {
    ASSERT_EQ(ann.sign_in_as("ann@example.com", std::chrono::seconds(60)).status, 200);
    EXPECT_EQ(ann.get("/api/me").status, 200);
    world.runner.advance(std::chrono::seconds(61));
    EXPECT_EQ(ann.get("/api/me").status, 401);
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    EXPECT_EQ(ann.post("/api/sign-out", "").status, 204);
    EXPECT_EQ(ann.get("/api/me").status, 401);
}

TEST_F(Inbox, ACopiedCookieIsWorthNothingAfterItsSessionWasSignedOut) {
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    Browser thief(world);
    thief.cookies = ann.cookies;
    thief.headers = ann.headers;
    Browser at_home(world);
    ASSERT_EQ(at_home.sign_in_as("ann@example.com").status, 200);
    ASSERT_EQ(thief.get("/api/me").status, 200);
    ASSERT_EQ(ann.post("/api/sign-out", "").status, 204);
    EXPECT_EQ(thief.get("/api/me").status, 401);
    EXPECT_EQ(thief.decide(id, "approved").status, 401);
    EXPECT_EQ(thief.post("/api/sign-out", "").status, 204);
    EXPECT_EQ(at_home.get("/api/me").status, 200) << "another session of the same person and token goes on";
}

TEST_F(Inbox, CopiedCookiesOfLinksEndWithTheirInboxAndByThemselves) {
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    ASSERT_EQ(ann.sign_in_by_link("bob@example.com", id).status, 200);
    ASSERT_EQ(ann.sign_in_by_link("carl@example.com", "another").status, 200);
    Browser thief(world);
    thief.cookies = ann.cookies;
    const auto status = [&](const std::string& approval) {
        thief.headers = {{"content-type", "application/json"}};
        if (!approval.empty()) thief.headers["x-holdpoint-approval"] = approval;
        return thief.get("/api/me").status;
    };
    ASSERT_EQ(ann.post("/api/sign-out", "").status, 204);  // its page is that of the last link
    EXPECT_EQ(status("another"), 401);
    EXPECT_EQ(status(id), 200);
    EXPECT_EQ(status(""), 200);
    ann.headers.erase("x-holdpoint-approval");
    ASSERT_EQ(ann.post("/api/sign-out", "").status, 204);
    EXPECT_EQ(status(id), 401);
    EXPECT_EQ(status(""), 401);
}

TEST_F(Inbox, WhoCannotBeSignedOutHearsItAndKeepsTheCookie) {
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    const auto cookies = ann.cookies;
    alone.tables.before_call = [](const std::string& action) { return action != "PutItem"; };
    EXPECT_EQ(ann.post("/api/sign-out", "").status, 500);
    EXPECT_EQ(ann.cookies, cookies) << "to try it again with";
    alone.tables.before_call = {};
    EXPECT_EQ(ann.post("/api/sign-out", "").status, 204);
    EXPECT_EQ(ann.get("/api/me").status, 401);
}

TEST_F(Inbox, WhileNobodyKnowsWhoSignedOutNobodyIsLetIn) {
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    ASSERT_EQ(ann.get("/api/me").status, 200) << "keys and revocations were just read";
    alone.tables.before_call = [](const std::string& action) { return action != "GetItem"; };
    EXPECT_EQ(ann.get("/api/me").status, 500);
}

TEST_F(Inbox, SigningOutWritesNothingForACookieThatIsNoSession) {
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200) << "which makes the first key";
    int writes = 0;
    alone.tables.before_call = [&](const std::string& action) { return writes += action == "PutItem" ? 1 : 0, true; };
    for (const std::string cookie : {"", "nonsense", "hpsession1.a.b.c"}) {
        ann.cookies["holdpoint_session"] = cookie;
        EXPECT_EQ(ann.post("/api/sign-out", "").status, 204) << cookie;
    }
    ann.cookies.clear();
    EXPECT_EQ(ann.post("/api/sign-out", "").status, 204);
    EXPECT_EQ(writes, 0);
}

TEST_F(Inbox, TheCookieIsSecureWhereTheBrowserCameByTls) {
    for (const auto& [name, value] :
         {std::pair("x-forwarded-proto", "https"), std::pair("origin", "https://inbox.example.com")}) {
        Browser browser(world);
        browser.headers[name] = value;
        EXPECT_THAT(browser.sign_in_as("ann@example.com").cookies, Contains(HasSubstr("; Secure"))) << name;
        EXPECT_THAT(browser.sign_in_by_link("ann@example.com", id).cookies, Contains(HasSubstr("; Secure"))) << name;
    }
}

TEST_F(Inbox, TwoLinksAndTheInboxOfOneBrowserAreThreeSessions) {
    const auto seen = [&](const std::string& approval) {
        ann.headers.erase("x-csrf-token");
        ann.headers.erase("x-holdpoint-approval");
        if (!approval.empty()) ann.headers["x-holdpoint-approval"] = approval;
        const HttpAnswer me = ann.get("/api/me");
        if (me.status != 200) return std::to_string(me.status);
        ann.headers["x-csrf-token"] = ann.text(me, "csrf_token");
        return ann.text(me, "identity.name") + " " + ann.text(me, "only_approval");
    };
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    ASSERT_EQ(ann.sign_in_by_link("bob@example.com", id).status, 200);
    ASSERT_EQ(ann.sign_in_by_link("carl@example.com", "another").status, 200);
    EXPECT_EQ(seen(""), "ann@example.com (none)");
    EXPECT_EQ(seen("a third"), "401") << "a page of a link never goes on as somebody else";
    EXPECT_EQ(seen("another"), "carl@example.com another");
    EXPECT_EQ(ann.get("/api/approvals/" + id).status, 404);
    EXPECT_EQ(seen(id), "bob@example.com " + id);
    EXPECT_EQ(ann.decide(id, "changes_requested", "Which year?").status, 200);
    EXPECT_EQ(world.record()->votes->front().person, "bob@example.com");
    // A link's page ends its own session; the inbox ends all of its browser.
    EXPECT_EQ(ann.post("/api/sign-out", "").status, 204);
    EXPECT_EQ(seen(id), "401");
    EXPECT_EQ(seen("another"), "carl@example.com another");
    EXPECT_EQ(seen(""), "ann@example.com (none)");
    EXPECT_EQ(ann.post("/api/sign-out", "").status, 204);
    EXPECT_EQ(seen(""), "401");
    EXPECT_EQ(seen("another"), "401");
}

TEST_F(Inbox, ASessionIsGoodUnderItsOwnNameAlone) {
    ASSERT_EQ(ann.sign_in_by_link("ann@example.com", "another").status, 200);
    ASSERT_THAT(ann.cookies, SizeIs(1));
    const std::string others = ann.cookies.begin()->second;
    ASSERT_EQ(ann.sign_in_by_link("ann@example.com", id).status, 200);
    EXPECT_EQ(ann.get("/api/approvals/" + id).status, 200);
    for (auto& [name, value] : ann.cookies) value = others;
    EXPECT_EQ(ann.get("/api/approvals/" + id).status, 401);
    ann.headers.erase("x-holdpoint-approval");
    ann.cookies["holdpoint_session"] = others;
    EXPECT_EQ(ann.get("/api/me").status, 401);
}

TEST_F(Inbox, OneBrowserHasNoMoreLinkSessionsThanRequestsHaveRoomFor) {
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    for (int i = 0; i < 9; ++i) {
        ASSERT_EQ(ann.sign_in_by_link("ann@example.com", "a-" + std::to_string(i)).status, 200);
        world.runner.advance(std::chrono::seconds(1));
    }
    const auto status = [&](const std::string& approval) {
        ann.headers["x-holdpoint-approval"] = approval;
        return ann.get("/api/me").status;
    };
    EXPECT_EQ(status("a-0"), 401) << "the one that ends first made room";
    for (int i = 1; i < 9; ++i) EXPECT_EQ(status("a-" + std::to_string(i)), 200) << i;
    EXPECT_EQ(status(""), 200);
    EXPECT_EQ(ann.sign_in_by_link("ann@example.com", "a-1").status, 200) << "takes its own place";
    EXPECT_EQ(status("a-2"), 200);
}

TEST_F(Inbox, APageIsNotAnsweredWithWhatIsForSomebodyElse) {
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    const std::string of_ann = ann.headers["x-csrf-token"];
    ASSERT_EQ(ann.sign_in_as("bob@example.com").status, 200);  // in another tab
    ann.headers["x-csrf-token"] = of_ann;
    for (const std::string path : {"/api/approvals", "/api/outbox", "/api/service-levels"}) {
        EXPECT_EQ(ann.text(ann.get(path), "error.code"), "CSRF") << path;
    }
    EXPECT_EQ(ann.text(ann.get("/api/me"), "identity.name"), "bob@example.com");
    ann.headers.erase("x-csrf-token");
    EXPECT_EQ(ann.get("/api/approvals").status, 200) << "reading needs none";
}

TEST_F(Inbox, TheTrailTellsByWhatAndFromWhereSomebodyDecided) {
    ASSERT_EQ(ann.sign_in_by_link("ann@example.com", id).status, 200);
    ASSERT_EQ(ann.decide(id, "approved").status, 200);
    const AuditRecord decided = world.trail().at(2);
    EXPECT_EQ(decided.event, "decided");
    EXPECT_EQ(decided.details.at("credential"), "9999999999-a");
    EXPECT_EQ(decided.personal.at("address").value, "192.0.2.1");
    Browser late(world);
    late.source_ip = "198.51.100.7";
    ASSERT_EQ(late.sign_in_as("bob@example.com").status, 200);
    ASSERT_EQ(late.text(late.decide(id, "rejected", "no"), "error.code"), "APPROVAL_ALREADY_DECIDED");
    const AuditRecord refused = world.trail().back();
    EXPECT_EQ(refused.event, "decision_refused");
    EXPECT_EQ(refused.details.at("credential"), "t-bob@example.com");
    EXPECT_EQ(refused.personal.at("address").value, "198.51.100.7");
}

TEST_F(Inbox, ALinkThatIsOpenedLateShowsWhatBecameOfTheRequest) {
    world.runner.advance(std::chrono::seconds(301));
    ASSERT_EQ(world.record()->status, ApprovalStatus::timeout);
    ASSERT_EQ(ann.sign_in_by_link("ann@example.com", id).status, 200);
    EXPECT_EQ(ann.text(ann.get("/api/approvals/" + id), "approval.status"), "timeout");
    const HttpAnswer refused = ann.decide(id, "approved");
    EXPECT_EQ(refused.status, 409);
    EXPECT_EQ(ann.text(refused, "error.code"), "APPROVAL_EXPIRED");
    EXPECT_EQ(world.trail().back().event, "decision_refused");
    EXPECT_EQ(world.trail().back().details.at("credential"), "9999999999-a");
}

TEST_F(Inbox, ATokenOfTooManyGroupsForACookieIsRefusedAndSaysSo) {
    std::vector<std::string> groups;
    for (int i = 0; i < 120; ++i) groups.push_back("a group of some department " + std::to_string(i));
    const HttpAnswer refused = ann.sign_in_as("ann@example.com", std::chrono::hours(1), groups);
    EXPECT_EQ(refused.status, 401);
    EXPECT_EQ(ann.text(refused, "error.details.reason"), "too_many_groups");
    EXPECT_THAT(ann.text(refused, "error.message"), ::testing::HasSubstr("groups"));
    EXPECT_THAT(refused.cookies, SizeIs(0));
    EXPECT_EQ(ann.sign_in_as("ann@example.com").status, 200);
}

TEST_F(Inbox, ATokenOrLinkForANameWithControlCharactersLetsNobodyIn) {
    for (const std::string name : {"ann\n@example.com", "\u202eann@example.com", "\u200b", ""}) {
        EXPECT_EQ(ann.text(ann.sign_in_as(name), "error.details.reason"), "invalid_name");
        EXPECT_EQ(ann.text(ann.sign_in_by_link(name, id), "error.details.reason"), "invalid_name");
    }
}

TEST_F(Inbox, ALinkThatIsUsedAgainIsInTheTrail) {
    ASSERT_EQ(ann.sign_in_by_link("ann@example.com", id).status, 200);
    ASSERT_EQ(ann.decide(id, "approved").status, 200);
    ASSERT_EQ(ann.text(ann.decide(id, "rejected", "no", {}, "k2"), "error.code"), "LINK_USED");
    EXPECT_EQ(world.trail().back().details.at("reason"), "LINK_USED");
}

TEST_F(Inbox, AProgramBringsItsTokenWithEachRequestAndNeedsNoCookie) {
    const KeyRing keys = world.keys().current().value();
    const std::int64_t expires = to_epoch_ms(world.services().clock.now()) / 1000 + 3600;
    const auto bring = [](Browser& who, const std::string& secret) {
        who.headers["authorization"] = "Bearer " + secret;
    };
    Browser program(world);
    bring(program, make_token(keys, {.person = "bob@example.com", .groups = {}, .expires = expires, .token_id = "t"}));
    ASSERT_EQ(program.get("/api/approvals").status, 200);
    const HttpAnswer decided = program.decide(id, "approved");
    EXPECT_EQ(decided.status, 200) << decided.body;
    EXPECT_THAT(program.cookies, SizeIs(0));
    EXPECT_EQ(world.trail().at(2).actor_proof, "token");
    EXPECT_EQ(world.trail().at(2).details.at("credential"), "t");
    // What it brings counts, not whoever is signed in beside it; and a link is no token.
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    ann.headers["authorization"] = "Basic YTpi";
    EXPECT_EQ(ann.get("/api/approvals").status, 200) << "a proxy's own";
    for (const std::string& secret :
         {std::string("nonsense"), std::string(),
          make_link(keys, {.approval_id = id, .person = "bob@example.com", .expires = expires})}) {
        bring(ann, secret);
        const HttpAnswer refused = ann.get("/api/approvals");
        EXPECT_EQ(refused.status, 401) << secret;
        EXPECT_THAT(refused.headers, Contains(::testing::Pair("www-authenticate", "Bearer")));
    }
}

TEST(AuditTrail, BeginsWithThePolicyThatHolds) {
    Alone alone(WaitMode::callback);
    alone.world.start(R"({"document_id":"d","document_name":"n","requester":"olga@example.com",
        "policy":{"name":"board","version":7,"stages":[{"name":"board","approvers":{"people":["ann@example.com"]}}]}})");
    const auto details = alone.world.trail().front().details;
    EXPECT_EQ(details.at("policy"), "board");
    EXPECT_EQ(details.at("policy_version"), "7");
    EXPECT_EQ(details.at("policy_digest"), alone.world.record()->policy->digest);
}

}  // namespace
}  // namespace holdpoint::approvals::testing
