// The inbox over HTTP: who is let in, what they see, and what they may decide.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "approvals/web/views.hpp"
#include "base/encoding.hpp"
#include "browser.hpp"

namespace holdpoint::approvals::testing {
namespace {

using durable::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST_F(Inbox, WhatIsRepeatedIsNotCutWithinACharacter) {
    (void)ann.sign_in_as("ann@example.com");
    std::string odd;
    for (int i = 0; i < 100; ++i) odd += "\u20ac";
    EXPECT_EQ(ann.get("/api/approvals", {{"status", odd}}).status, 400);
    EXPECT_EQ(world.api(R"({"action":")" + odd + R"("})").status, 400);
    ann.headers["content-type"] = odd;
    EXPECT_EQ(ann.post("/api/sign-in", "{}").status, 415);
}

TEST_F(Inbox, NobodyIsLetInWithoutProof) {
    for (const std::string path : {"/api/me", "/api/approvals", "/api/approvals/x", "/api/outbox"}) {
        EXPECT_EQ(ann.get(path).status, 401) << path;
        EXPECT_EQ(ann.text(ann.get(path), "error.code"), "UNAUTHENTICATED") << path;
    }
    EXPECT_EQ(ann.post("/api/approvals/" + id + "/decision", "{}").status, 401);
    EXPECT_EQ(ann.text(ann.sign_in("token", "hptoken1.a.b.c"), "error.code"), "SIGN_IN_REFUSED");
    EXPECT_EQ(ann.text(ann.sign_in("token", "nonsense"), "error.details.reason"), "malformed");
    EXPECT_EQ(ann.text(ann.sign_in_as("ann@example.com", std::chrono::seconds(-1)), "error.details.reason"), "expired");
    EXPECT_EQ(ann.post("/api/sign-in", R"({"token":"a","link":"b"})").status, 400);
    EXPECT_EQ(ann.get("/api/me").status, 401);
}

TEST_F(Inbox, WhatAStoppedWorkflowLeftPendingIsEndedByWhoeverLooksAtItAfterItsTime) {
    (void)ann.sign_in_as("ann@example.com", std::chrono::hours(24));
    EXPECT_EQ(ann.text(ann.get("/api/approvals/" + id), "approval.status"), "pending");
    world.runner.stop("enough");
    world.runner.advance(std::chrono::hours(2));
    EXPECT_EQ(ann.text(ann.get("/api/approvals/" + id), "approval.status"), "timeout");
    EXPECT_EQ(world.record()->status, ApprovalStatus::timeout);
}

TEST_F(Inbox, AndByWhoeverComesByALink) {
    (void)ann.sign_in_by_link("ann@example.com", id);
    world.runner.stop("enough");
    world.runner.advance(std::chrono::minutes(20));
    EXPECT_THAT(*ann.json(ann.get("/api/approvals")).find("approvals")->get_if<Json::Array>(), IsEmpty());
    EXPECT_EQ(world.record()->status, ApprovalStatus::timeout);
}

TEST_F(Inbox, AnActionFromOutsideIsNoWayIn) {
    const std::string body = R"({\"action\":\"decide\",\"approval_id\":\")" + id +
                             R"(\",\"decision\":\"approved\",\"approver\":\"mallory\"})";
    const WebServices services = world.web_services();
    const auto silent = std::make_shared<const std::atomic<bool>>(true);
    for (const std::string path : {"/", "/api/approvals", "/decide"}) {
        const Json event = Json::parse(
            R"({"version":"2.0","rawPath":")" + path +
            R"(","requestContext":{"stage":"$default","http":{"method":"POST","path":"/"}},"body":")" + body + R"("})");
        EXPECT_NE(*handle_event(event, services, durable::Logger({}, silent)).find("statusCode"),
                  Json(Json::Data(std::int64_t{200})));
    }
    EXPECT_EQ(world.record()->status, ApprovalStatus::pending);
}

