// The workflow, over real tables: every way in which an approval ends, and the defects of the reference implementation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "approvals/workflow/steps.hpp"
#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

class WorkflowInBothModes : public ::testing::TestWithParam<WaitMode> {
protected:
    Alone alone{GetParam()};
    World& world = alone.world;
};

INSTANTIATE_TEST_SUITE_P(Modes, WorkflowInBothModes, ::testing::Values(WaitMode::polling, WaitMode::callback),
                         [](const auto& mode) { return mode.param == WaitMode::polling ? "Polling" : "Callback"; });

TEST_P(WorkflowInBothModes, ADecisionIsTheResult) {
    for (const std::string decision : {"approved", "rejected"}) {
        Alone fresh(GetParam());
        World& one = fresh.world;
        one.start();
        ASSERT_TRUE(one.runner.is_running()) << one.runner.error_message();
        EXPECT_EQ(one.record()->status, ApprovalStatus::pending);
        EXPECT_EQ(one.decide(decision, "boss", "fine").status, 200);
        one.runner.advance(10s);
        EXPECT_EQ(one.runner.execution().head().status, wire::ExecutionStatus::succeeded);
        const WorkflowResult result = one.result();
        EXPECT_EQ(result.decision, decision);
        EXPECT_EQ(result.approver, "boss");
        EXPECT_EQ(result.comments, "fine");
        EXPECT_EQ(result.decided_at, one.record()->decided_at);
        EXPECT_THAT(one.trail_events(), ElementsAre("created", "notified", "decided", "completed"));
        EXPECT_THAT(verify_chain(one.trail()), ElementsAre());
    }
}

TEST_P(WorkflowInBothModes, NobodyDecidesAndTheRecordSaysTimeout) {
    world.start(300);
    world.runner.advance(299s);
    EXPECT_TRUE(world.runner.is_running());
    world.runner.advance(10s);
    EXPECT_EQ(world.result().decision, "timeout");
    EXPECT_EQ(world.result().approver, std::nullopt);
    EXPECT_EQ(world.record()->status, ApprovalStatus::timeout);
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notified", "timed_out", "completed"));
    const Answer late = world.decide("approved", "boss");
    EXPECT_EQ(late.status, 409);
    EXPECT_EQ(late.text("error.code"), "APPROVAL_EXPIRED");
    EXPECT_EQ(late.text("error.details.expired_at"), world.record()->expires_at);
}

TEST_P(WorkflowInBothModes, WithoutATimeoutTheConfiguredOneIsTaken) {
    world.configuration.approval_timeout_seconds = 77;
    world.start(std::string(R"({"document_id":"d","document_name":"n","requester":"r"})"));
    const auto record = world.record();
    EXPECT_EQ(*parse_iso8601(record->expires_at) - *parse_iso8601(record->created_at), 77s);
    EXPECT_EQ(record->ttl, to_epoch_ms(*parse_iso8601(record->expires_at) + std::chrono::days(90)) / 1000);
}

