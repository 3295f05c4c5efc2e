// Stages that open one after another, in the workflow: their people are told when they may decide, and not before.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using durable::Json;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Not;
using namespace std::chrono_literals;

const std::string kStages = R"("name":"p","stages":[
    {"name":"finance","approvers":{"people":["ann@x"]}},
    {"name":"legal","approvers":{"people":["lea@x","ann@x"]}}])";
const std::string kTwoStages = "{" + kStages + "}";
const std::string kParallel = "{" + kStages + R"(,"order":"parallel"})";
const std::string kReminders = "{" + kStages + R"(,"reminders_before_seconds":[60]})";
const std::string kEscalation =
    "{" + kStages + R"(,"escalation":{"after_seconds":100,"to":{"people":["boss@x"]},"extend_seconds":50}})";
const std::string kThreeStages = R"({"name":"p","stages":[
    {"name":"a","approvers":{"people":["ann@x"]}},
    {"name":"b","approvers":{"people":["bob@x"]}},
    {"name":"c","approvers":{"people":["cal@x"]}}]})";

std::string event_with(const std::string& policy, std::int64_t timeout_seconds = 300) {
    return R"({"document_id":"d","document_name":"Budget","requester":"req@x","timeout_seconds":)" +
           std::to_string(timeout_seconds) + R"(,"policy":)" + policy + "}";
}

using People = std::set<std::string>;

class StagesInBothModes : public ::testing::TestWithParam<WaitMode> {
protected:
    StagesInBothModes() { world.tell_people(); }

    /// In callback mode the workflow hears at once.
    void settle(World& one) {
        if (GetParam() == WaitMode::polling) one.runner.advance(6s);
    }
    void vote(World& one, const std::string& person, const std::string& decision = "approved") {
        EXPECT_EQ(one.decide(decision, person).status, 200) << person;
        settle(one);
    }
    static Answer amend(World& one, const std::string& name) {
        return one.api(R"({"action":"amend","approval_id":")" + one.approval_id() +
                       R"(","requester":"req@x","document_name":")" + name + R"("})");
    }
    static std::vector<std::string> told(const World& one) {
        std::vector<std::string> events;
        for (const Notification& notification : one.notifications) {
            const auto stage = notification.attributes.find("stage");
            events.push_back(notification.attributes.at("event") +
                             (stage == notification.attributes.end() ? "" : " " + stage->second));
        }
        return events;
    }
    static std::vector<std::string> operations(const World& one) {
        std::vector<std::string> names;
        for (const auto& state : one.runner.execution().operations()) {
            names.push_back(state.operation.name.value_or(""));
        }
        return names;
    }

    Alone alone{GetParam()};
    World& world = alone.world;
};

INSTANTIATE_TEST_SUITE_P(Modes, StagesInBothModes, ::testing::Values(WaitMode::polling, WaitMode::callback),
                         [](const auto& mode) { return mode.param == WaitMode::polling ? "Polling" : "Callback"; });

TEST_P(StagesInBothModes, PeopleAreToldWhenTheirStageOpens) {
    world.start(event_with(kTwoStages));
    world.runner.advance(20s);
    EXPECT_THAT(told(world), ElementsAre("approval_requested"));
    EXPECT_THAT(world.told_people, ElementsAre(People{"ann@x"}));
    vote(world, "ann@x");
    EXPECT_THAT(told(world), ElementsAre("approval_requested", "approval_stage_opened legal"));
    EXPECT_EQ(world.notifications.back().subject, "Approval needed: Budget");
    EXPECT_THAT(world.told_people, ElementsAre(People{"ann@x"}, People{"lea@x"})) << "Ann has voted";
    EXPECT_THAT(world.trail_events(),
                ElementsAre("created", "notified", "people_notified", "voted", "notified", "people_notified"));
    const std::map<std::string, std::string> details{
        {"occasion", "stage_opened"}, {"stage", "legal"}, {"document_version", "1"}};
    EXPECT_EQ(world.trail()[4].details, details);
    vote(world, "lea@x");
    EXPECT_EQ(world.result().decision, "approved");
    EXPECT_EQ(world.result().approver, "lea@x");
    EXPECT_THAT(told(world), ::testing::SizeIs(2));
    EXPECT_THAT(verify_chain(world.trail()), ElementsAre());
}