TEST_F(Inbox, NorIsOneThroughAnotherKindOfGateway) {
    const std::string body = R"("body":"{\"action\":\"decide\",\"approval_id\":\")" + id +
                             R"(\",\"decision\":\"approved\",\"approver\":\"mallory\"}"})";
    const auto silent = std::make_shared<const std::atomic<bool>>(true);
    // A REST API or payload format 1.0, a WebSocket API, a load balancer; and what is none of them.
    for (const std::string before :
         {R"({"version":"1.0","path":"/","httpMethod":"POST","requestContext":{"httpMethod":"POST","path":"/"},)",
          R"({"requestContext":{"routeKey":"$default","connectionId":"c"},)",
          R"({"path":"/","httpMethod":"POST","requestContext":{"elb":{"targetGroupArn":"t"}},)",
          R"({"requestContext":null,)"}) {
        const Json answer = handle_event(Json::parse(before + body), world.web_services(), durable::Logger({}, silent));
        EXPECT_EQ(*answer.find("statusCode"), Json(Json::Data(std::int64_t{400}))) << before;
        EXPECT_THAT(answer.dump(), HasSubstr("payload format 2.0")) << before;
    }
    EXPECT_EQ(world.record()->status, ApprovalStatus::pending);
}

TEST_F(Inbox, WhoSignedInSeesAndDecides) {
    const HttpAnswer in = ann.sign_in_as("ann@example.com");
    ASSERT_EQ(in.status, 200);
    EXPECT_THAT(in.cookies, ElementsAre(::testing::AllOf(HasSubstr("HttpOnly"), HasSubstr("SameSite=Strict"),
                                                         Not(HasSubstr("Secure")))));
    EXPECT_EQ(ann.text(ann.get("/api/me"), "identity.name"), "ann@example.com");

    const Json listed = ann.json(ann.get("/api/approvals"));
    ASSERT_THAT(*listed.find("approvals")->get_if<Json::Array>(), SizeIs(1));
    EXPECT_EQ(*listed.find("approvals")->get_if<Json::Array>()->front().find("may_decide"), Json(Json::Data(true)));

    const HttpAnswer detail = ann.get("/api/approvals/" + id);
    EXPECT_EQ(ann.text(detail, "approval.document_name"), "Budget <b>2027</b>");
    EXPECT_EQ(ann.text(detail, "approval.fields"),
              R"([{"name":"amount","value":"120.00 EUR"},{"name":"cost centre","value":"4711"}])");
    EXPECT_EQ(ann.text(detail, "approval.link"), "https://docs.example/1");
    EXPECT_EQ(ann.text(detail, "may_decide.allowed"), "true");
    for (const std::string& secret : {*world.record()->callback_token, world.record()->execution_arn}) {
        EXPECT_THAT(detail.body, Not(HasSubstr(secret)));
    }

    const HttpAnswer decided = ann.decide(id, "approved", "fine");
    ASSERT_EQ(decided.status, 200) << decided.body;
    EXPECT_EQ(ann.text(decided, "approval.status"), "approved");
    EXPECT_EQ(ann.text(decided, "approval.approver"), "ann@example.com");
    EXPECT_EQ(world.result().decision, "approved");
    EXPECT_EQ(world.trail().at(2).actor_proof, "token");
    // The same again, as after a lost answer, is the same answer; something else is not.
    const std::string digest = ann.text(decided, "approval.shown_digest");
    EXPECT_EQ(ann.decide(id, "approved", "fine", digest).status, 200);
    EXPECT_EQ(ann.decide(id, "rejected", "no", digest).status, 400);
    EXPECT_EQ(ann.text(ann.decide(id, "rejected", "no", digest, "k2"), "error.code"), "APPROVAL_ALREADY_DECIDED");
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notified", "decided", "completed", "decision_refused"));
}

TEST_F(Inbox, ADecisionNeedsTheSessionsTokenAReasonAndWhatWasShown) {
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    EXPECT_EQ(ann.decide(id, "rejected", " ").status, 400);
    EXPECT_EQ(ann.decide(id, "changes_requested").status, 400);
    EXPECT_EQ(ann.decide(id, "perhaps").status, 400);
    EXPECT_EQ(ann.text(ann.decide(id, "approved", "", "another digest"), "error.code"), "DOCUMENT_CHANGED");
    ann.headers["x-csrf-token"] = "guessed";
    EXPECT_EQ(ann.text(ann.decide(id, "approved"), "error.code"), "CSRF");
    EXPECT_EQ(world.record()->status, ApprovalStatus::pending);
}

TEST_F(Inbox, AFormOfAnotherSiteSignsNobodyIn) {
    ann.headers["content-type"] = "text/plain";
    EXPECT_EQ(ann.text(ann.sign_in_as("mallory@example.com"), "error.code"), "UNSUPPORTED_MEDIA_TYPE");
    EXPECT_THAT(ann.cookies, IsEmpty());
}