TEST_P(WorkflowInBothModes, ADayOfWaitingStaysFarBelowTheLimitOfOperations) {
    world.start(86'400);
    world.runner.advance(std::chrono::hours(25));
    EXPECT_EQ(world.result().decision, "timeout");
    // However polls are counted: every checkpoint, and every event of the history.
    EXPECT_LT(world.runner.checkpoints(), 3000);
    EXPECT_LT(world.runner.execution().operations().size(), 20U);
}

TEST_P(WorkflowInBothModes, WhatCannotBeReadIsReadAgainAndIsNoTimeout) {
    world.start(60);
    int reads = 0;
    bool is_out_of_reach = true;
    alone.tables.before_call = [&](const std::string& action) {
        reads += action == "GetItem" ? 1 : 0;
        return action != "GetItem" || !is_out_of_reach;
    };
    world.runner.advance(3h);
    EXPECT_TRUE(world.runner.is_running()) << world.runner.error_message();
    EXPECT_LT(reads, 3 * 200);  // less and less often, and each time three calls
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notified"));
    is_out_of_reach = false;
    world.runner.advance(6min);
    EXPECT_EQ(world.result().decision, "timeout");
    EXPECT_EQ(world.record()->status, ApprovalStatus::timeout);
}

TEST_P(WorkflowInBothModes, TablesOutOfReachForHoursLoseNoDecision) {
    world.tell_people();
    world.start(86'400);
    bool is_out_of_reach = false;
    bool is_decided = false;
    alone.tables.before_call = [&](const std::string& action) {
        is_out_of_reach = is_out_of_reach || is_decided;
        is_decided = is_decided || action == "TransactWriteItems";
        return !is_out_of_reach;
    };
    EXPECT_EQ(world.decide("approved", "boss").status, 200);
    world.runner.advance(3h);
    ASSERT_TRUE(world.runner.is_running()) << world.runner.error_message();
    alone.tables.before_call = nullptr;
    world.runner.advance(6min);
    EXPECT_EQ(world.result().decision, "approved");
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notified", "decided", "completed"));
}

TEST_P(WorkflowInBothModes, ATrailOutOfReachForHoursHoldsTheOutcomeAndTheRequesterIsToldAFewTimesAtMost) {
    world.tell_people();
    world.start(86'400);
    bool is_out_of_reach = true;
    bool is_decided = false;
    alone.tables.before_call = [&](const std::string& action) {
        const bool is_of_trail = action == "Query" || action == "PutItem";
        const bool is_lost = is_decided && is_out_of_reach && is_of_trail;
        is_decided = is_decided || action == "TransactWriteItems";
        return !is_lost;
    };
    EXPECT_EQ(world.decide("approved", "boss").status, 200);
    world.runner.advance(3h);
    ASSERT_TRUE(world.runner.is_running()) << world.runner.error_message();
    is_out_of_reach = false;
    world.runner.advance(6min);
    EXPECT_EQ(world.result().decision, "approved");
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notified", "decided", "completed"));
    EXPECT_GE(world.to_requester.size(), 1U);
    EXPECT_LE(world.to_requester.size(), 5U);
}

TEST_P(WorkflowInBothModes, ARequestMadeWhileTheTablesAreOutOfReachIsMadeOnce) {
    alone.tables.before_call = [](const std::string&) { return false; };
    world.start(86'400);
    world.runner.advance(3h);
    ASSERT_TRUE(world.runner.is_running()) << world.runner.error_message();
    EXPECT_THAT(world.notifications, ElementsAre());
    alone.tables.before_call = nullptr;
    world.runner.advance(6min);
    EXPECT_EQ(world.notifications.size(), 1U);
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notified"));
    EXPECT_EQ(world.decide("approved", "boss").status, 200);
    world.runner.advance(1min);
    EXPECT_EQ(world.result().decision, "approved");
}

TEST_P(WorkflowInBothModes, ARequestThatWasOverBeforeItCouldBeMadeIsAnnouncedToNobodyButItsRequester) {
    world.tell_people();
    alone.tables.before_call = [](const std::string&) { return false; };
    world.start(R"({"document_id":"d","document_name":"n","requester":"req@x","timeout_seconds":300,
        "policy":{"name":"p","stages":[{"name":"s","approvers":{"people":["ann@x"]},"required":1}]}})");
    world.runner.advance(1h);
    alone.tables.before_call = nullptr;
    world.runner.advance(6min);
    EXPECT_EQ(world.result().decision, "timeout");
    EXPECT_THAT(world.notifications, ElementsAre());
    EXPECT_THAT(world.told_people, ElementsAre());
    EXPECT_EQ(world.to_requester.size(), 1U);
    const auto trail = world.services().repository.trail(world.result().approval_id).value();
    std::vector<std::string> events;
    for (const AuditRecord& record : trail) events.push_back(record.event);
    EXPECT_THAT(events, ElementsAre("created", "notification_failed", "timed_out", "completed"));
    EXPECT_THAT(trail[1].details.at("error"), HasSubstr("its time was over before"));
}

TEST_P(WorkflowInBothModes, ARequestWhoseTimeRanOutBeforeItWasAnnouncedIsAnnouncedToNobodyButItsRequester) {
    world.tell_people();
    bool is_made = false;
    alone.tables.before_call = [&](const std::string& action) {
        return is_made |= action == "TransactWriteItems", true;
    };
    world.runner.after_checkpoint = [&](int) {
        if (std::exchange(is_made, false)) world.runner.advance(1h);  // the server was down
    };
    world.start(R"({"document_id":"d","document_name":"n","requester":"req@x","timeout_seconds":300,
        "policy":{"name":"p","stages":[{"name":"s","approvers":{"people":["ann@x"]},"required":1}]}})");
    world.runner.advance(1min);
    EXPECT_EQ(world.result().decision, "timeout");
    EXPECT_THAT(world.notifications, ElementsAre());
    EXPECT_THAT(world.told_people, ElementsAre());
    EXPECT_EQ(world.to_requester.size(), 1U);
}

TEST_P(WorkflowInBothModes, PeopleAreNotAskedInPersonOnceTheTimeIsOver) {
    world.tell_people();
    world.on_publish = [&]() -> Result<void> {
        world.runner.after_checkpoint = [&](int) {
            world.runner.after_checkpoint = {};
            world.runner.advance(1h);
        };
        return {};
    };
    world.start(R"({"document_id":"d","document_name":"n","requester":"req@x","timeout_seconds":300,
        "policy":{"name":"p","stages":[{"name":"s","approvers":{"people":["ann@x"]},"required":1}]}})");
    world.runner.advance(1min);
    EXPECT_EQ(world.result().decision, "timeout");
    EXPECT_EQ(world.notifications.size(), 1U);
    EXPECT_THAT(world.told_people, ElementsAre());
    EXPECT_THAT(world.trail_events(),
                ElementsAre("created", "notified", "notification_failed", "timed_out", "completed"));
}

TEST_P(WorkflowInBothModes, WhatEscalatesAtItsDeadlineIsAnnouncedHoweverLateItIsMade) {
    alone.tables.before_call = [](const std::string&) { return false; };
    world.start(R"({"document_id":"d","document_name":"n","requester":"req@x","timeout_seconds":300,
        "policy":{"name":"p","stages":[{"name":"s","approvers":{"people":["ann@x"]},"required":1}],
            "escalation":{"to":{"people":["head@x"]},"extend_seconds":3600},"on_timeout":"escalate"}})");
    world.runner.advance(1h);
    alone.tables.before_call = nullptr;
    world.runner.advance(6min);
    ASSERT_TRUE(world.runner.is_running()) << world.runner.error_message();
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notified", "escalated", "notified"));
}

