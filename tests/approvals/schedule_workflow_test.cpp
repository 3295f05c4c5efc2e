// Policies with a schedule, in the workflow: reminders, escalation, and what the deadline means.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

std::string event_with(const std::string& policy, std::int64_t timeout_seconds = 300) {
    return R"({"document_id":"d","document_name":"Budget","requester":"req@x","timeout_seconds":)" +
           std::to_string(timeout_seconds) + R"(,"policy":)" + policy + "}";
}

std::string stage_of(const std::string& person) {
    return R"("name":"p","stages":[{"name":"a","approvers":{"people":[")" + person + R"("]}}])";
}

const std::string kReminders = "{" + stage_of("ann@x") + R"(,"reminders_before_seconds":[60,20]})";
const std::string kEscalation =
    "{" + stage_of("ann@x") +
    R"(,"reminders_before_seconds":[20],"escalation":{"after_seconds":100,"to":{"people":["boss@x"]},"extend_seconds":50}})";
const std::string kAtDeadline =
    "{" + stage_of("ann@x") +
    R"(,"escalation":{"to":{"people":["boss@x"]},"extend_seconds":50},"on_timeout":"escalate"})";
const std::string kReject = "{" + stage_of("ann@x") + R"(,"on_timeout":"reject"})";

std::vector<std::string> told(const World& world) {
    std::vector<std::string> events;
    for (const Notification& notification : world.notifications) events.push_back(notification.attributes.at("event"));
    return events;
}

class ScheduleInBothModes : public ::testing::TestWithParam<WaitMode> {
protected:
    Alone alone{GetParam()};
    World& world = alone.world;
};

INSTANTIATE_TEST_SUITE_P(Modes, ScheduleInBothModes, ::testing::Values(WaitMode::polling, WaitMode::callback),
                         [](const auto& mode) { return mode.param == WaitMode::polling ? "Polling" : "Callback"; });

TEST_P(ScheduleInBothModes, ApproversAreRemindedAndTheDecisionIsTheResult) {
    world.start(event_with(kReminders));
    world.runner.advance(239s);
    EXPECT_THAT(told(world), ElementsAre("approval_requested"));
    world.runner.advance(2s);
    EXPECT_THAT(told(world), ElementsAre("approval_requested", "approval_reminder"));
    EXPECT_EQ(world.notifications.back().subject, "Reminder: Budget");
    EXPECT_THAT(world.notifications.back().message, HasSubstr("req@x still waits for approval"));
    world.runner.advance(40s);
    EXPECT_EQ(world.decide("approved", "ann@x").status, 200);
    world.runner.advance(6s);
    EXPECT_EQ(world.result().decision, "approved");
    EXPECT_THAT(told(world), ElementsAre("approval_requested", "approval_reminder", "approval_reminder"));
    EXPECT_THAT(world.trail_events(),
                ElementsAre("created", "notified", "reminded", "reminded", "decided", "completed"));
    EXPECT_EQ(world.trail()[2].details.at("due_at"), to_iso8601(*parse_iso8601(world.record()->created_at) + 240s));
    EXPECT_THAT(verify_chain(world.trail()), ElementsAre());
}

TEST_P(ScheduleInBothModes, WhoDecidesEarlyIsNotRemindedAndResumesAtOnce) {
    world.start(event_with(kReminders));
    EXPECT_EQ(world.decide("rejected", "ann@x", "no").status, 200);
    world.runner.advance(5s);
    EXPECT_EQ(world.result().decision, "rejected");
    world.runner.advance(400s);
    EXPECT_THAT(told(world), ElementsAre("approval_requested"));
}

