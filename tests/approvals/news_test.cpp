// News: after a change of the document those who decide are told anew, and whoever made a request hears what is asked
// of it and how it ended.
#include "approvals/domain/links.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using namespace std::chrono_literals;

using People = std::set<std::string>;

constexpr auto kSimple = R"({"document_id":"d","document_name":"Budget","requester":"Req@x","timeout_seconds":300})";
constexpr auto kPolicy =
    R"({"document_id":"d","document_name":"Budget","requester":"Req@x","timeout_seconds":300,
        "policy":{"name":"p","stages":[{"name":"finance","approvers":{"people":["ann@x","bob@x"]},"required":2}]}})";
constexpr auto kParallel =
    R"({"document_id":"d","document_name":"Budget","requester":"Req@x","timeout_seconds":300,
        "policy":{"name":"p","order":"parallel","stages":[{"name":"a","approvers":{"people":["ann@x"]}},
                                                          {"name":"b","approvers":{"people":["bob@x"]}}]}})";

class News : public ::testing::TestWithParam<WaitMode> {
protected:
    News() { world.tell_people(); }

    void settle(World& one) {
        if (GetParam() == WaitMode::polling) one.runner.advance(6s);
    }
    void decide(World& one, const std::string& person, const std::string& decision, const std::string& comments = {}) {
        EXPECT_EQ(one.decide(decision, person, comments).status, 200) << person;
        settle(one);
    }
    static int amend(World& one, const std::string& name) {
        return one
            .api(R"({"action":"amend","approval_id":")" + one.approval_id() +
                 R"(","requester":"req@x","document_name":")" + name + R"("})")
            .status;
    }
    static std::vector<std::string> events(const std::vector<Notification>& notifications) {
        std::vector<std::string> events;
        for (const Notification& each : notifications) events.push_back(each.attributes.at("event"));
        return events;
    }

    Alone alone{GetParam()};
    World& world = alone.world;
};

INSTANTIATE_TEST_SUITE_P(Modes, News, ::testing::Values(WaitMode::polling, WaitMode::callback),
                         [](const auto& mode) { return mode.param == WaitMode::polling ? "Polling" : "Callback"; });

TEST_P(News, WhoHasOnlyTheMailIsAskedAnewOnceWhatTheyAskedForIsDone) {
    world.start(std::string(kPolicy));
    decide(world, "ann@x", "changes_requested", "less, please");
    ASSERT_THAT(events(world.to_requester), ElementsAre("approval_changes_requested"));
    EXPECT_THAT(
        world.to_requester[0].message,
        AllOf(HasSubstr("ann@x asks for changes to your request."), HasSubstr("Comments of ann@x:\n> less, please\n"),
              HasSubstr("\nDecided by: "), HasSubstr("Open it and change the document:\nhttps://")));
    EXPECT_EQ(world.to_requester[0].attributes.at("recipient"), "req@x");
    EXPECT_EQ(amend(world, "Budget, less"), 200);
    settle(world);
    EXPECT_THAT(events(world.notifications), ElementsAre("approval_requested", "approval_amended"));
    EXPECT_EQ(world.notifications[1].subject, "Changed, approval needed: Budget, less");
    EXPECT_THAT(world.told_people, ElementsAre(People{"ann@x", "bob@x"}, People{"ann@x", "bob@x"}));
    const std::map<std::string, std::string> details{{"occasion", "amended"}, {"document_version", "2"}};
    EXPECT_EQ(world.trail()[6].details, details);
    decide(world, "ann@x", "approved");
    decide(world, "bob@x", "approved", "fine");
    EXPECT_EQ(world.result().decision, "approved");
    ASSERT_THAT(events(world.to_requester), ElementsAre("approval_changes_requested", "approval_approved"));
    EXPECT_EQ(world.to_requester[1].subject, "Approved: Budget, less");
    EXPECT_THAT(world.to_requester[1].message,
                AllOf(HasSubstr("Your request was approved by bob@x."), HasSubstr("> fine"),
                      HasSubstr("\nDecided by: "), Not(HasSubstr("Until:"))));
    EXPECT_THAT(world.trail_events(),
                ElementsAre("created", "notified", "people_notified", "changes_requested", "requester_notified",
                            "amended", "notified", "people_notified", "voted", "decided", "completed"));
    EXPECT_THAT(verify_chain(world.trail()), ElementsAre());
}

TEST_P(News, WhereAllStagesAreOpenAllOfTheirPeopleAreAskedAnew) {
    world.start(std::string(kParallel));
    decide(world, "ann@x", "approved");
    EXPECT_EQ(amend(world, "Budget, less"), 200);
    settle(world);
    EXPECT_THAT(world.told_people, ElementsAre(People{"ann@x", "bob@x"}, People{"ann@x", "bob@x"}));
    decide(world, "ann@x", "approved");
    EXPECT_THAT(events(world.notifications), ElementsAre("approval_requested", "approval_amended"))
        << "a stage that is done opens none of the others";
    decide(world, "bob@x", "approved");
    EXPECT_EQ(world.result().decision, "approved");
}