TEST_F(Inbox, AFormOfAnotherSiteSignsNobodyOut) {
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    for (const std::string type : {"application/x-www-form-urlencoded", "text/plain", ""}) {
        ann.headers["content-type"] = type;
        const HttpAnswer answer = ann.post("/api/sign-out", "");
        EXPECT_EQ(ann.text(answer, "error.code"), "UNSUPPORTED_MEDIA_TYPE") << type;
        EXPECT_THAT(answer.cookies, IsEmpty()) << "the browser would forget its session";
    }
    EXPECT_EQ(ann.get("/api/me").status, 200);
}

TEST_F(Inbox, NobodyDecidesTheirOwnRequest) {
    ASSERT_EQ(ann.sign_in_as(" OLGA@example.com").status, 200);
    const HttpAnswer detail = ann.get("/api/approvals/" + id);
    EXPECT_EQ(ann.text(detail, "may_decide.code"), "OWN_REQUEST");
    EXPECT_EQ(ann.text(ann.decide(id, "approved"), "error.code"), "OWN_REQUEST");
    EXPECT_THAT(ann.json(ann.get("/api/approvals", {{"mine", "true"}})).find("approvals")->dump(), "[]");
    for (const std::string name : {"olga@example.com\u00a0", "ol\u200bga@example.com", "ｏlga@example.com"}) {
        EXPECT_EQ(world.decide("approved", name).text("error.code"), "OWN_REQUEST") << name;
        ASSERT_EQ(ann.sign_in_as(name).status, 200);
        EXPECT_EQ(ann.text(ann.decide(id, "approved"), "error.code"), "OWN_REQUEST") << name;
    }
    EXPECT_EQ(world.record()->status, ApprovalStatus::pending);
}

TEST_F(Inbox, AnIdThatCannotBeOneIsNotFound) {
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    for (const std::string& none : {std::string(), std::string(5000, 'x'), std::string("a\xff"), std::string("nope")}) {
        EXPECT_EQ(ann.text(ann.get("/api/approvals/" + none), "error.code"), "APPROVAL_NOT_FOUND") << none.size();
        EXPECT_EQ(ann.get("/api/approvals/" + none).status, 404) << none.size();
        EXPECT_EQ(ann.decide(none, "rejected", "no", "digest").status, 404) << none.size();
        EXPECT_EQ(ann.post("/api/approvals/" + none + "/document", R"({"document_name":"x"})").status, 404)
            << none.size();
    }
}

TEST_F(Inbox, ALinkShowsAndDecidesOneRequestAlone) {
    Alone other(WaitMode::callback);
    const HttpAnswer in = ann.sign_in_by_link("ann@example.com", id);
    ASSERT_EQ(in.status, 200);
    EXPECT_EQ(ann.text(in, "only_approval"), id);
    EXPECT_EQ(ann.text(in, "issued_to"), "ann@example.com");
    std::vector<std::string> calls;
    alone.tables.before_call = [&](const std::string& action) {
        calls.push_back(action);
        return true;
    };
    EXPECT_THAT(*ann.json(ann.get("/api/approvals")).find("approvals")->get_if<Json::Array>(), SizeIs(1));
    EXPECT_THAT(*ann.json(ann.get("/api/approvals", {{"status", "approved"}})).find("approvals")->get_if<Json::Array>(),
                IsEmpty());
    EXPECT_THAT(calls, Not(::testing::Contains("Query"))) << "the one request is read, not looked for";
    // Showing decides nothing.
    EXPECT_EQ(ann.get("/api/approvals/" + id).status, 200);
    EXPECT_EQ(world.record()->status, ApprovalStatus::pending);
    EXPECT_EQ(ann.get("/api/approvals/another").status, 404);
    EXPECT_EQ(ann.decide(id, "approved").status, 200);
    EXPECT_EQ(world.trail().at(2).actor_proof, "link");
    EXPECT_EQ(ann.text(ann.decide(id, "rejected", "no", {}, "k2"), "error.code"), "LINK_USED");
}