TEST_P(StagesInBothModes, WhoDecidesInTwoStagesWithTheSameWordsNamesTheStageOrSendsAKey) {
    const auto approve = [&](World& one, const std::string& more) {
        const Answer answer = one.api(R"({"action":"decide","decision":"approved","approver":"ann@x","approval_id":")" +
                                      one.approval_id() + "\"" + more + "}");
        settle(one);
        return answer.status;
    };
    const std::string either = "{" + kStages + R"(,"distinct_people":false})";
    for (const auto& [first, second] : {std::pair(R"(,"stage":"finance")", R"(,"stage":"legal")"),
                                        std::pair(R"(,"idempotency_key":"1")", R"(,"idempotency_key":"2")")}) {
        Alone own(GetParam());
        own.world.start(event_with(either));
        for (int i = 0; i < 2; ++i) EXPECT_EQ(approve(own.world, first), 200) << "the same again";
        EXPECT_EQ(own.world.record()->status, ApprovalStatus::pending);
        EXPECT_EQ(approve(own.world, R"(,"stage":"leagl")"), 400);
        EXPECT_EQ(approve(own.world, second), 200);
        EXPECT_EQ(own.world.result().decision, "approved") << second;
    }
}

TEST_P(StagesInBothModes, EachOfManyStagesIsToldInItsTurn) {
    world.start(event_with(kThreeStages));
    for (const char* person : {"ann@x", "bob@x", "cal@x"}) vote(world, person);
    EXPECT_EQ(world.result().decision, "approved");
    EXPECT_THAT(told(world), ElementsAre("approval_requested", "approval_stage_opened b", "approval_stage_opened c"));
    EXPECT_THAT(world.told_people, ElementsAre(People{"ann@x"}, People{"bob@x"}, People{"cal@x"}));
}

TEST_P(StagesInBothModes, WhereAllAreOpenAtOnceAllAreToldAtOnceAndItCostsNoMore) {
    world.start(event_with(kParallel));
    EXPECT_THAT(world.told_people, ElementsAre(People{"ann@x", "lea@x"}));
    vote(world, "ann@x");
    EXPECT_EQ(world.resumes, 0);
    vote(world, "lea@x");
    EXPECT_EQ(world.result().decision, "approved");
    EXPECT_THAT(told(world), ElementsAre("approval_requested"));
    EXPECT_THAT(operations(world), Not(Contains("note-told-stages")));
}

TEST_P(StagesInBothModes, WhoRejectsOrLetsItExpireOpensNothing) {
    world.start(event_with(kTwoStages));
    vote(world, "ann@x", "rejected");
    EXPECT_EQ(world.result().decision, "rejected");
    Alone late(GetParam());
    late.world.start(event_with(kTwoStages));
    late.world.runner.advance(310s);
    EXPECT_EQ(late.world.result().decision, "timeout");
    for (const World* one : {&world, &late.world}) EXPECT_THAT(told(*one), ElementsAre("approval_requested"));
}

TEST_P(StagesInBothModes, AStageThatOpenedJustBeforeTheDeadlineChangesNothingOfIt) {
    world.configuration.poll_interval_seconds = 60;
    world.start(event_with(kTwoStages));
    world.runner.advance(299s);
    vote(world, "ann@x");
    world.runner.advance(20s);
    EXPECT_EQ(world.result().decision, "timeout");
    EXPECT_THAT(world.trail_events(), Contains("timed_out"));
}

TEST_P(StagesInBothModes, TheSameVoteAgainWakesNobodyOnceTheStageWasTold) {
    world.start(event_with(kTwoStages));
    vote(world, "ann@x");
    const int resumes = world.resumes;
    const auto operations_before = operations(world).size();
    for (int i = 0; i < 5; ++i) EXPECT_EQ(world.decide("approved", "ann@x").status, 200);
    EXPECT_EQ(world.resumes, resumes);
    EXPECT_EQ(operations(world).size(), operations_before);
}

TEST_P(StagesInBothModes, WhenTheDocumentChangesStagesAreToldAnewFromTheFirst) {
    world.start(event_with(kTwoStages));
    vote(world, "ann@x");
    EXPECT_EQ(amend(world, "Budget, less").status, 200);
    settle(world);
    EXPECT_EQ(world.record()->told_stages, 1);
    EXPECT_EQ(world.decide("approved", "lea@x").text("error.code"), "STAGE_NOT_OPEN");
    vote(world, "ann@x");
    EXPECT_THAT(told(world), ElementsAre("approval_requested", "approval_stage_opened legal", "approval_amended",
                                         "approval_stage_opened legal"));
    EXPECT_THAT(world.told_people, ElementsAre(People{"ann@x"}, People{"lea@x"}, People{"ann@x"}, People{"lea@x"}));
    EXPECT_EQ(world.notifications.back().subject, "Approval needed: Budget, less");
    EXPECT_EQ(world.trail().back().details.at("document_version"), "2");
    vote(world, "lea@x");
    EXPECT_EQ(world.result().decision, "approved");
}