TEST_P(WorkflowInBothModes, TheTellingIsNotRepeatedAfterTheTimeIsOverAndTheTrailSaysNotThatNobodyWasTold) {
    int tellings = 0;
    world.on_publish = [&]() -> Result<void> {
        ++tellings;
        return fail("RequestTimeout", 500, "it may have gone out");
    };
    world.start(1);
    world.runner.advance(1min);
    EXPECT_EQ(world.result().decision, "timeout");
    EXPECT_LT(tellings, 4);
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notification_failed", "timed_out", "completed"));
    EXPECT_THAT(world.trail()[1].details.at("error"), HasSubstr("before this message was known to have gone out"));
}

TEST_P(WorkflowInBothModes, WhatTheTrailHasAsToldIsNotSaidToBeUnknownAfterTheTimeIsOver) {
    bool is_told = false;
    world.on_publish = [&]() -> Result<void> { return is_told = true, Result<void>{}; };
    world.runner.before_checkpoint = [&](int) -> std::optional<Error> {
        if (!std::exchange(is_told, false)) return std::nullopt;
        world.runner.advance(1h);
        throw Crash{};
    };
    world.start(300);
    world.runner.advance(1min);
    EXPECT_EQ(world.result().decision, "timeout");
    EXPECT_EQ(world.notifications.size(), 1U);
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notified", "timed_out", "completed"));
}

