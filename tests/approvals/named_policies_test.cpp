// Policies by name: kept by the stack, read once for each request, and never changed under their version.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using durable::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

PolicyFile file_of(const std::string& text) {
    auto file = read_policy_file(Json::parse(text));
    EXPECT_TRUE(file) << file.error().message;
    return file.value_or(PolicyFile{});
}

const std::string kFile = R"({"groups":{"legal":["ann@x","bob@x"]},"policies":[
    {"name":"contract","stages":[{"name":"legal","approvers":{"groups":["legal"]},"required":2}]},
    {"name":"quick","version":3,"stages":[{"name":"a"}],"reminders_before_seconds":[60]}]})";

void put(World& world, const std::string& text) {
    const auto stored = world.policies().read();
    ASSERT_TRUE(stored) << stored.error().message;
    const auto written = world.put_policies(file_of(text), *stored);
    ASSERT_TRUE(written && *written);
}

std::string event_with(const std::string& policy) {
    return R"({"document_id":"d","document_name":"n","requester":"req@x","timeout_seconds":300,"policy":)" + policy +
           "}";
}

TEST(NamedPolicies, ARequestIsPinnedToThePolicyAndItsGroupsAsTheyWere) {
    Alone alone(WaitMode::callback);
    World& world = alone.world;
    put(world, kFile);
    world.start(event_with(R"("contract")"));
    const PinnedPolicy pinned = *world.record()->policy;
    EXPECT_EQ(pinned.policy.name, "contract");
    EXPECT_THAT(pinned.groups.at("legal"), ElementsAre("ann@x", "bob@x"));
    put(world, R"({"groups":{"legal":["cal@x"]},"policies":[]})");
    EXPECT_EQ(world.decide("approved", "cal@x").text("error.code"), "NOT_AN_APPROVER");
    EXPECT_EQ(world.decide("approved", "ann@x").status, 200);
    EXPECT_EQ(world.decide("approved", "bob@x").status, 200);
    EXPECT_EQ(world.result().decision, "approved");
    EXPECT_EQ(*world.record()->policy, pinned);
}

TEST(NamedPolicies, AReplayDoesNotReadThemAgain) {
    Alone alone(WaitMode::callback);
    World& world = alone.world;
    put(world, kFile);
    bool crashed = false;
    world.on_publish = [&]() -> Result<void> {
        if (!std::exchange(crashed, true)) {
            put(world, R"({"policies":[]})");
            throw Crash{};
        }
        return {};
    };
    world.start(event_with(R"("quick")"));
    world.runner.advance(245s);
    EXPECT_TRUE(crashed);
    EXPECT_EQ(world.record()->policy->policy.version, 3);
    EXPECT_EQ(world.notifications.back().attributes.at("event"), "approval_reminder");
}

TEST(NamedPolicies, ANameThatIsNotThereFailsTheRequestAndSaysWhichAre) {
    Alone alone(WaitMode::polling);
    alone.world.start(event_with(R"("contract")"));
    EXPECT_THAT(alone.world.runner.error_message(), HasSubstr("none have names here, found 'contract'"));
    Alone other(WaitMode::polling);
    put(other.world, kFile);
    other.world.start(event_with(R"("contracts")"));
    EXPECT_THAT(other.world.runner.error_message(), HasSubstr("expected contract or quick, found 'contracts'"));
    EXPECT_EQ(other.world.runner.execution().head().status, wire::ExecutionStatus::failed);
    EXPECT_THAT(other.world.notifications, IsEmpty());
}

TEST(NamedPolicies, APolicyThatComesWithTheRequestDoesNotPassForAStoredOne) {
    const std::string quick = R"({"name":"quick","version":3,"stages":[{"name":"a"}],"reminders_before_seconds":[60]})";
    for (const std::string impostor :
         {R"({"name":"contract","stages":[{"name":"legal"}]})", R"({"name":" Contract","stages":[{"name":"legal"}]})",
          R"({"name":"quick","version":3,"stages":[{"name":"b"}],"reminders_before_seconds":[60]})",
          // The same words, but anybody with a token of the group instead of its members.
          R"({"name":"contract","stages":[{"name":"legal","approvers":{"groups":["legal"]},"required":2}]})"}) {
        Alone alone(WaitMode::callback);
        put(alone.world, kFile);
        alone.world.start(event_with(impostor));
        EXPECT_EQ(alone.world.runner.execution().head().status, wire::ExecutionStatus::failed) << impostor;
        EXPECT_THAT(alone.world.runner.error_message(), HasSubstr("policy.name: ")) << impostor;
        EXPECT_THAT(alone.world.runner.error_message(), HasSubstr("is stored under that name")) << impostor;
        EXPECT_EQ(alone.world.runner.error_type(), "InvalidEvent");
        EXPECT_THAT(alone.world.notifications, IsEmpty());
    }
    for (const std::string& own : {quick, std::string(R"({"name":"mine","stages":[{"name":"legal"}]})")}) {
        Alone alone(WaitMode::callback);
        put(alone.world, kFile);
        alone.world.start(event_with(own));
        EXPECT_TRUE(alone.world.runner.is_running()) << own;
    }
}