TEST_P(StagesInBothModes, WhoChangesTheRecordBeforeAnybodyIsToldHasItLookedAtAgain) {
    for (const bool decides : {true, false}) {
        Alone fresh(GetParam());
        World& one = fresh.world;
        one.tell_people();
        one.start(event_with(kTwoStages));
        bool came = false;
        fresh.tables.before_call = [&](const std::string& action) {
            if (action != "UpdateItem" || std::exchange(came, true)) return true;
            decides ? (void)one.decide("approved", "lea@x") : (void)amend(one, "Budget, less");
            return true;
        };
        vote(one, "ann@x");
        fresh.tables.before_call = nullptr;
        EXPECT_TRUE(came);
        if (decides) {
            EXPECT_THAT(told(one), ElementsAre("approval_requested"));
        } else {
            EXPECT_THAT(told(one), ElementsAre("approval_requested", "approval_amended"));
            vote(one, "ann@x");
            EXPECT_THAT(told(one),
                        ElementsAre("approval_requested", "approval_amended", "approval_stage_opened legal"));
            vote(one, "lea@x");
        }
        settle(one);
        EXPECT_EQ(one.result().decision, "approved");
    }
}

TEST_P(StagesInBothModes, RemindersAndEscalationsGoToThoseWhoMayDecideNow) {
    world.start(event_with(kReminders));
    EXPECT_EQ(amend(world, "Budget, less").status, 200);
    settle(world);
    vote(world, "ann@x");
    world.runner.advance(245s);
    EXPECT_THAT(told(world), ElementsAre("approval_requested", "approval_amended", "approval_stage_opened legal",
                                         "approval_reminder"));
    EXPECT_EQ(world.told_people.back(), People{"lea@x"}) << "Ann has voted on the document as it is now";
    vote(world, "lea@x");
    EXPECT_EQ(world.result().decision, "approved");

    Alone escalating(GetParam());
    World& other = escalating.world;
    other.tell_people();
    other.start(event_with(kEscalation));
    other.runner.advance(101s);
    vote(other, "boss@x");
    EXPECT_THAT(other.told_people, ElementsAre(People{"ann@x"}, People{"boss@x"}, People{"ann@x", "lea@x"}));
    vote(other, "ann@x");
    EXPECT_EQ(other.result().decision, "approved");
    EXPECT_THAT(verify_chain(other.trail()), ElementsAre());
}

TEST_P(StagesInBothModes, AFailingNotificationIsRecordedAndTheWorkflowWaitsOn) {
    world.start(event_with(kTwoStages, 3600));
    world.on_publish = [] { return Result<void>(fail("InternalError", 500, "no topic")); };
    vote(world, "ann@x");
    world.runner.advance(10min);
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "notified", "people_notified", "voted",
                                                  "notification_failed", "people_notified"));
    vote(world, "lea@x");
    EXPECT_EQ(world.result().decision, "approved");
}

TEST_P(StagesInBothModes, WhereverItDiesEachStageIsTold) {
    int last = 0;
    for (int doomed = 1; doomed <= last + 1; ++doomed) {
        for (const bool before : {true, false}) {
            Alone fresh(GetParam());
            World& one = fresh.world;
            one.tell_people();
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
            one.start(event_with(kThreeStages));
            for (const char* person : {"ann@x", "bob@x", "cal@x"}) {
                one.runner.advance(10s);
                EXPECT_EQ(one.decide("approved", person).status, 200) << doomed << person;
            }
            one.runner.advance(30s);
            EXPECT_EQ(crashed, doomed <= one.runner.checkpoints());
            ASSERT_FALSE(one.runner.is_running()) << doomed;
            ASSERT_EQ(one.result().decision, "approved") << doomed << one.runner.error_message();
            ASSERT_THAT(one.trail_events(),
                        ElementsAre("created", "notified", "people_notified", "voted", "notified", "people_notified",
                                    "voted", "notified", "people_notified", "decided", "completed"))
                << doomed << before;
            EXPECT_LE(one.notifications.size(), 4U);
            EXPECT_THAT(verify_chain(one.trail()), ElementsAre());
            last = std::max(last, doomed <= one.runner.checkpoints() ? doomed : 0);
        }
    }
    EXPECT_GT(last, 15);
}