TEST_F(Inbox, ChangesThatSomebodyWantsHoldTheRequestOpenUntilTheyVoteAgain) {
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    const HttpAnswer asked = ann.decide(id, "changes_requested", "Which year?");
    ASSERT_EQ(asked.status, 200) << asked.body;
    EXPECT_EQ(ann.text(asked, "approval.status"), "pending");
    EXPECT_EQ(ann.text(asked, "approval.changes_requested"), "true");
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notified", "changes_requested"));
    const HttpAnswer approved = ann.decide(id, "approved", "", {}, "k2");
    EXPECT_EQ(ann.text(approved, "approval.status"), "approved");
    EXPECT_EQ(world.result().decision, "approved");
}

TEST(InboxWithAPolicy, SaysBeforehandWhatADecisionComesTo) {
    Alone alone(WaitMode::callback);
    World& world = alone.world;
    world.start(
        R"({"document_id":"doc-1","document_name":"Plan","requester":"olga@example.com","timeout_seconds":300,
        "policy":{"name":"board","order":"parallel","rejection":"quorum","stages":[
            {"name":"board","approvers":{"people":["ann@example.com","bob@example.com","cal@example.com"]},"required":2},
            {"name":"legal","approvers":{"people":["lea@example.com"]}}]}})");
    const std::string id = world.approval_id();
    const auto told = [&](const std::string& person) {
        Browser browser(world);
        EXPECT_EQ(browser.sign_in_as(person).status, 200);
        return browser.text(browser.get("/api/approvals/" + id), "may_decide");
    };
    const auto vote = [&](const std::string& person, const std::string& decision) {
        Browser browser(world);
        EXPECT_EQ(browser.sign_in_as(person).status, 200);
        EXPECT_EQ(browser.decide(id, decision, "so").status, 200) << person;
    };
    EXPECT_EQ(told("ann@example.com"),
              R"({"allowed":true,"stage":"board","approval_ends":false,"rejection_ends":false})");
    EXPECT_EQ(told("lea@example.com"),
              R"({"allowed":true,"stage":"legal","approval_ends":false,"rejection_ends":true})")
        << "nobody else could approve there";
    vote("ann@example.com", "rejected");
    EXPECT_EQ(told("bob@example.com"),
              R"({"allowed":true,"stage":"board","approval_ends":false,"rejection_ends":true})")
        << "too few would be left";
    vote("bob@example.com", "approved");
    vote("lea@example.com", "approved");
    EXPECT_EQ(told("cal@example.com"),
              R"({"allowed":true,"stage":"board","approval_ends":true,"rejection_ends":true})");
}

TEST(InboxWithAPolicy, TakesWhomItNamesInTheirOrderAndEndsWithTheLast) {
    Alone alone(WaitMode::callback);
    World& world = alone.world;
    world.start(
        R"({"document_id":"doc-1","document_name":"Contract","requester":"olga@example.com","timeout_seconds":300,
        "policy":{"name":"contract","stages":[
            {"name":"finance","approvers":{"people":["ann@example.com","bob@example.com"]},"required":2},
            {"name":"legal","approvers":{"groups":["legal"]}}]}})");
    const std::string id = world.approval_id();
    const auto browser = [&](const std::string& person, const std::vector<std::string>& groups) {
        Browser made(world);
        EXPECT_EQ(made.sign_in_as(person, std::chrono::hours(1), groups).status, 200);
        return made;
    };
    Browser ann = browser("ann@example.com", {});
    Browser bob = browser("bob@example.com", {});
    Browser lea = browser("lea@example.com", {"legal"});
    Browser eve = browser("eve@example.com", {"sales"});
    EXPECT_EQ(ann.text(eve.decide(id, "approved"), "error.code"), "NOT_AN_APPROVER");
    EXPECT_EQ(ann.text(lea.decide(id, "approved"), "error.code"), "STAGE_NOT_OPEN");
    const HttpAnswer first = ann.decide(id, "approved");
    EXPECT_EQ(ann.text(first, "approval.status"), "pending");
    EXPECT_EQ(ann.text(first, "approval.progress"), R"({"approved":1,"required":2,"stage":"finance"})");
    EXPECT_EQ(ann.text(ann.decide(id, "approved", "again", {}, "k2"), "error.code"), "ALREADY_VOTED");
    EXPECT_EQ(bob.decide(id, "approved").status, 200);
    const HttpAnswer last = lea.decide(id, "approved");
    EXPECT_EQ(ann.text(last, "approval.status"), "approved");
    EXPECT_EQ(world.result().decision, "approved");
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notified", "decision_refused", "voted", "voted",
                                                  "notified", "decided", "completed"));
    EXPECT_THAT(verify_chain(world.trail()), ElementsAre());
    // A name alone is no group.
    EXPECT_THAT(last.body, HasSubstr("2 of 2 from ann@example.com or bob@example.com, then 1 of legal"));
}

