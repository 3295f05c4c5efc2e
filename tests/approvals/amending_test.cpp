// A requester changes the document of a pending request: by the action, by the page, and against those who vote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "approvals/domain/links.hpp"
#include "approvals/web/views.hpp"
#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using durable::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

constexpr auto kEvent =
    R"({"document_id":"d","document_name":"Budget","requester":"req@x","timeout_seconds":300,"fields":{"amount":"100"}})";

class Amendments : public ::testing::TestWithParam<WaitMode> {
protected:
    Amendments() { world.start(std::string(kEvent)); }

    Answer amend(const std::string& what, const std::string& requester = "req@x") {
        return world.api(R"({"action":"amend","approval_id":")" + world.approval_id() + R"(","requester":")" +
                         requester + R"(",)" + what + "}");
    }
    std::expected<ApprovalRequest, ApiRefusal> vote(VoteDecision decision, const std::string& digest) {
        const auto silent = std::make_shared<const std::atomic<bool>>(true);
        return take_decision(world.api_services(), durable::Logger({}, silent), world.approval_id(),
                             {.voter = {.person = "ann@x", .groups = {}, .proof = "token"},
                              .decision = decision,
                              .comments = "c",
                              .stage = {},
                              .shown_digest = digest,
                              .idempotency_key = std::to_string(++keys_)});
    }
    std::string digest() { return shown_digest(*world.record()); }

    Alone alone{GetParam()};
    World& world = alone.world;

private:
    int keys_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Modes, Amendments, ::testing::Values(WaitMode::polling, WaitMode::callback),
                         [](const auto& mode) { return mode.param == WaitMode::polling ? "Polling" : "Callback"; });

TEST_P(Amendments, AfterARequestForChangesTheNewVersionIsDecided) {
    const std::string first = digest();
    ASSERT_TRUE(vote(VoteDecision::changes_requested, first));
    world.runner.advance(6s);
    const Answer amended = amend(R"("fields":{"amount":"90"},"document_name":"Budget, less","link":"https://x/2")");
    EXPECT_EQ(amended.status, 200);
    EXPECT_EQ(amended.text("document_name"), "Budget, less");
    EXPECT_EQ(world.record()->link, "https://x/2");
    world.runner.advance(6s);
    const auto late = vote(VoteDecision::approved, first);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, "DOCUMENT_CHANGED");
    EXPECT_THAT(Json(Json::Data(late.error().details)).dump(),
                HasSubstr(R"({"name":"amount","before":"100","after":"90"})"));
    EXPECT_TRUE(vote(VoteDecision::approved, digest()));
    world.runner.advance(6s);
    EXPECT_EQ(world.result().decision, "approved");
    EXPECT_THAT(world.trail_events(),
                ElementsAre("created", "notified", "changes_requested", "amended", "notified", "decided", "completed"));
    EXPECT_EQ(world.trail()[3].actor_proof, "claimed");
    EXPECT_EQ(world.trail()[5].shown_digest, world.trail()[3].shown_digest);
    EXPECT_THAT(verify_chain(world.trail()), ElementsAre());
}