TEST_P(WorkflowInBothModes, WhatIsNotedAsTooLateIsNotNotedAgainForAnotherReason) {
    world.on_publish = [&]() -> Result<void> {
        EXPECT_EQ(world.decide("approved", "boss").status, 200);
        return fail("RequestTimeout", 500, "it may have gone out");
    };
    bool died = false;
    world.runner.before_checkpoint = [&](int) -> std::optional<Error> {
        const auto events = world.trail_events();
        if (died || std::ranges::find(events, "notification_failed") == events.end()) return std::nullopt;
        died = true;
        world.runner.advance(1h);
        throw Crash{};
    };
    world.start(300);
    world.runner.advance(2h);
    EXPECT_TRUE(died);
    EXPECT_EQ(world.result().decision, "approved");
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "decided", "notification_failed", "completed"));
}

TEST(Patience, IsForWhatMayPass) {
    EXPECT_TRUE(patient()({.type = "ThrottlingException"}, 1000));
    EXPECT_TRUE(patient()({.type = "AccessDeniedException"}, 1000)) << "a role may be mended";
    EXPECT_FALSE(patient()({.type = "ValidationException"}, 1)) << "a request that is wrong stays wrong";
}

TEST_P(WorkflowInBothModes, ARecordThatIsGoneIsNotWaitedFor) {
    world.start(300);
    const auto deleted = alone.tables.send(
        {},
        {.method = "POST",
         .target = "/",
         .headers = {{"X-Amz-Target", "DynamoDB_20120810.DeleteItem"}},
         .body = R"({"TableName":"approvals","Key":{"approval_id":{"S":")" + world.approval_id() + R"("}}})"},
        {});
    ASSERT_EQ(deleted.value().status, 200);
    world.runner.advance(301s);
    EXPECT_EQ(world.runner.execution().head().status, wire::ExecutionStatus::failed);
    EXPECT_THAT(world.runner.error_message(), HasSubstr("not in the table any more"));
}

TEST_P(WorkflowInBothModes, AReadThatFailsOnceIsNoMatter) {
    world.start(60);
    int reads = 0;
    alone.tables.before_call = [&](const std::string& action) { return action != "GetItem" || ++reads != 1; };
    EXPECT_EQ(world.decide("approved", "boss").status, 200);
    world.runner.advance(60s);
    EXPECT_EQ(world.result().decision, "approved");
}

TEST_P(WorkflowInBothModes, ReplaysNeverNotifyAgain) {
    world.start(120);
    world.runner.advance(60s);
    world.runner.deploy([this](durable::Context& context, const durable::Json& event) {
        return run_workflow(context, event, world.services());
    });
    world.runner.advance(100s);
    EXPECT_GT(world.runner.invocations(), 1);
    EXPECT_EQ(world.notifications.size(), 1U);
}

TEST_P(WorkflowInBothModes, TheTrailIsReadOnlyWhereSomebodyElseMayHaveWritten) {
    int reads = 0;
    alone.tables.before_call = [&](const std::string& action) { return action != "Query" || ++reads > 0; };
    world.start(120);
    EXPECT_EQ(reads, 0);
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notified"));
}

TEST_P(WorkflowInBothModes, WhoDecidesBeforeTheNotificationIsRecordedTakesItsPlaceInTheTrail) {
    world.on_publish = [&]() -> Result<void> {
        EXPECT_EQ(world.decide("approved", "boss").status, 200);
        return {};
    };
    world.start(120);
    world.runner.advance(60s);
    EXPECT_EQ(world.result().decision, "approved");
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "decided", "notified", "completed"));
    EXPECT_THAT(verify_chain(world.trail()), ElementsAre());
}

