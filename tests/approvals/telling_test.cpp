// Telling: whom a workflow tells nothing any more, and who cannot be told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class TellingInBothModes : public ::testing::TestWithParam<WaitMode> {
protected:
    Alone alone{GetParam()};
    World& world = alone.world;
};

INSTANTIATE_TEST_SUITE_P(Modes, TellingInBothModes, ::testing::Values(WaitMode::polling, WaitMode::callback),
                         [](const auto& mode) { return mode.param == WaitMode::polling ? "Polling" : "Callback"; });

TEST_P(TellingInBothModes, WhatWasDecidedBeforeItCouldBeAnnouncedIsAskedOfNobody) {
    world.tell_people();
    world.on_publish = [&]() -> Result<void> {
        EXPECT_EQ(world.decide("approved", "ann@x").status, 200);
        return fail("RequestTimeout", 500, "it may have gone out");
    };
    world.start(R"({"document_id":"d","document_name":"n","requester":"req@x","timeout_seconds":300,
        "policy":{"name":"p","stages":[{"name":"s","approvers":{"people":["ann@x","bob@x"]},"required":1}]}})");
    world.runner.advance(1min);
    EXPECT_EQ(world.result().decision, "approved");
    EXPECT_EQ(world.notifications.size(), 1U);
    EXPECT_THAT(world.told_people, ElementsAre());
    EXPECT_THAT(world.trail_events(), ElementsAre("created", "decided", "notification_failed", "completed"));
    EXPECT_THAT(world.trail()[2].details.at("error"), HasSubstr("it was decided before this message"));
    for (const auto& state : world.runner.execution().operations()) EXPECT_NE(state.operation.name, "notify-people");
}

TEST_P(TellingInBothModes, PeopleAreNotAskedInPersonForWhatWasDecidedWhileATopicFailed) {
    world.tell_people();
    world.on_publish = [&]() -> Result<void> {
        if (world.notifications.size() == 5) {
            EXPECT_EQ(world.decide("approved", "ann@x").status, 200);
        }
        return fail("InternalError", 500, "no topic");
    };
    world.start(R"({"document_id":"d","document_name":"n","requester":"req@x","timeout_seconds":300,
        "policy":{"name":"p","stages":[{"name":"s","approvers":{"people":["ann@x","bob@x"]},"required":1}]}})");
    world.runner.advance(1min);
    EXPECT_EQ(world.result().decision, "approved");
    EXPECT_THAT(world.told_people, ElementsAre());
}

TEST_P(TellingInBothModes, PeopleWhoCannotBeToldHoldNothingUpAndAPolicyThatNamesNobodyCostsNoStep) {
    for (const bool names : {true, false}) {
        Alone fresh(GetParam());
        World& one = fresh.world;
        one.tell_people();
        one.on_tell = [] { return Result<void>(fail("InternalError", 500, "no topic")); };
        one.start(
            std::string(R"({"document_id":"d","document_name":"n","requester":"req@x","timeout_seconds":300)") +
            (names ? R"(,"policy":{"name":"p","stages":[{"name":"s","approvers":{"people":["ann@x"]}}]}})" : "}"));
        one.runner.advance(1min);
        if (names) {
            EXPECT_THAT(one.trail_events(), ElementsAre("created", "notified", "notification_failed"));
            EXPECT_EQ(one.trail()[2].details.at("error"), "InternalError: no topic");
        }
        EXPECT_EQ(one.decide("approved", "ann@x").status, 200);
        one.runner.advance(10s);
        EXPECT_EQ(one.result().decision, "approved");
        const auto& operations = one.runner.execution().operations();
        const bool has_step =
            std::ranges::any_of(operations, [](const auto& state) { return state.operation.name == "notify-people"; });
        EXPECT_EQ(has_step, names);
    }
}

}  // namespace
}  // namespace holdpoint::approvals::testing