TEST(NamedPolicies, OnlyARequestThatBringsAPolicyPaysForTheComparison) {
    const auto reads_of = [](const std::string& event) {
        Alone alone(WaitMode::callback);
        int reads = 0;
        alone.tables.before_call = [&](const std::string& action) {
            reads += action == "GetItem" ? 1 : 0;
            return true;
        };
        alone.world.start(event);
        EXPECT_TRUE(alone.world.runner.is_running());
        return reads;
    };
    const std::string without = R"({"document_id":"d","document_name":"n","requester":"req@x","timeout_seconds":300})";
    EXPECT_EQ(reads_of(without), 0);
    EXPECT_EQ(reads_of(event_with(R"({"name":"mine","stages":[{"name":"legal"}]})")), 1);
}

TEST(NamedPolicies, WhatThisRequesterCannotAskForIsRefused) {
    Alone alone(WaitMode::polling);
    put(alone.world, kFile);
    alone.world.start(
        R"({"document_id":"d","document_name":"n","requester":"Ann@x","timeout_seconds":300,"policy":"contract"})");
    EXPECT_THAT(alone.world.runner.error_message(), HasSubstr("required: expected at most 1"));
}

TEST(NamedPolicies, WhatARequestsOwnTimeHasNoRoomForIsRefused) {
    Alone alone(WaitMode::polling);
    put(alone.world, R"({"policies":[{"name":"late","stages":[{"name":"a"}],"on_timeout":"escalate",
        "escalation":{"to":{"people":["boss@x"]},"extend_seconds":50}}]})");
    alone.world.start(
        R"({"document_id":"d","document_name":"n","requester":"req@x","timeout_seconds":86400,"policy":"late"})");
    EXPECT_EQ(alone.world.runner.error_type(), "InvalidEvent");
    EXPECT_THAT(alone.world.runner.error_message(), HasSubstr("escalation.extend_seconds: expected at most 0"));
}

TEST(NamedPolicies, WithoutATableOfSettingsNoneHasANameAndThoseOfRequestsDecide) {
    Alone alone(WaitMode::callback);
    aws::Client client(configuration_of_tests(), alone.tables, alone.clock, alone.random);
    NamedPolicies none(client, "");
    const WorkflowServices& own = alone.world.services();
    const WorkflowServices services{.configuration = own.configuration,
                                    .repository = own.repository,
                                    .notifier = own.notifier,
                                    .policies = none,
                                    .clock = own.clock};
    alone.world.runner.deploy(
        [&](durable::Context& context, const Json& event) { return run_workflow(context, event, services); });
    alone.world.start(event_with(R"("contract")"));
    EXPECT_EQ(alone.world.runner.error_type(), "InvalidEvent");
    EXPECT_THAT(alone.world.runner.error_message(), HasSubstr("policy: "));
    alone.world.start(event_with(R"({"name":"mine","stages":[{"name":"legal"}]})"));
    EXPECT_TRUE(alone.world.runner.is_running()) << alone.world.runner.error_message();
    EXPECT_EQ(alone.world.decide("approved", "ann@x").status, 200);
    EXPECT_EQ(alone.world.result().decision, "approved");
}

TEST(NamedPolicies, OfTwoOperatorsAtOnceOneIsTold) {
    Alone alone(WaitMode::polling);
    NamedPolicies& policies = alone.world.policies();
    const StoredPolicies both_read = policies.read().value();
    EXPECT_EQ(both_read.revision, 0);
    EXPECT_TRUE(alone.world.put_policies(file_of(kFile), both_read).value());
    EXPECT_FALSE(alone.world.put_policies(file_of(R"({"policies":[]})"), both_read).value());
    EXPECT_THAT(alone.world.policies_trail(), SizeIs(1)) << "what was not put has no record";
    const StoredPolicies now = policies.read().value();
    EXPECT_EQ(now.revision, 1);
    EXPECT_EQ(now.file, file_of(kFile));
}