TEST_P(ScheduleInBothModes, EscalationLetsOthersDecideAndMovesTheDeadline) {
    world.start(event_with(kEscalation));
    const TimePoint created = *parse_iso8601(world.record()->created_at);
    EXPECT_EQ(world.record()->ttl, to_epoch_ms(created + 350s + std::chrono::days(90)) / 1000);
    EXPECT_EQ(world.decide("approved", "boss@x").text("error.code"), "NOT_AN_APPROVER");
    world.runner.advance(101s);
    EXPECT_THAT(told(world), ElementsAre("approval_requested", "approval_escalated"));
    EXPECT_EQ(world.notifications.back().subject, "Escalated: Budget");
    EXPECT_THAT(world.notifications.back().message, HasSubstr(world.record()->expires_at));
    EXPECT_EQ(world.record()->expires_at, to_iso8601(created + 350s));
    EXPECT_EQ(world.record()->revision, 1);
    world.runner.advance(230s);
    EXPECT_EQ(told(world).back(), "approval_reminder");
    EXPECT_EQ(world.decide("approved", "boss@x").status, 200);
    world.runner.advance(6s);
    EXPECT_EQ(world.result().approver, "boss@x");
    EXPECT_THAT(verify_chain(world.trail()), ElementsAre());
}

TEST_P(ScheduleInBothModes, EscalationAtTheDeadlineExtendsOnceAndThenItTimesOut) {
    world.start(event_with(kAtDeadline));
    world.runner.advance(301s);
    EXPECT_TRUE(world.runner.is_running());
    EXPECT_EQ(told(world).back(), "approval_escalated");
    world.runner.advance(60s);
    EXPECT_EQ(world.result().decision, "timeout");
    EXPECT_THAT(world.trail_events(),
                ElementsAre("created", "notified", "escalated", "notified", "timed_out", "completed"));
    EXPECT_EQ(world.decide("approved", "boss@x").text("error.code"), "APPROVAL_EXPIRED");
}

TEST_P(ScheduleInBothModes, WhoIsAskedLateBecauseTheTableCouldNotBeWrittenHasAllOfTheirTime) {
    world.start(
        event_with("{" + stage_of("ann@x") +
                   R"(,"escalation":{"to":{"people":["boss@x"]},"extend_seconds":1},"on_timeout":"escalate"})"));
    const TimePoint deadline = *parse_iso8601(world.record()->expires_at);
    alone.tables.before_call = [&](const std::string& action) {
        return action != "TransactWriteItems" || alone.clock.now() >= deadline + 2s;
    };
    world.runner.advance(299s);
    for (int i = 0; i < 60 && !world.record()->escalated_at; ++i) world.runner.advance(1s);
    const ApprovalRequest record = *world.record();
    ASSERT_TRUE(record.escalated_at);
    EXPECT_EQ(record.expires_at, to_iso8601(*parse_iso8601(*record.escalated_at) + 1s));
}

TEST_P(ScheduleInBothModes, WhatNobodyDecidesIsRejectedWhereThePolicySaysSo) {
    world.start(event_with(kReject));
    world.runner.advance(310s);
    EXPECT_EQ(world.result().decision, "rejected");
    EXPECT_EQ(world.result().approver, std::nullopt);
    const ApprovalRequest record = *world.record();
    EXPECT_EQ(record.status, ApprovalStatus::rejected);
    EXPECT_EQ(record.decision, Decision::rejected);
    EXPECT_EQ(record.decided_at, record.expires_at);
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notified", "timed_out", "completed"));
    EXPECT_EQ(world.trail()[2].details.at("decision"), "rejected");
    EXPECT_EQ(world.trail()[2].personal.at("actor").value, "holdpoint");
    const Answer late = world.decide("approved", "ann@x");
    EXPECT_EQ(late.text("error.code"), "APPROVAL_ALREADY_DECIDED");
    EXPECT_THAT(late.text("error.message"), HasSubstr("by its deadline"));
    EXPECT_EQ(late.text("error.details.decided_at"), record.decided_at);
}

TEST_P(ScheduleInBothModes, AFailingReminderIsRecordedAndTheWorkflowWaitsOn) {
    world.configuration.poll_interval_seconds = 600;
    world.start(event_with(kReminders, 3600));
    world.on_publish = [] { return Result<void>(fail("InternalError", 500, "no topic")); };
    world.runner.advance(3570s);
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notified", "notification_failed"));
    world.on_publish = nullptr;
    world.runner.advance(15s);
    EXPECT_EQ(world.trail_events().back(), "reminded");
    EXPECT_EQ(world.decide("approved", "ann@x").status, 200);
    world.runner.advance(30s);
    EXPECT_EQ(world.result().decision, "approved");
}

