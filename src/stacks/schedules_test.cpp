// Events of the type Schedule: what they mean, and what is said of those that cannot be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stacks/testing_plan.hpp"

namespace holdpoint::stacks {
namespace {

using ::testing::HasSubstr;

Result<Plan> plan_with(const std::string& events, const std::string& more = {},
                       const std::map<std::string, std::string>& parameters = {}) {
    return make_plan(R"(
Parameters:
  State: {Type: String, Default: ENABLED}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      )" + more + R"(
      Events:
)" + events + R"(
    Metadata: {HoldpointExecutable: f}
)",
                     {.given = parameters}, kTarget);
}

Result<Plan> plan_of(const std::string& properties, const std::map<std::string, std::string>& parameters = {}) {
    return plan_with("        Tick: {Type: Schedule, Properties: {" + properties + "}}", "Timeout: 5", parameters);
}

std::string problem(const std::string& properties) {
    const auto plan = plan_of(properties);
    return plan ? "" : plan.error().message;
}

TEST(Schedules, ARateIsAPeriod) {
    const auto every = [](const std::string& rate) {
        const auto plan = plan_of("Schedule: " + rate);
        return plan ? plan->schedules.at(0).every_seconds : 0;
    };
    EXPECT_EQ(every("rate(1 minute)"), 60);
    EXPECT_EQ(every("rate(15 minutes)"), 900);
    EXPECT_EQ(every("rate(1 hour)"), 3600);
    EXPECT_EQ(every("rate(12 hours)"), 43200);
    EXPECT_EQ(every("rate(1 day)"), 86400);
    EXPECT_EQ(every("rate(7 days)"), 604800);
}

TEST(Schedules, AnHourHasNoOtherEnding) {
    for (const std::string rate : {"rate(2 hour)", "rate(1 hours)", "rate(2 hourx)", "rate(0 hours)", "rate(2  hours)"})
        EXPECT_THAT(problem("Schedule: " + rate), HasSubstr("expected rate(1 minute)")) << rate;
}

TEST(Schedules, ARuleIsNamedAsSamNamesItUnlessItHasAName) {
    const auto plan = plan_of("Schedule: rate(1 hour)");
    ASSERT_TRUE(plan) << plan.error().message;
    const SchedulePlan& schedule = plan->schedules.at(0);
    EXPECT_EQ(schedule.logical_id, "FTick");
    EXPECT_EQ(schedule.name, "app-FTick");
    EXPECT_EQ(schedule.function, "app-F");
    EXPECT_TRUE(schedule.is_enabled);
    EXPECT_EQ(schedule.input, "");
    EXPECT_EQ(plan_of("Schedule: rate(1 hour), Name: nightly")->schedules.at(0).name, "nightly");
    EXPECT_EQ(plan_with("        T: {Type: Schedule, Properties: {Schedule: rate(1 day)}}", "AutoPublishAlias: live")
                  ->schedules.at(0)
                  .qualifier,
              "live");
}

TEST(Schedules, CanBeOffAndHaveAnInput) {
    EXPECT_FALSE(plan_of("Schedule: rate(1 hour), Enabled: false")->schedules.at(0).is_enabled);
    EXPECT_FALSE(
        plan_of("Schedule: rate(1 hour), State: !Ref State", {{"State", "DISABLED"}})->schedules.at(0).is_enabled);
    EXPECT_EQ(plan_of(R"(Schedule: rate(1 hour), Description: d, Input: '{"a":1}')")->schedules.at(0).input,
              R"({"a":1})");
}

TEST(Schedules, WhatCannotBeIsRefusedByName) {
    EXPECT_THAT(problem("Schedule: 'cron(0 12 * * ? *)'"), HasSubstr("Tick.Properties.Schedule"));
    EXPECT_THAT(problem("Schedule: 'cron(0 12 * * ? *)'"), HasSubstr("'cron(0 12 * * ? *)' is a time of the calendar"));
    for (const std::string bad : {"rate(1 hours)", "rate(2 hour)", "rate(0 minutes)", "rate(-1 minutes)",
                                  "rate(1.5 hours)", "rate(1  hour)", "rate()", "rate(5)", "rate( )", "rate(2 weeks)",
                                  "rate(2 s)", "rate(999999999999 days)", "hourly", "''", "rate(1 hour"}) {
        EXPECT_THAT(problem("Schedule: '" + (bad == "''" ? "" : bad) + "'"), HasSubstr("expected rate(1 minute), "))
            << bad;
    }
    EXPECT_THAT(problem("State: ENABLED"), HasSubstr("found ''"));
    EXPECT_THAT(problem("Schedule: rate(1 hour), State: 'ON'"), HasSubstr("must be ENABLED or DISABLED"));
    EXPECT_THAT(problem("Schedule: rate(1 hour), State: ENABLED, Enabled: true"), HasSubstr("says what State says"));
    EXPECT_THAT(problem("Schedule: rate(1 hour), Input: '{'"), HasSubstr("must be JSON"));
    EXPECT_THAT(problem("Schedule: rate(1 hour), RetryPolicy: {}"), HasSubstr("RetryPolicy"));
    const std::string durable = plan_with("        T: {Type: Schedule, Properties: {Schedule: rate(1 day)}}",
                                          "DurableConfig: {ExecutionTimeout: 60}")
                                    .error()
                                    .message;
    EXPECT_THAT(durable, HasSubstr("a schedule of a durable function is not supported"));
    EXPECT_THAT(plan_with("        A: {Type: Schedule, Properties: {Schedule: rate(1 day), Name: n}}\n"
                          "        B: {Type: Schedule, Properties: {Schedule: rate(1 day), Name: n}}",
                          "Timeout: 5")
                    .error()
                    .message,
                HasSubstr("the schedule 'n' is there already"));
}

}  // namespace
}  // namespace holdpoint::stacks