TEST_P(WorkflowInBothModes, ACrashAfterPublishMayNotifyTwiceOfTheSameRequest) {
    bool crashed = false;
    world.on_publish = [&]() -> Result<void> {
        world.runner.before_checkpoint = [&](int) -> std::optional<Error> {
            if (!std::exchange(crashed, true)) throw Crash{};
            return std::nullopt;
        };
        return {};
    };
    world.start(120);
    world.runner.advance(30s);
    ASSERT_TRUE(crashed);
    ASSERT_EQ(world.notifications.size(), 2U);
    EXPECT_EQ(world.notifications[0].attributes, world.notifications[1].attributes);
    EXPECT_EQ(world.trail_events().size(), 2U);
}

TEST_P(WorkflowInBothModes, AFailingNotificationIsRetriedRecordedAndTheWorkflowWaitsOn) {
    world.on_publish = [] { return Result<void>(fail("InternalError", 500, "no topic")); };
    world.start(3600);
    world.runner.advance(10min);
    EXPECT_GT(world.notifications.size(), 2U);
    EXPECT_TRUE(world.runner.is_running());
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notification_failed"));
    EXPECT_THAT(world.trail().back().details.at("error"), HasSubstr("no topic"));
    EXPECT_EQ(world.decide("approved", "boss").status, 200);
    world.runner.advance(10s);
    EXPECT_EQ(world.result().decision, "approved");
}

TEST_P(WorkflowInBothModes, InvalidEventsFailWithTheFieldAndLeaveNoRecord) {
    const std::pair<std::string, std::string> cases[] = {
        {R"({"document_name":"n","requester":"r"})", "document_id"},
        {R"({"document_id":"d","requester":"r"})", "document_name"},
        {R"({"document_id":"d","document_name":"n","requester":7})", "requester"},
        {R"({"document_id":"d","document_name":"n","requester":"r","timeout_seconds":null})", "timeout_seconds"},
        {R"({"document_id":"d","document_name":"n","requester":"r","timeout_seconds":0})", "timeout_seconds"},
        {R"({"document_id":"d","document_name":"n","requester":"r","timeout_seconds":-1})", "timeout_seconds"},
        {R"({"document_id":"d","document_name":"n","requester":"r","timeout_seconds":"60"})", "timeout_seconds"},
        {R"({"document_id":"d","document_name":"n","requester":"r","timeout_seconds":1.5})", "timeout_seconds"},
        {R"({"document_id":"d","document_name":"n","requester":"r","timeout_seconds":86401})", "timeout_seconds"},
        {R"({"document_id":"d","document_name":"n","requester":"r","amendable":"no"})", "amendable"},
        {R"({"document_id":"d","document_name":"n","requester":"r","amendable":null})", "amendable"},
        {R"([])", "object"},
    };
    for (const auto& [event, field] : cases) {
        Alone fresh(GetParam());
        int calls = 0;
        fresh.tables.before_call = [&](const std::string&) { return ++calls > 0; };
        fresh.world.start(event);
        EXPECT_EQ(fresh.world.runner.execution().head().status, wire::ExecutionStatus::failed) << event;
        EXPECT_THAT(fresh.world.runner.error_message(), HasSubstr(field)) << event;
        EXPECT_EQ(calls, 0) << event;
    }
}

TEST_P(WorkflowInBothModes, AStoppedWorkflowTakesNoDecisionAndTheAttemptIsRecorded) {
    world.start(300);
    world.runner.stop("enough");
    const Answer answer = world.decide("approved", "boss", "too late");
    EXPECT_EQ(answer.status, 409);
    EXPECT_EQ(answer.text("error.code"), "WORKFLOW_ENDED");
    EXPECT_EQ(world.record()->status, ApprovalStatus::pending);
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notified", "decision_refused"));
    EXPECT_EQ(world.trail().back().personal.at("actor").value, "boss");
    EXPECT_THAT(verify_chain(world.trail()), ElementsAre());
}