TEST_P(Amendments, TheSameAgainChangesNothingMore) {
    EXPECT_EQ(amend(R"("fields":{"amount":"90"})").status, 200);
    EXPECT_EQ(amend(R"("fields":{"amount":"90"})").status, 200);
    EXPECT_EQ(version_of(*world.record()), 2);
    EXPECT_EQ(amend(R"("link":null,"fields":{"amount":null})").status, 200);
    EXPECT_EQ(world.record()->fields, std::vector<DocumentField>{});
    EXPECT_EQ(amend(R"("link":"http://x/3")").status, 200);
    EXPECT_EQ(amend(R"("link":null)").status, 200);
    EXPECT_EQ(world.record()->link, std::nullopt);
    EXPECT_EQ(version_of(*world.record()), 5);
}

TEST_P(Amendments, WhatIsWrongIsSaidWithItsPlace) {
    for (const auto& [what, problem] : std::vector<std::pair<std::string, std::string>>{
             {R"("x":1)", "document_name, link or fields"},
             {R"("fields":{"amount":7})", "fields.amount: expected text"},
             {R"("fields":{"amount":"9\u000b0"})", "fields.amount: expected text"},
             {R"("document_name":"two\nlines")", "document_name: expected text"},
             {R"("link":"ftp://x")", "link: expected an http or https address"},
             {R"("document_name":"")", "document_name: expected text"}}) {
        const Answer answer = amend(what);
        EXPECT_EQ(answer.status, 400) << what;
        EXPECT_THAT(answer.text("error.message"), HasSubstr(problem));
    }
    EXPECT_EQ(amend(R"("document_name":"x")", "ann@x").text("error.code"), "NOT_THE_REQUESTER");
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notified"));
}

TEST_P(Amendments, AFieldMayHaveLines) {
    EXPECT_EQ(amend(R"("fields":{"excerpt":"One line,\n\tanother."})").status, 200);
    EXPECT_EQ(world.record()->fields->back().value, "One line,\n\tanother.");
}

TEST_P(Amendments, WhatIsDecidedOrStoppedStaysAsItWas) {
    EXPECT_EQ(world.decide("approved", "ann@x").status, 200);
    EXPECT_EQ(amend(R"("document_name":"x")").text("error.code"), "APPROVAL_ALREADY_DECIDED");
    Alone other(GetParam());
    other.world.start(std::string(kEvent));
    other.world.runner.stop("enough");
    const Answer stopped = other.world.api(R"({"action":"amend","approval_id":")" + other.world.approval_id() +
                                           R"(","requester":"req@x","document_name":"x"})");
    EXPECT_EQ(stopped.text("error.code"), "WORKFLOW_ENDED");
    EXPECT_EQ(other.world.record()->document_name, "Budget");
}

TEST_P(Amendments, AVoteThatComesBetweenReadAndWriteIsNotOnTheNewVersion) {
    const std::string seen = digest();
    bool between = false;
    alone.tables.before_call = [&](const std::string& action) {
        if (action == "TransactWriteItems" && !std::exchange(between, true)) {
            EXPECT_EQ(amend(R"("fields":{"amount":"1000000"})").status, 200);
        }
        return true;
    };
    const auto voted = vote(VoteDecision::approved, seen);
    ASSERT_FALSE(voted);
    EXPECT_EQ(voted.error().code, "DOCUMENT_CHANGED");
    EXPECT_EQ(world.record()->status, ApprovalStatus::pending);
    EXPECT_EQ(world.record()->votes, std::nullopt);
}

TEST_P(Amendments, AnAmendmentThatComesBetweenReadAndWriteOfAVoteLooksAgain) {
    bool between = false;
    alone.tables.before_call = [&](const std::string& action) {
        if (action == "TransactWriteItems" && !std::exchange(between, true)) {
            EXPECT_EQ(world.decide("approved", "ann@x").status, 200);
        }
        return true;
    };
    EXPECT_EQ(amend(R"("fields":{"amount":"90"})").text("error.code"), "APPROVAL_ALREADY_DECIDED");
    EXPECT_EQ(world.record()->fields->front().value, "100");
}

TEST_P(Amendments, TheSignedInRequesterDoesItOnThePage) {
    const KeyRing keys = world.keys().current().value();
    const auto as = [&](const std::string& person, const std::string& method, const std::string& path,
                        const std::string& body) {
        HttpRequest request{.method = "POST",
                            .path = "/api/sign-in",
                            .query = {},
                            .headers = {{"content-type", "application/json"}},
                            .cookies = {},
                            .body = R"({"token":")" +
                                    make_token(keys, {.person = person,
                                                      .groups = {},
                                                      .expires = to_epoch_ms(alone.clock.now() + 1h) / 1000,
                                                      .token_id = "t"}) +
                                    R"("})"};
        const HttpAnswer me = world.web(request);
        const std::string& cookie = me.cookies.at(0);
        const auto sign = cookie.find('=');
        request.cookies[cookie.substr(0, sign)] = cookie.substr(sign + 1, cookie.find(';') - sign - 1);
        request.headers["x-csrf-token"] = *Json::parse(me.body).find("csrf_token")->get_if<std::string>();
        request.method = method;
        request.path = "/api/approvals/" + world.approval_id() + path;
        request.body = body;
        return world.web(request);
    };
    EXPECT_THAT(as("req@x", "GET", "", "").body,
                HasSubstr(R"("document_version":1,"amendable":true,"may_amend":true)"));
    EXPECT_THAT(as("ann@x", "GET", "", "").body, HasSubstr(R"("may_amend":false)"));
    const std::string body = R"({"fields":{"amount":"90"},"shown_digest":")" + digest() + R"("})";
    EXPECT_EQ(as("ann@x", "POST", "/document", body).status, 403);
    const HttpAnswer amended = as("req@x", "POST", "/document", body);
    EXPECT_EQ(amended.status, 200);
    EXPECT_THAT(amended.body, HasSubstr(R"("document_version":2)"));
    EXPECT_THAT(amended.body, HasSubstr(R"("changes":[{"name":"amount","before":"100","after":"90"}])"));
    const auto trail = world.trail();
    const auto record = std::ranges::find(trail, "amended", &AuditRecord::event);
    ASSERT_NE(record, trail.end());
    EXPECT_EQ(record->actor_proof, "token");
    const HttpAnswer outdated = as("req@x", "POST", "/document", R"({"fields":{"amount":"80"},"shown_digest":"x"})");
    EXPECT_THAT(outdated.body, HasSubstr("DOCUMENT_CHANGED"));
    EXPECT_THAT(as("req@x", "POST", "/document", R"({"amount":"80"})").body, HasSubstr("amount"));
}