/// What the workflow did before it told people of their stage when it opens.
WorkflowResult former_workflow(durable::Context& context, World& world, const std::string& policy = kTwoStages) {
    const bool calls_back = world.configuration.wait_mode == WaitMode::callback;
    std::optional<durable::Callback<durable::RawText>> callback;
    if (calls_back) callback = context.create_callback<durable::RawText>("decision", {.timeout = 300s});
    context.step("create-approval-request", [&] {
        ApprovalRequest approval;
        approval.approval_id = approval_id_of(context.execution_arn());
        approval.document_id = "d";
        approval.document_name = "Budget";
        approval.requester = "req@x";
        const auto created = std::chrono::floor<Milliseconds>(context.execution_started_at());
        approval.created_at = approval.updated_at = to_iso8601(created);
        approval.expires_at = to_iso8601(created + 300s);
        approval.execution_arn = context.execution_arn();
        approval.policy = pin(read_policy(Json::parse(policy)).value(), {}).value();
        if (callback) approval.callback_token = callback->id();
        (void)world.services().repository.create(approval);
    });
    context.step("notify-approvers", [&] {
        Notification notification;
        notification.attributes = {{"approval_id", approval_id_of(context.execution_arn())},
                                   {"event", "approval_requested"}};
        (void)world.services().notifier.publish(notification);
    });
    context.step("notify-people", [] {});
    if (callback) (void)callback->result();
    const auto state = context.wait_for_condition<std::map<std::string, std::int64_t>>(
        "wait-for-decision", [](const auto&) { return std::map<std::string, std::int64_t>{{"seconds_left", 200}}; },
        {.strategy = [](const auto&, int) -> durable::WaitDecision { return 5s; }});
    throw durable::Error("TooEarly", std::to_string(state.size()));
}

TEST_P(StagesInBothModes, AnExecutionOfBeforeGoesOnAsItBegan) {
    World* self = &world;
    world.runner.deploy([self](durable::Context& context, const Json&) { return former_workflow(context, *self); });
    world.start(event_with(kTwoStages));
    world.runner.advance(20s);
    world.runner.deploy([self](durable::Context& context, const Json& event) {
        return run_workflow(context, event, self->services());
    });
    vote(world, "ann@x");
    EXPECT_EQ(world.resumes, 0) << "its people were told when it was made";
    vote(world, "lea@x");
    ASSERT_FALSE(world.runner.is_running());
    EXPECT_EQ(world.runner.error_message(), "");
    EXPECT_EQ(world.result().approver, "lea@x");
    EXPECT_THAT(told(world), Each("approval_requested"));
    EXPECT_THAT(operations(world), Not(Contains("record-timeout")));
}

TEST_P(StagesInBothModes, AnExecutionOfBeforeEndsAtItsDeadline) {
    World* self = &world;
    world.configuration.poll_interval_seconds = 70;
    world.runner.deploy([self](durable::Context& context, const Json&) { return former_workflow(context, *self); });
    world.start(event_with(kTwoStages));
    world.runner.deploy([self](durable::Context& context, const Json& event) {
        return run_workflow(context, event, self->services());
    });
    world.runner.advance(299s);
    EXPECT_TRUE(world.runner.is_running());
    world.runner.advance(3s);
    ASSERT_FALSE(world.runner.is_running());
    EXPECT_EQ(world.result().decision, "timeout");
    EXPECT_EQ(world.record()->status, ApprovalStatus::timeout);
    for (const auto& state : world.runner.execution().operations()) {
        if (GetParam() == WaitMode::polling || state.operation.type != wire::OperationType::step) continue;
        EXPECT_THAT(state.operation.result.value_or(""),
                    Not(::testing::HasSubstr(world.record()->callback_token.value())));
    }
}

TEST_P(StagesInBothModes, AnExecutionOfBeforeWithAScheduleRemindsAndHearsOfTheDecisionAtOnce) {
    bool is_new = false;
    world.runner.deploy([&](durable::Context& context, const Json& event) {
        return is_new ? run_workflow(context, event, world.services()) : former_workflow(context, world, kReminders);
    });
    world.runner.after_checkpoint = [&](int) {
        const auto names = operations(world);
        if (is_new || std::ranges::find(names, "notify-people") == names.end()) return;
        is_new = true;
        throw Crash{};
    };
    world.start(event_with(kReminders));
    world.runner.advance(239s);
    EXPECT_LE(std::ranges::count(operations(world), "wait-until-next"), 1) << "there is no news to look for";
    world.runner.advance(5s);
    EXPECT_EQ(told(world).back(), "approval_reminder");
    vote(world, "ann@x");
    vote(world, "lea@x");
    ASSERT_FALSE(world.runner.is_running());
    EXPECT_EQ(world.result().approver, "lea@x");
    EXPECT_THAT(told(world), Not(Contains("approval_stage_opened legal")));
}