TEST_P(News, OfAChangeThatComesTwiceInOneLookIsToldOnce) {
    world.configuration.poll_interval_seconds = 60;
    world.start(std::string(kSimple));
    world.lose_next_resume = true;
    EXPECT_EQ(amend(world, "Budget 2"), 200);
    EXPECT_EQ(amend(world, "Budget 3"), 200);
    world.runner.advance(61s);
    ASSERT_THAT(events(world.notifications), ElementsAre("approval_requested", "approval_amended"));
    EXPECT_EQ(world.notifications[1].subject, "Changed, approval needed: Budget 3");
    EXPECT_EQ(world.trail().back().details.at("document_version"), "3");
}

TEST_P(News, AChangeThatWokeNobodyDoesWhenItComesAgain) {
    world.start(std::string(kSimple));
    world.lose_next_resume = true;
    EXPECT_EQ(amend(world, "Budget 2"), 200);
    EXPECT_EQ(amend(world, "Budget 2"), 200);
    settle(world);
    EXPECT_THAT(events(world.notifications), ElementsAre("approval_requested", "approval_amended"));
    const int resumes = world.resumes;
    EXPECT_EQ(amend(world, "Budget 2"), 200);
    EXPECT_EQ(world.resumes, resumes);
}

TEST_P(News, HoweverItEndsTheRequesterHearsIt) {
    const auto ending = [&](const std::function<void(World&)>& end) {
        Alone fresh(GetParam());
        World& one = fresh.world;
        one.tell_people();
        one.start(std::string(kSimple));
        end(one);
        settle(one);
        EXPECT_FALSE(one.runner.is_running());
        EXPECT_EQ(one.to_requester.size(), 1U);
        return one.to_requester.back();
    };
    const auto rejected = ending([&](World& one) { decide(one, "ann@x", "rejected", "no\nmoney"); });
    EXPECT_EQ(rejected.attributes.at("event"), "approval_rejected");
    EXPECT_THAT(rejected.message, AllOf(HasSubstr("was rejected by ann@x."), HasSubstr("> no\n> money\n")));
    const auto late = ending([](World& one) { one.runner.advance(310s); });
    EXPECT_EQ(late.attributes.at("event"), "approval_timed_out");
    EXPECT_THAT(late.message, HasSubstr("so it ended without a decision."));
    EXPECT_THAT(late.message, Not(HasSubstr("Comments of")));
}

/// A request on the inbox's page, of somebody with a token.
HttpAnswer page_of(World& world, TimePoint now) {
    const std::string token =
        make_token(world.keys().current().value(),
                   {.person = "cal@x", .groups = {}, .expires = to_epoch_ms(now + 1h) / 1000, .token_id = "t"});
    HttpRequest request{.method = "POST",
                        .path = "/api/sign-in",
                        .query = {},
                        .headers = {{"content-type", "application/json"}},
                        .cookies = {},
                        .body = R"({"token":")" + token + R"("})"};
    const std::string cookie = world.web(request).cookies.at(0);
    const auto sign = cookie.find('=');
    request.cookies[cookie.substr(0, sign)] = cookie.substr(sign + 1, cookie.find(';') - sign - 1);
    request.method = "GET";
    request.path = "/api/approvals/" + world.approval_id();
    return world.web(request);
}

TEST_P(News, AnotherDecisionTakesARequestForChangesBack) {
    world.configuration.poll_interval_seconds = 60;
    world.start(std::string(kPolicy));
    world.lose_next_resume = true;
    EXPECT_EQ(world.decide("changes_requested", "ann@x", "less").status, 200);
    EXPECT_EQ(world.decide("approved", "ann@x").status, 200);
    world.runner.advance(61s);
    EXPECT_THAT(world.to_requester, IsEmpty()) << "there is nothing to change any more";
}

TEST_P(News, EachRequestForChangesIsToldOnce) {
    world.start(std::string(kPolicy));
    decide(world, "ann@x", "changes_requested", "less");
    const int resumes = world.resumes;
    decide(world, "ann@x", "changes_requested", "less");
    EXPECT_EQ(world.resumes, resumes) << "it is the same one";
    decide(world, "bob@x", "changes_requested", "later");
    EXPECT_THAT(events(world.to_requester), ElementsAre("approval_changes_requested", "approval_changes_requested"));
    EXPECT_THAT(world.to_requester.back().message, HasSubstr("bob@x asks"));
    EXPECT_EQ(std::ranges::count(world.trail_events(), "requester_notified"), 2) << "each with its record";
}