TEST(InboxWithAPolicy, VotesThatMeetAreAllCounted) {
    Alone alone(WaitMode::callback);
    World& world = alone.world;
    world.start(
        R"({"document_id":"doc-1","document_name":"Contract","requester":"olga@example.com","timeout_seconds":300,
        "policy":{"name":"two","stages":[{"name":"any","required":2}]}})");
    bool met = false;
    alone.tables.before_call = [&](const std::string& action) {
        if (action == "TransactWriteItems" && !std::exchange(met, true)) {
            EXPECT_EQ(world.decide("approved", "bob").status, 200);
        }
        return true;
    };
    EXPECT_EQ(world.decide("approved", "ann").status, 200);
    EXPECT_EQ(world.record()->status, ApprovalStatus::approved);
    EXPECT_THAT(*world.record()->votes, SizeIs(2));
    EXPECT_EQ(world.result().decision, "approved");
}

TEST_F(Inbox, CommentsThatTheRecordHasNoRoomForAreRefusedAndItCanStillBeDecided) {
    const auto vote_of = [](int voter) {
        return Vote{.person = "voter" + std::to_string(voter),
                    .groups = {},
                    .stage = "any",
                    .decision = VoteDecision::approved,
                    .at = "2026-11-26T08:00:00.000Z",
                    .comments = std::string(4096, 'c'),
                    .proof = "token",
                    .shown_digest = std::string(64, '0'),
                    .idempotency_key = {}};
    };
    ApprovalRequest full = *world.record();
    full.approval_id = "full";
    full.policy =
        pin(read_policy(Json::parse(R"({"name":"p","stages":[{"name":"any","required":200}]})")).value(), {}).value();
    full.votes.emplace();
    for (int voter = 0; voter < 86; ++voter) full.votes->push_back(vote_of(voter));
    ASSERT_TRUE(world.services().repository.create(full)) << "the table takes so much";
    const auto approve = [&](const std::string& comments) {
        return world.api(
            R"({"action":"decide","approval_id":"full","decision":"approved","approver":"bob","comments":")" +
            comments + R"("})");
    };
    for (const std::size_t size : {std::size_t{2000}, std::size_t{4096}}) {
        const Answer refused = approve(std::string(size, 'c'));
        EXPECT_EQ(refused.status, 400);
        EXPECT_EQ(refused.text("error.code"), "INVALID_REQUEST");
        EXPECT_THAT(refused.text("error.message"), HasSubstr("comments: "));
    }
    EXPECT_THAT(world.services().repository.trail("full").value(), SizeIs(1))
        << "nothing is written of what is refused";
    EXPECT_EQ(approve("Fine.").status, 200);
}

TEST(InboxWithAPolicy, WhatCannotBeIsRefusedWithItsPlace) {
    for (const auto& [policy, problem] : std::vector<std::pair<std::string, std::string>>{
             {R"({"name":"p"})", "policy.stages"},
             {R"({"name":"p","stages":[{"name":"a","approvers":{"people":["x"]},"required":2}]})",
              "policy.stages[0].required"},
             {R"({"name":"p","stages":[{"name":"a"}],"reminders_before_seconds":["soon"]})",
              "policy.reminders_before_seconds[0]"},
             {R"({"name":"p","stages":[{"name":"a","approvers":{"people":["olga@example.com"]}}]})",
              "olga@example.com"}}) {
        Alone alone(WaitMode::polling);
        alone.world.start(R"({"document_id":"d","document_name":"n","requester":"olga@example.com","policy":)" +
                          policy + "}");
        EXPECT_EQ(alone.world.runner.execution().head().status, wire::ExecutionStatus::failed) << policy;
        EXPECT_THAT(alone.world.runner.error_message(), HasSubstr(problem)) << policy;
    }
}