TEST_P(ScheduleInBothModes, NobodyIsRemindedOfWhatWasDecidedWhileTheReminderFailed) {
    world.tell_people();
    world.start(event_with(kReminders));
    world.on_publish = [&]() -> Result<void> {
        EXPECT_EQ(world.decide("approved", "ann@x").status, 200);
        return fail("InternalError", 500, "no topic");
    };
    world.runner.advance(270s);
    EXPECT_EQ(world.result().decision, "approved");
    EXPECT_THAT(told(world), ElementsAre("approval_requested", "approval_reminder"));
    EXPECT_THAT(world.told_people, ::testing::SizeIs(1));
}

TEST_P(ScheduleInBothModes, NobodyIsRemindedOfWhatWasDecidedSinceItWasLookedAt) {
    world.start(event_with(kReminders));
    const TimePoint due = *parse_iso8601(world.record()->created_at) + 240s;
    world.runner.after_checkpoint = [&](int) {
        if (alone.clock.now() < due) return;
        world.runner.after_checkpoint = {};
        EXPECT_EQ(world.decide("approved", "ann@x").status, 200);
    };
    world.runner.advance(270s);
    EXPECT_EQ(world.result().decision, "approved");
    EXPECT_THAT(told(world), ElementsAre("approval_requested"));
}

TEST_P(ScheduleInBothModes, WhereNobodyIsLeftToRemindInPersonTheTrailSaysOfNobodyThatTheyWere) {
    world.tell_people();
    world.start(event_with(R"({"name":"p","stages":[{"name":"a","required":2,
        "approvers":{"people":["ann@x"],"groups":["legal"]}}],"reminders_before_seconds":[60]})"));
    EXPECT_EQ(world.decide("approved", "ann@x").status, 200);
    world.runner.advance(250s);
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notified", "people_notified", "voted", "reminded"));
}

TEST_P(ScheduleInBothModes, WhoDecidesJustBeforeTheEscalationHasNobodyElseAsked) {
    world.start(event_with(kEscalation));
    const TimePoint due = *parse_iso8601(world.record()->created_at) + 100s;
    bool came = false;
    alone.tables.before_call = [&](const std::string& action) {
        if (action == "TransactWriteItems" && alone.clock.now() >= due && !std::exchange(came, true)) {
            EXPECT_EQ(world.decide("approved", "ann@x").status, 200);
        }
        return true;
    };
    world.runner.advance(110s);
    EXPECT_TRUE(came);
    EXPECT_EQ(world.result().decision, "approved");
    EXPECT_THAT(told(world), ElementsAre("approval_requested"));
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notified", "decided", "completed"));
}

TEST_P(ScheduleInBothModes, WhereverItDiesEverythingIsDoneInOrderAndRecordedOnce) {
    int last = 0;
    for (int doomed = 1; doomed <= last + 1; ++doomed) {
        for (const bool before : {true, false}) {
            Alone fresh(GetParam());
            World& one = fresh.world;
            one.configuration.poll_interval_seconds = 60;
            bool crashed = false;
            const auto crash = [&](int number) {
                if (number == doomed && !std::exchange(crashed, true)) throw Crash{};
            };
            one.runner.before_checkpoint = [&, before](int number) -> std::optional<Error> {
                if (before) crash(number);
                return std::nullopt;
            };
            one.runner.after_checkpoint = [&, before](int number) {
                if (!before) crash(number);
            };
            one.start(event_with(kEscalation));
            one.runner.advance(1h);
            EXPECT_EQ(crashed, doomed <= one.runner.checkpoints());
            ASSERT_EQ(one.result().decision, "timeout") << doomed;
            ASSERT_THAT(one.trail_events(), ElementsAre("created", "notified", "escalated", "notified", "reminded",
                                                        "timed_out", "completed"))
                << doomed << before;
            EXPECT_LE(one.notifications.size(), 4U);
            EXPECT_THAT(verify_chain(one.trail()), ElementsAre());
            last = std::max(last, doomed <= one.runner.checkpoints() ? doomed : 0);
        }
    }
    EXPECT_GT(last, 10);
}