TEST(NamedPolicies, TwoGroupsOfAFileAreNotOneName) {
    const auto ok = check_replacement({}, file_of(R"({"policies":[],"groups":{"Finance":[],"FINANCE":[]}})"), false);
    ASSERT_FALSE(ok);
    EXPECT_THAT(ok.error().message, HasSubstr("'FINANCE' and 'Finance' are one name"));
}

TEST(NamedPolicies, TwoPoliciesOfAFileAreNotOneName) {
    const auto ok = check_replacement(
        {},
        file_of(
            R"({"policies":[{"name":"Contract","stages":[{"name":"a"}]},{"name":"contract ","stages":[{"name":"b"}]}]})"),
        false);
    ASSERT_FALSE(ok);
    EXPECT_THAT(ok.error().message, HasSubstr("policies[1].name: 'contract' and 'Contract' are one name"));
}

TEST(NamedPolicies, WhatShowPrintsWithDigestsIsAFileThatPutTakes) {
    const PolicyFile file = file_of(kFile);
    EXPECT_EQ(file_of(R"({"digests":{"contract":"00"},)" + kFile.substr(1)), file);
}

TEST(NamedPolicies, ATableThatIsNotThereAndAFileThatIsTooLongAreSaid) {
    Alone alone(WaitMode::polling);
    aws::Client client(configuration_of_tests(), alone.tables, alone.clock, alone.random);
    EXPECT_EQ(NamedPolicies(client, "").read().error().name, "NoSettingsTable");
    PolicyFile file;
    for (int i = 0; i < 200; ++i) {
        std::vector<std::string>& members = file.groups[std::to_string(i)];
        for (int j = 0; j < 20; ++j) members.push_back(std::string(100, 'x') + std::to_string(j));
    }
    EXPECT_THAT(alone.world.put_policies(file, {}).error().message, HasSubstr("at most 380000 bytes"));
}

TEST(NamedPolicies, AnItemThatCannotBeReadFailsTheRequestAndSaysSo) {
    Alone alone(WaitMode::polling);
    aws::Client client(configuration_of_tests(), alone.tables, alone.clock, alone.random);
    ASSERT_TRUE(client.json("dynamodb", "DynamoDB_20120810.PutItem",
                            {{"TableName", "settings"}, {"Item", {{"name", {{"S", "policies"}}}}}}));
    alone.world.start(event_with(R"("contract")"));
    EXPECT_THAT(alone.world.runner.error_message(),
                HasSubstr("policy: The item policies of the settings: file is missing"));
    alone.world.start(event_with(R"({"name":"mine","stages":[{"name":"legal"}]})"));
    EXPECT_EQ(alone.world.runner.error_type(), "InvalidEvent") << "it may pass for one that is stored";
    EXPECT_THAT(alone.world.runner.error_message(), HasSubstr("file is missing"));
}

struct Replacement {
    std::string file;
    bool drop;
    std::string problem;  // empty: none
};

TEST(NamedPolicies, AVersionMeansTheSameForEver) {
    const PolicyFile stored = file_of(kFile);
    const std::string quick = R"({"name":"quick","version":3,"stages":[{"name":"a"}],"reminders_before_seconds":[60]})";
    const std::string contract =
        R"({"name":"contract","stages":[{"name":"legal","approvers":{"groups":["legal"]},"required":2}]})";
    for (const Replacement& one :
         std::vector<Replacement>{{contract + "," + quick, false, ""},
                                  {quick, false, "policies: expected 'contract', too"},
                                  {quick, true, ""},
                                  {contract + R"(,{"name":"quick","version":3,"stages":[{"name":"b"}]})", false,
                                   "policies[1].version: expected more than 3"},
                                  {contract + R"(,{"name":"quick","version":4,"stages":[{"name":"b"}]})", false, ""},
                                  {contract + R"(,{"name":"quick","version":2,"stages":[{"name":"a"}]})", true,
                                   "policies[1].version: expected at least 3"},
                                  {contract + "," + quick + R"(,{"name":"new","stages":[{"name":"a"}]})", false, ""}}) {
        // Who is in a group is no part of the version.
        const auto ok = check_replacement(
            stored, file_of(R"({"groups":{"legal":["ann@x","eve@x"]},"policies":[)" + one.file + "]}"), one.drop);
        EXPECT_EQ(ok.has_value(), one.problem.empty()) << one.file;
        if (!ok) {
            EXPECT_THAT(ok.error().message, HasSubstr(one.problem));
        }
    }
}

}  // namespace
}  // namespace holdpoint::approvals::testing