TEST_P(StagesInBothModes, WhoWasToldThatTheirStageOpenedIsNotRemindedInTheSameBreath) {
    world.configuration.poll_interval_seconds = 60;
    world.start(event_with(kReminders));
    world.runner.advance(230s);
    world.lose_next_resume = true;
    EXPECT_EQ(world.decide("approved", "ann@x").status, 200);
    world.runner.advance(69s);
    EXPECT_THAT(told(world), ElementsAre("approval_requested", "approval_stage_opened legal"));
}

class StagesInCallbackMode : public ::testing::Test {
protected:
    StagesInCallbackMode() { world.tell_people(); }
    Alone alone{WaitMode::callback};
    World& world = alone.world;
};

TEST_F(StagesInCallbackMode, AVoteThatWakesNobodyDoesWhenItComesAgain) {
    world.start(event_with(kTwoStages));
    world.lose_next_resume = true;
    EXPECT_EQ(world.decide("approved", "ann@x").status, 200);
    EXPECT_EQ(world.notifications.size(), 1U);
    EXPECT_EQ(world.decide("approved", "ann@x").status, 200);
    EXPECT_EQ(world.notifications.size(), 2U);
}

TEST_F(StagesInCallbackMode, AStageThatNobodyWokeItForIsFoundAllTheSame) {
    world.start(event_with(kTwoStages, 3600));
    world.lose_next_resume = true;
    EXPECT_EQ(world.decide("approved", "ann@x").status, 200);
    world.runner.advance(301s);
    EXPECT_EQ(world.told_people, (std::vector{People{"ann@x"}, People{"lea@x"}}));
    const int invocations = world.runner.invocations();
    world.runner.advance(1000s);
    EXPECT_LE(world.runner.invocations(), invocations + 4) << "it looks twelve times in all of its time";
    EXPECT_EQ(world.decide("approved", "lea@x").status, 200);
    EXPECT_EQ(world.result().decision, "approved") << "the first callback is still the one that is waited on";
}

TEST_F(StagesInCallbackMode, TheSecondCallbackLastsUntilTheEndAndNotUntilTheReminder) {
    world.start(event_with(kReminders));
    EXPECT_EQ(world.decide("approved", "ann@x").status, 200);
    const std::string second = *world.record()->callback_token;
    world.runner.advance(280s);
    EXPECT_EQ(world.record()->callback_token, second);
    EXPECT_EQ(world.decide("approved", "lea@x").status, 200);
    EXPECT_EQ(world.result().decision, "approved");
}

TEST_F(StagesInCallbackMode, WhoeverVotesWhileTheCallbackIsMadeAnewIsHeard) {
    for (int call = 1; call < 12; ++call) {
        Alone fresh(WaitMode::callback);
        World& one = fresh.world;
        one.start(event_with(kTwoStages));
        int calls = 0;
        bool decided = false;
        fresh.tables.before_call = [&](const std::string&) {
            if (one.record()->votes && ++calls == call) decided = one.decide("approved", "lea@x").status == 200;
            return true;
        };
        EXPECT_EQ(one.decide("approved", "ann@x").status, 200);
        fresh.tables.before_call = nullptr;
        if (!decided) {
            EXPECT_EQ(one.decide("approved", "lea@x").status, 200) << call;
        }
        ASSERT_FALSE(one.runner.is_running()) << call;
        EXPECT_EQ(one.result().approver, "lea@x");
    }
}

TEST_F(StagesInCallbackMode, AYearOfStagesStaysFarBelowTheLimitOfOperations) {
    world.configuration.execution_timeout_seconds = 31'622'400;
    std::string stages;
    for (int i = 0; i < 20; ++i) {
        stages += fmt::format(R"({}{{"name":"s{}","approvers":{{"people":["p{}@x"]}}}})", i == 0 ? "" : ",", i, i);
    }
    world.start(event_with(R"({"name":"p","stages":[)" + stages + "]}", 360LL * 24 * 3600));
    for (int i = 0; i < 20; ++i) {
        world.runner.advance(std::chrono::hours(24 * 17));
        EXPECT_EQ(world.decide("approved", fmt::format("p{}@x", i)).status, 200);
    }
    EXPECT_EQ(world.result().decision, "approved");
    EXPECT_EQ(world.notifications.size(), 20U);
    EXPECT_LT(world.runner.execution().operations().size(), 400U);
    EXPECT_LT(world.runner.checkpoints(), 600);
}

}  // namespace
}  // namespace holdpoint::approvals::testing