TEST(CallbackMode, ALostCallbackIsDeliveredByTheNextDecisionWhateverItIs) {
    for (const bool is_the_same : {true, false}) {
        Alone alone(WaitMode::callback);
        alone.world.start(300);
        alone.world.lose_next_resume = true;
        EXPECT_EQ(alone.world.decide("rejected", "boss", "no").status, 200);
        EXPECT_TRUE(alone.world.runner.is_running());
        EXPECT_EQ(alone.world.decide(is_the_same ? "rejected" : "approved", "boss", "no").status,
                  is_the_same ? 200 : 409);
        ASSERT_FALSE(alone.world.runner.is_running());
        EXPECT_EQ(alone.world.result().decision, "rejected");
    }
}

TEST(CallbackMode, ALostCallbackIsFoundWhenItTimesOut) {
    Alone alone(WaitMode::callback);
    alone.world.start(300);
    alone.world.lose_next_resume = true;
    EXPECT_EQ(alone.world.decide("rejected", "boss").status, 200);
    alone.world.runner.advance(301s);
    EXPECT_EQ(alone.world.result().decision, "rejected");
}

TEST(CallbackMode, TwoInvocationsInAllAndTheTokenStaysWhereItBelongs) {
    Alone alone(WaitMode::callback);
    World& world = alone.world;
    world.start(300);
    const std::string token = *world.record()->callback_token;
    const Answer decided = world.decide("approved", "boss");
    EXPECT_EQ(world.runner.invocations(), 2);
    const std::string get = R"({"action":"get","approval_id":")" + world.approval_id() + R"("})";
    for (const std::string& text :
         {decided.body.dump(), world.api(get).body.dump(),
          world.api(R"({"action":"list","status":"approved"})").body.dump(), world.notifications[0].message,
          world.notifications[0].subject, world.runner.result()}) {
        EXPECT_THAT(text, Not(HasSubstr(token)));
    }
    for (const AuditRecord& record : world.trail()) {
        EXPECT_THAT(durable::to_json(record.details).dump(), Not(HasSubstr(token)));
    }
    for (const auto& state : world.runner.execution().operations()) {
        if (state.operation.type == wire::OperationType::step) {
            EXPECT_THAT(state.operation.result.value_or(""), Not(HasSubstr(token))) << *state.operation.name;
        }
    }
}

TEST(Repository, TheTableItselfRefusesADecisionAfterTheExpiry) {
    Alone alone(WaitMode::polling);
    ApprovalRequest approval;
    approval.approval_id = "a";
    approval.created_at = approval.updated_at = to_iso8601(alone.clock.now() - 1h);
    approval.expires_at = to_iso8601(alone.clock.now());
    Repository& repository = alone.world.services().repository;
    ASSERT_TRUE(repository.create(approval));
    // Decided by a clock that is behind.
    const auto accepted = decide(standing_of(approval),
                                 {.voter = {.person = "boss", .groups = {}, .proof = "claimed"},
                                  .decision = VoteDecision::approved,
                                  .comments = {},
                                  .stage = {},
                                  .shown_digest = {},
                                  .idempotency_key = {}},
                                 alone.clock.now() - 1min);
    ASSERT_TRUE(accepted);
    Accepted late = *accepted;
    late.vote.at = approval.expires_at;
    const auto voted = repository.vote(approval, late);
    ASSERT_TRUE(voted) << voted.error().message;
    EXPECT_FALSE(*voted);
    EXPECT_EQ(repository.find("a").value()->status, ApprovalStatus::pending);
}

TEST(PollInterval, NeverMoreThan2500Polls) {
    EXPECT_EQ(poll_interval(5, 300), 5);
    EXPECT_EQ(poll_interval(5, 86'400), 35);
    EXPECT_EQ(poll_interval(1, 2500), 1);
    EXPECT_EQ(poll_interval(1, 2501), 2);
    EXPECT_EQ(poll_interval(3600, 1), 3600);
}

}  // namespace
}  // namespace holdpoint::approvals::testing