TEST_F(Inbox, ThePageComesCompressedForWhoTakesThat) {
    const auto ask = [&](const std::string& path, const std::string& encodings, const std::string& tag = {}) {
        return world.web({.method = "GET",
                          .path = path,
                          .query = {},
                          .headers = {{"accept-encoding", encodings}, {"if-none-match", tag}},
                          .cookies = {},
                          .body = {}});
    };
    const auto header = [](const HttpAnswer& answer, const std::string& name) {
        const auto found = std::ranges::find(answer.headers, name, &std::pair<std::string, std::string>::first);
        return found == answer.headers.end() ? std::string() : found->second;
    };
    for (const std::string path : {"/", "/assets/app.js", "/assets/app.css"}) {
        const HttpAnswer plain = ask(path, "");
        for (const std::string encodings : {"gzip", "deflate, GZIP;q=0.5, br", "br, *"}) {
            const HttpAnswer packed = ask(path, encodings);
            EXPECT_EQ(header(packed, "content-encoding"), "gzip") << path;
            EXPECT_EQ(header(packed, "vary"), "accept-encoding");
            EXPECT_EQ(packed.body.substr(0, 2), "\x1f\x8b");
            EXPECT_LT(packed.body.size(), plain.body.size());
            EXPECT_EQ(*to_json(packed).find("isBase64Encoded"), Json(Json::Data(true)));
            // Another form is another tag, and each is good for itself alone.
            EXPECT_NE(header(packed, "etag"), header(plain, "etag"));
            EXPECT_EQ(ask(path, encodings, header(packed, "etag")).status, 304);
            EXPECT_EQ(ask(path, encodings, header(plain, "etag")).status, 200);
        }
        for (const std::string encodings : {"", "br", "gzip;q=0", "gzip; q=0.000", "gzipped"}) {
            EXPECT_EQ(ask(path, encodings).body, plain.body) << encodings;
            EXPECT_EQ(header(ask(path, encodings), "vary"), "accept-encoding");
        }
        EXPECT_EQ(to_json(plain).find("isBase64Encoded"), nullptr);
    }
}

TEST_F(Inbox, TheListIsSearchedAndTurnedPageByPage) {
    std::vector<std::string> made{id};
    SeededRandom random(3);
    for (int i = 0; i < 5; ++i) {
        ApprovalRequest more = *world.record();
        more.approval_id = random.uuid();
        more.document_name = i % 2 == 0 ? "Travel " + std::to_string(i) : "Lunch";
        more.created_at = to_iso8601(world.services().clock.now() + std::chrono::seconds(10 * i + 10));
        more.expires_at = to_iso8601(world.services().clock.now() + std::chrono::seconds(200 - 10 * i));
        ASSERT_TRUE(world.services().repository.create(more));
        made.push_back(more.approval_id);
    }
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    const auto ids = [&](std::map<std::string, std::string> query) {
        std::vector<std::string> all;
        while (true) {
            const HttpAnswer page = ann.get("/api/approvals", query);
            const Json body = ann.json(page);
            const auto& approvals = *body.find("approvals")->get_if<Json::Array>();
            EXPECT_LE(approvals.size(), query.contains("limit") ? std::stoul(query.at("limit")) : 50);
            for (const Json& one : approvals) all.push_back(*one.find("approval_id")->get_if<std::string>());
            if (body.find("next_token") == nullptr) return all;
            query["next_token"] = *body.find("next_token")->get_if<std::string>();
        }
    };
    EXPECT_THAT(ids({{"limit", "2"}}), ElementsAre(made[5], made[4], made[3], made[2], made[1], made[0]));
    EXPECT_THAT(ids({{"limit", "2"}, {"order", "urgent"}}),
                ElementsAre(made[5], made[4], made[3], made[2], made[1], made[0]));
    EXPECT_THAT(ids({{"limit", "2"}, {"q", "TRAVEL"}}), ElementsAre(made[5], made[3], made[1]));
    EXPECT_THAT(ids({{"q", "doc-1"}}), SizeIs(6));
    EXPECT_THAT(ids({{"status", "approved"}}), IsEmpty());
    EXPECT_EQ(ann.get("/api/approvals", {{"limit", "0"}}).status, 400);
    EXPECT_EQ(ann.get("/api/approvals", {{"limit", "101"}}).status, 400);
    EXPECT_EQ(ann.get("/api/approvals", {{"order", "random"}}).status, 400);
    for (const std::string token :
         {R"(nonsense)", R"([])", R"({})", R"({"approval_id":{"S":"a"},"status":{"S":"pending"}})",
          R"({"approval_id":{"S":"a"},"status":{"S":"pending"},"nothing":{"S":"b"}})",
          R"({"approval_id":{"S":"a"},"status":{"S":"pending"},"created_at":{"N":"1"}})",
          R"({"approval_id":{"S":"a"},"status":{"S":"approved"},"created_at":{"S":"b"}})",
          R"({"approval_id":"a","status":"pending","created_at":"b"})",
          R"({"approval_id":{"S":""},"status":{"S":"pending"},"created_at":{"S":"b"}})"}) {
        const HttpAnswer refused = ann.get("/api/approvals", {{"next_token", base64_encode(token)}});
        EXPECT_EQ(refused.status, 400) << token;
        EXPECT_EQ(ann.text(refused, "error.code"), "INVALID_REQUEST") << token;
    }
}