TEST_P(News, TwoWhoAskBetweenTwoLooksAreBothHeard) {
    world.configuration.poll_interval_seconds = 60;
    world.start(std::string(kPolicy));
    world.lose_next_resume = true;
    EXPECT_EQ(world.decide("changes_requested", "ann@x", "less").status, 200);
    EXPECT_EQ(world.decide("changes_requested", "bob@x", "later").status, 200);
    world.runner.advance(61s);
    ASSERT_EQ(world.to_requester.size(), 1U);
    EXPECT_THAT(world.to_requester[0].message,
                AllOf(HasSubstr("2 people ask"), HasSubstr("of ann@x:\n> less\n"), HasSubstr("of bob@x:\n> later\n")));
}

TEST(NewsByCallback, WhoeverLooksOrComesTooLateWakesAWorkflowThatNobodyWoke) {
    for (const bool looks : {true, false}) {
        Alone alone(WaitMode::callback);
        World& world = alone.world;
        world.start(std::string(kSimple));
        world.lose_next_resume = true;
        EXPECT_EQ(world.decide("approved", "ann@x").status, 200);
        EXPECT_TRUE(world.runner.is_running());
        if (looks) {
            EXPECT_EQ(page_of(world, alone.clock.now()).status, 200);
        } else {
            EXPECT_EQ(world.decide("approved", "bob@x").text("error.code"), "APPROVAL_ALREADY_DECIDED");
        }
        ASSERT_FALSE(world.runner.is_running()) << looks;
        EXPECT_EQ(world.result().approver, "ann@x");
        const int resumes = world.resumes;
        EXPECT_EQ(page_of(world, alone.clock.now()).status, 200);
        EXPECT_EQ(world.resumes, resumes) << "it is complete";
    }
}

TEST_P(News, WhoCannotBeToldHoldsNothingUp) {
    world.start(std::string(kPolicy));
    world.on_tell_requester = [] { return Result<void>(fail("InternalError", 500, "no topic")); };
    decide(world, "ann@x", "changes_requested", "less");
    world.runner.advance(100s);
    EXPECT_THAT(world.trail_events(), Contains("notification_failed"));
    decide(world, "ann@x", "approved");
    decide(world, "bob@x", "approved");
    EXPECT_EQ(world.result().decision, "approved");
    const auto trail = world.trail();
    ASSERT_GE(trail.size(), 2U);
    EXPECT_EQ(trail[trail.size() - 2].event, "notification_failed");
    EXPECT_EQ(trail[trail.size() - 2].details.at("error"), "InternalError: no topic");
    EXPECT_EQ(trail.back().event, "completed");
}

TEST_P(News, TheRequesterIsNotAskedForChangesOfWhatWasDecidedMeanwhile) {
    world.start(std::string(kPolicy));
    world.on_tell_requester = [&] {
        world.on_tell_requester = nullptr;
        EXPECT_EQ(world.decide("rejected", "bob@x").status, 200);
        return Result<void>(fail("InternalError", 500, "no topic"));
    };
    decide(world, "ann@x", "changes_requested", "less");
    world.runner.advance(60s);
    EXPECT_EQ(world.result().decision, "rejected");
    EXPECT_THAT(events(world.to_requester), ElementsAre("approval_changes_requested", "approval_rejected"));
}

TEST_P(News, WhereverItDiesPeopleAreToldOfAChange) {
    world.start(std::string(kPolicy));
    EXPECT_EQ(amend(world, "Budget, less"), 200);
    settle(world);
    const int last = world.runner.checkpoints();
    for (int doomed = 1; doomed <= last; ++doomed) {
        Alone fresh(GetParam());
        World& one = fresh.world;
        one.tell_people();
        one.runner.after_checkpoint = [doomed](int number) {
            if (number == doomed) throw Crash{};
        };
        one.start(std::string(kPolicy));
        one.runner.advance(60s);
        EXPECT_EQ(amend(one, "Budget, less"), 200) << doomed;
        one.runner.advance(60s);
        EXPECT_THAT(events(one.notifications), Contains("approval_amended")) << doomed;
        EXPECT_EQ(one.told_people.back(), (People{"ann@x", "bob@x"})) << doomed;
        EXPECT_EQ(one.decide("approved", "ann@x").status, 200);
        EXPECT_EQ(one.decide("approved", "bob@x").status, 200);
        one.runner.advance(60s);
        EXPECT_EQ(one.result().decision, "approved") << doomed;
    }
}

TEST(NewsByCallback, WhoSucceedsTheCallbackOfASimpleRequestEndsNothing) {
    Alone alone(WaitMode::callback);
    World& world = alone.world;
    world.start(std::string(kSimple));
    const std::string first = *world.record()->callback_token;
    world.runner.advance(100s);
    world.runner.succeed_callback(first, "nothing");
    EXPECT_TRUE(world.runner.is_running());
    EXPECT_NE(world.record()->callback_token, first);
    world.runner.advance(195s);
    EXPECT_TRUE(world.runner.is_running());
    world.runner.advance(6s);
    EXPECT_EQ(world.result().decision, "timeout") << "at the time that it had from the beginning";
}

}  // namespace
}  // namespace holdpoint::approvals::testing