TEST_P(Amendments, ASubmissionMaySayThatItsDocumentStaysAsItIs) {
    Alone other(GetParam());
    const std::string event(kEvent);
    other.world.start(event.substr(0, event.size() - 1) + R"(,"amendable":false})");
    const Answer refused = other.world.api(R"({"action":"amend","approval_id":")" + other.world.approval_id() +
                                           R"(","requester":"req@x","document_name":"x"})");
    EXPECT_EQ(refused.status, 409);
    EXPECT_EQ(refused.text("error.code"), "DOCUMENT_FIXED");
    EXPECT_EQ(other.world.record()->document_name, "Budget");
    EXPECT_EQ(other.world.trail().front().details.at("amendable"), "false");
    EXPECT_THAT(public_view(*other.world.record()).dump(), HasSubstr(R"("amendable":false)"));
    const Identity requester{.person = "req@x", .groups = {}};
    const auto shown = [&](const ApprovalRequest& approval) {
        return Json(Json::Data(detail_view(approval, {}, requester, alone.clock.now()))).dump();
    };
    EXPECT_THAT(shown(*other.world.record()), HasSubstr(R"("amendable":false,"may_amend":false)"));
    EXPECT_THAT(shown(*world.record()), HasSubstr(R"("amendable":true,"may_amend":true)"));
    EXPECT_EQ(world.record()->amendable, std::nullopt) << "only what differs is stored";
}

TEST_P(Amendments, ARemindersMessageNamesTheDocumentAsItIsThen) {
    Alone other(GetParam());
    other.world.start(
        R"({"document_id":"d","document_name":"Budget","requester":"req@x","timeout_seconds":300,
            "policy":{"name":"p","stages":[{"name":"a"}],"reminders_before_seconds":[60]}})");
    EXPECT_EQ(other.world
                  .api(R"({"action":"amend","approval_id":")" + other.world.approval_id() +
                       R"(","requester":"req@x","document_name":"Budget 2"})")
                  .status,
              200);
    other.world.runner.advance(250s);
    EXPECT_EQ(other.world.notifications.back().subject, "Reminder: Budget 2");
}

}  // namespace
}  // namespace holdpoint::approvals::testing