TEST_F(Inbox, TheSearchComparesAsNamesAreCompared) {
    SeededRandom random(4);
    ApprovalRequest more = *world.record();
    more.approval_id = random.uuid();
    more.document_name = "ÜBERSICHT \uFB01nal";
    more.requester = "Jo\u0308rg  Größe";
    ASSERT_TRUE(world.services().repository.create(more));
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    for (const std::string wanted : {"JÖRG", "jörg grö", " übersicht ", "FINAL", "GRÖSSE"}) {
        const HttpAnswer found = ann.get("/api/approvals", {{"q", wanted}});
        EXPECT_EQ(ann.json(found).find("approvals")->get_if<Json::Array>()->size(), 1U) << wanted;
    }
}

TEST_F(Inbox, WhatHasNotChangedIsNotSentAgain) {
    ASSERT_EQ(ann.sign_in_as("ann@example.com").status, 200);
    for (const std::string& path :
         {std::string("/api/approvals"), "/api/approvals/" + id, std::string("/assets/app.js")}) {
        const HttpAnswer first = ann.get(path);
        ASSERT_EQ(first.status, 200) << path;
        for (const auto& [name, value] : first.headers) {
            if (name == "etag") ann.headers["if-none-match"] = value;
        }
        const HttpAnswer second = ann.get(path);
        EXPECT_EQ(second.status, 304) << path;
        EXPECT_THAT(second.body, IsEmpty());
        ann.headers.erase("if-none-match");
    }
}

TEST(DetailView, NamesThoseWhoMayVoteInAStageAsItIsNow) {
    ApprovalRequest approval;
    approval.requester = "olga@x";
    approval.created_at = approval.expires_at = to_iso8601(from_epoch_ms(1'795'694'400'000));
    approval.policy = pin(read_policy(Json::parse(R"({"name":"p","stages":[
        {"name":"a","approvers":{"people":["ann@x","Olga@x","bob@x"]},"required":2},{"name":"b"}],
        "escalation":{"to":{"people":["Bob@x","chef@x"],"groups":["heads"]},"after_seconds":1}})"))
                              .value(),
                          {{"heads", {"hal@x"}}})
                          .value();
    const auto stages = [&] {
        const Json view(Json::Data(detail_view(approval, {}, {.person = "ann@x", .groups = {}}, {})));
        return view.find("stages")->dump();
    };
    EXPECT_THAT(stages(), HasSubstr(R"("of":2,"who":"ann@x, bob@x")")) << "nobody decides their own request";
    EXPECT_THAT(stages(), HasSubstr(R"("who":"anyone")"));
    approval.escalated_at = approval.created_at;
    EXPECT_THAT(stages(), HasSubstr(R"("of":4,"who":"group heads, ann@x, bob@x, chef@x")"));
    EXPECT_THAT(stages(), HasSubstr(R"("who":"anyone")"));
}

TEST_F(Inbox, ThePageAndItsFilesNeedNoSession) {
    const HttpAnswer page = ann.get("/");
    EXPECT_EQ(page.status, 200);
    EXPECT_THAT(page.body, HasSubstr("assets/app.js"));
    EXPECT_THAT(to_json(page).dump(), HasSubstr("frame-ancestors 'none'"));
    EXPECT_EQ(ann.get("/assets/../secret").status, 404);
    EXPECT_EQ(ann.get("/elsewhere").status, 404);
    EXPECT_EQ(ann.post("/", "").status, 405);
}

}  // namespace
}  // namespace holdpoint::approvals::testing