TEST_P(ScheduleInBothModes, AYearOfRemindersStaysFarBelowTheLimitOfOperations) {
    world.configuration.execution_timeout_seconds = 31'622'400;
    world.configuration.poll_interval_seconds = 86'400;
    world.start(event_with("{" + stage_of("ann@x") + R"(,"reminders_before_seconds":[1,2,3,4,5,6,7,8,9,3600]})",
                           360LL * 24 * 3600));
    world.runner.advance(std::chrono::hours(24 * 361));
    EXPECT_EQ(world.result().decision, "timeout");
    EXPECT_LT(world.runner.checkpoints(), 3000);
    EXPECT_LE(world.runner.execution().operations().size(), 100U);
}

TEST_P(ScheduleInBothModes, AnExtensionThatCannotBeWaitedForIsRefused) {
    world.start(event_with(kAtDeadline, 86'400));
    EXPECT_THAT(world.runner.error_message(), HasSubstr("policy.escalation.extend_seconds: expected at most 0"));
    EXPECT_THAT(world.notifications, ElementsAre());
}

TEST_P(ScheduleInBothModes, WithoutAScheduleNothingIsAddedToTheSimplePath) {
    for (const std::string& policy : {std::string(), "{" + stage_of("ann@x") + "}"}) {
        Alone fresh(GetParam());
        int calls = 0;
        fresh.tables.before_call = [&](const std::string&) { return ++calls > 0; };
        policy.empty() ? fresh.world.start() : fresh.world.start(event_with(policy));
        int before = calls;
        EXPECT_EQ(fresh.world.decide("approved", "ann@x").status, 200);
        fresh.world.runner.advance(5s);
        std::vector<std::string> names;
        for (const auto& state : fresh.world.runner.execution().operations()) {
            names.push_back(state.operation.name.value_or(""));
        }
        if (!policy.empty()) --before;  // it is compared with those that are stored
        if (GetParam() == WaitMode::callback) {
            EXPECT_THAT(names, ElementsAre("decision", "create-approval-request", "notify-approvers", "look",
                                           "record-completion"));
            EXPECT_EQ(before, 2);  // the record, and that its approvers were told
        } else {
            EXPECT_THAT(names, ElementsAre("create-approval-request", "notify-approvers", "wait-for-decision",
                                           "record-completion"));
            EXPECT_EQ(before, 3);
        }
    }
}

TEST(ScheduleInCallbackMode, ALostCallbackIsFoundWhenSomethingIsDue) {
    Alone alone(WaitMode::callback);
    World& world = alone.world;
    world.start(event_with(kReminders));
    world.lose_next_resume = true;
    EXPECT_EQ(world.decide("approved", "ann@x").status, 200);
    world.runner.advance(241s);
    EXPECT_EQ(world.result().decision, "approved");
    EXPECT_THAT(told(world), ElementsAre("approval_requested"));
}

TEST(ScheduleInCallbackMode, TheCallbackOutlivesTheEscalation) {
    Alone alone(WaitMode::callback);
    World& world = alone.world;
    world.start(event_with(kAtDeadline));
    world.runner.advance(340s);
    const int invocations = world.runner.invocations();
    EXPECT_EQ(world.decide("approved", "boss@x").status, 200);
    EXPECT_EQ(world.result().decision, "approved") << "without waiting for the deadline";
    EXPECT_EQ(world.runner.invocations(), invocations + 1);
}

TEST(ScheduleInCallbackMode, TheTokenIsInNoResultOfAStepThatEscalatesOrTimesOut) {
    Alone alone(WaitMode::callback);
    World& world = alone.world;
    world.start(event_with(kAtDeadline));
    const std::string token = *world.record()->callback_token;
    world.runner.advance(360s);
    EXPECT_EQ(world.result().decision, "timeout");
    for (const auto& state : world.runner.execution().operations()) {
        if (state.operation.type != wire::OperationType::step) continue;
        EXPECT_THAT(state.operation.result.value_or(""), ::testing::Not(HasSubstr(token))) << *state.operation.name;
        EXPECT_THAT(state.operation.result.value_or(""), ::testing::Not(HasSubstr("boss@x"))) << "its policy";
    }
}

}  // namespace
}  // namespace holdpoint::approvals::testing
