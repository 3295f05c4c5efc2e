// Applying plans: what a deployment makes of what the one before left.
#include "api/deploy/apply.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "functions/concurrency.hpp"
#include "functions/event_invoke_config.hpp"
#include "functions/registry.hpp"
#include "functions/schedules.hpp"
#include "identity/roles.hpp"
#include "tables/operations.hpp"
#include "tables/table.hpp"
#include "topics/subscriptions.hpp"
#include "topics/topics.hpp"

namespace holdpoint::api {
namespace {

namespace json = boost::json;

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

const stacks::Target kTarget{.stack_name = "app",
                             .stack_id = "arn:aws:cloudformation:us-east-1:000000000000:stack/app/1",
                             .region = "us-east-1",
                             .account = "000000000000"};

class ApplyTest : public ::testing::Test {
protected:
    Result<Applied> deploy(const std::string& resources) {
        const std::string text = "Resources:\n" + resources;
        auto plan = stacks::make_plan(text, {}, kTarget);
        if (!plan) return std::unexpected(plan.error());
        if (const auto before = find_stack(rows_, kTarget.stack_name))
            stacks::reset_left_out(*plan, *stacks::make_plan(before->template_text, {}, kTarget));
        std::map<std::string, Code> code;
        for (const auto& function : plan->functions)
            code[function.logical_id] = {.sha256 = std::string(64, 'a'), .size = 1};
        OverlayRows rows(rows_);
        auto applied = apply_plan(rows, *plan, kTarget, code, text, now_, random_);
        if (applied) rows_.write(rows.writes());
        return applied;
    }

    static std::string table(const std::string& name, const std::string& attributes = "") {
        return "  T: {Type: \"AWS::DynamoDB::Table\", " + attributes + "Properties: {TableName: " + name +
               ", KeySchema: [{AttributeName: id, KeyType: HASH}], AttributeDefinitions: [{AttributeName: id, "
               "AttributeType: S}]}}\n";
    }
    static std::string topic(const std::string& properties) {
        return "  N: {Type: \"AWS::SNS::Topic\", Properties: {TopicName: n" + properties + "}}\n";
    }
    static std::string function(const std::string& id, const std::string& name) {
        return "  " + id + ": {Type: \"AWS::Serverless::Function\", Properties: {FunctionName: " + name +
               "}, Metadata: {HoldpointExecutable: f}}\n";
    }
    [[nodiscard]] std::vector<std::string> endpoints() const {
        std::vector<std::string> found;
        const auto page = topics::list_subscriptions_by_topic(rows_, "arn:aws:sns:us-east-1:000000000000:n", "");
        for (const auto& subscription : page->subscriptions) found.push_back(subscription.endpoint);
        return found;
    }
    [[nodiscard]] bool has_table(const std::string& name) const { return tables::load_table(rows_, name).has_value(); }

    NoRows none_;
    OverlayRows rows_{none_};
    SeededRandom random_{1};
    TimePoint now_ = from_epoch_ms(1'800'000'000'000);
};

TEST_F(ApplyTest, AReplacedTableStaysWhereTheTemplateSaysSo) {
    ASSERT_TRUE(deploy(table("old", "UpdateReplacePolicy: Retain, ")));
    const auto replaced = deploy(table("new", "UpdateReplacePolicy: Retain, "));
    ASSERT_TRUE(replaced) << replaced.error().message;
    EXPECT_TRUE(has_table("old") && has_table("new"));
    EXPECT_THAT(replaced->removed.kept, ElementsAre("old"));
    EXPECT_THAT(replaced->changes, ElementsAre(Pair("T", "created"), Pair("T", "retained")));
    ASSERT_TRUE(deploy(table("newest")));
    EXPECT_FALSE(has_table("new"));
    // It is about replacement: what the template no longer has goes by its DeletionPolicy.
    ASSERT_TRUE(deploy(table("gone", "UpdateReplacePolicy: Retain, ")));
    ASSERT_TRUE(deploy(topic("")));
    EXPECT_FALSE(has_table("gone"));
}

TEST_F(ApplyTest, ATableIsProtectedAsTheTemplateSays) {
    const auto deploy_table = [this](const std::string& protection) {
        return deploy(
            "  T: {Type: \"AWS::DynamoDB::Table\", Properties: {TableName: things, KeySchema: [{AttributeName: id, "
            "KeyType: "
            "HASH}], AttributeDefinitions: [{AttributeName: id, AttributeType: S}]" +
            protection + "}}\n");
    };
    const auto is_protected = [this] { return tables::load_table(rows_, "things")->deletion_protection; };
    ASSERT_TRUE(deploy_table(", DeletionProtectionEnabled: true"));
    EXPECT_TRUE(is_protected());
    EXPECT_THAT(deploy_table(", DeletionProtectionEnabled: true")->changes, ElementsAre(Pair("T", "unchanged")));
    EXPECT_THAT(deploy_table(", DeletionProtectionEnabled: false")->changes, ElementsAre(Pair("T", "updated")));
    EXPECT_FALSE(is_protected());
    ASSERT_TRUE(deploy_table(", DeletionProtectionEnabled: true"));
    EXPECT_THAT(deploy_table("")->changes, ElementsAre(Pair("T", "updated")));
    EXPECT_FALSE(is_protected()) << "what the template says no more is the default again";
    const json::object by_hand{{"TableName", "things"}, {"DeletionProtectionEnabled", true}};
    rows_.write(tables::update_table(rows_, by_hand)->writes);
    ASSERT_TRUE(deploy_table(""));
    EXPECT_TRUE(is_protected()) << "no template said anything of it";
}

TEST_F(ApplyTest, TwoResourcesHaveTwoNames) {
    const auto functions = deploy(function("A", "f") + function("B", "f"));
    ASSERT_FALSE(functions);
    EXPECT_EQ(functions.error().message, "B: f is the name of A already; give it another one.");
    const auto groups = deploy(
        "  A: {Type: \"AWS::Logs::LogGroup\", Properties: {LogGroupName: g}}\n"
        "  B: {Type: \"AWS::Logs::LogGroup\", Properties: {LogGroupName: g}}\n");
    ASSERT_FALSE(groups);
    EXPECT_THAT(groups.error().message, HasSubstr("B: g is the name of A already"));
}

TEST_F(ApplyTest, WhoIsNoLongerInTheTemplateIsSubscribedNoLonger) {
    const std::string both =
        ", Subscription: [{Protocol: email, Endpoint: a@example.com}, {Protocol: email, Endpoint: "
        "b@example.com}]";
    ASSERT_TRUE(deploy(topic(both)));
    // Somebody else's, whom the template never named.
    topics::Subscribe by_hand;
    by_hand.topic_arn = "arn:aws:sns:us-east-1:000000000000:n";
    by_hand.protocol = "email";
    by_hand.endpoint = "c@example.com";
    rows_.write(topics::subscribe(rows_, by_hand, kTarget.account, from_epoch_ms(1), random_.bytes(32))->writes);
    const auto less = deploy(topic(", Subscription: [{Protocol: email, Endpoint: b@example.com}]"));
    ASSERT_TRUE(less) << less.error().message;
    EXPECT_THAT(endpoints(), ::testing::UnorderedElementsAre("b@example.com", "c@example.com"));
    EXPECT_THAT(less->changes, ElementsAre(Pair("N", "updated")));
    ASSERT_TRUE(deploy(topic("")));
    EXPECT_THAT(endpoints(), ElementsAre("c@example.com"));
}

TEST_F(ApplyTest, ASubscriptionIsAResourceOfItsOwn) {
    const auto with = [](const std::string& properties) {
        return topic("") +
               "  S: {Type: \"AWS::SNS::Subscription\", Properties: {TopicArn: !Ref N, Protocol: https, Endpoint: " +
               properties + "}}\n";
    };
    const auto change = [&](const std::string& properties) {
        const auto applied = deploy(with(properties));
        EXPECT_TRUE(applied) << applied.error().message;
        return applied->changes.back().second;
    };
    const auto attributes = [this] {
        return topics::list_subscriptions_by_topic(rows_, "arn:aws:sns:us-east-1:000000000000:n", "")
            ->subscriptions.at(0)
            .attributes;
    };
    const std::string body = ", FilterPolicyScope: MessageBody, FilterPolicy: {kind: {is: [order, 1]}}";
    EXPECT_EQ(change("https://a.example" + body + ", RawMessageDelivery: true"), "created");
    EXPECT_THAT(attributes(),
                ElementsAre(Pair("FilterPolicy", R"({"kind":{"is":["order",1]}})"),
                            Pair("FilterPolicyScope", "MessageBody"), Pair("RawMessageDelivery", "true")));
    const std::string arn = find_stack(rows_, "app")->resources.back().physical_id;
    EXPECT_EQ(change("https://a.example" + body + ", RawMessageDelivery: true"), "unchanged");
    EXPECT_EQ(change("https://a.example, FilterPolicy: {kind: [order]}"), "updated");
    EXPECT_THAT(attributes(), ElementsAre(Pair("FilterPolicy", R"({"kind":["order"]})")));
    EXPECT_EQ(find_stack(rows_, "app")->resources.back().physical_id, arn) << "nobody has to confirm it again";
    EXPECT_EQ(change("https://b.example"), "deleted");
    EXPECT_THAT(endpoints(), ElementsAre("https://b.example"));
    ASSERT_TRUE(deploy(topic(", Subscription: [{Protocol: https, Endpoint: \"https://b.example\"}]")));
    EXPECT_THAT(endpoints(), ElementsAre("https://b.example")) << "it is in the template still";
    EXPECT_THAT(deploy(with("nowhere")).error().message, HasSubstr("S: Invalid parameter: Endpoint"));
    ASSERT_TRUE(deploy(topic("")));
    EXPECT_THAT(endpoints(), IsEmpty());
    ASSERT_TRUE(deploy(with("https://c.example")));
    rows_.write(remove_stack(rows_, *find_stack(rows_, "app"), false)->writes);
    EXPECT_FALSE(topics::topic_attributes(rows_, "arn:aws:sns:us-east-1:000000000000:n"))
        << "what ends its subscription does not bring it back";
}

TEST_F(ApplyTest, AnEventOfTheTypeSnsSubscribesItsFunction) {
    const auto with = [](const std::string& more) {
        return topic("") + "  F: {Type: \"AWS::Serverless::Function\", Properties: {FunctionName: f" + more +
               ", Events: {E: {Type: SNS, Properties: {Topic: !Ref N, FilterPolicy: {a: [b]}}}}}, Metadata: "
               "{HoldpointExecutable: f}}\n";
    };
    const auto first = deploy(with(""));
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_THAT(first->changes, ::testing::Contains(Pair("FE", "created")));
    EXPECT_THAT(endpoints(), ElementsAre("arn:aws:lambda:us-east-1:000000000000:function:f"));
    ASSERT_TRUE(deploy(with(", AutoPublishAlias: live")));
    EXPECT_THAT(endpoints(), ElementsAre("arn:aws:lambda:us-east-1:000000000000:function:f:live"));
}

TEST_F(ApplyTest, ATopicThatWasDeletedByHandHasItsSubscriptionsAgain) {
    const std::string with_one = topic(", Subscription: [{Protocol: email, Endpoint: a@example.com}]");
    ASSERT_TRUE(deploy(with_one));
    rows_.write(*topics::delete_topic(rows_, "arn:aws:sns:us-east-1:000000000000:n"));
    ASSERT_TRUE(deploy(with_one));
    EXPECT_THAT(endpoints(), ElementsAre("a@example.com"));
}

TEST_F(ApplyTest, AnAliasIsOnTheVersionOfItsCodeAlone) {
    const auto with = [](const std::string& properties) {
        return "  F: {Type: \"AWS::Serverless::Function\", Properties: {FunctionName: f, AutoPublishAlias: live" +
               properties + "}, Metadata: {HoldpointExecutable: f}}\n";
    };
    const auto alias = [this] { return functions::get_alias(rows_, "f", "live").value(); };
    ASSERT_TRUE(deploy(with("")));
    ASSERT_TRUE(deploy(with(", Description: a")));
    EXPECT_EQ(alias().version, "1") << "the code is the same";
    ASSERT_TRUE(deploy(with(", Timeout: 5, AutoPublishAliasAllProperties: true")));
    EXPECT_EQ(alias().version, "2");
    functions::Alias weighted = alias();
    weighted.routed_version = "1";
    weighted.routed_weight = 0.5;
    rows_.write(functions::update_alias(rows_, "f", weighted)->writes);
    ASSERT_TRUE(deploy(with(", Timeout: 5")));
    EXPECT_EQ(alias().version, "2");
    EXPECT_EQ(alias().routed_version, "") << "a share that somebody sent elsewhere comes back";
}

TEST_F(ApplyTest, AScheduleThatStaysGoesOn) {
    const auto every = [](const std::string& rate) {
        return "  F: {Type: \"AWS::Serverless::Function\", Properties: {FunctionName: f, Events: {Tick: {Type: "
               "Schedule, "
               "Properties: {Name: tick, Schedule: " +
               rate + "}}}}, Metadata: {HoldpointExecutable: f}}\n";
    };
    const auto next_at = [this] { return functions::find_schedule(rows_, "tick")->next_at.value(); };
    const TimePoint began = now_;
    ASSERT_TRUE(deploy(every("rate(1 hour)")));
    EXPECT_EQ(next_at(), began + std::chrono::hours(1));
    now_ += std::chrono::minutes(10);
    EXPECT_THAT(deploy(every("rate(1 hour)"))->changes, ::testing::Contains(Pair("FTick", "unchanged")));
    EXPECT_EQ(next_at(), began + std::chrono::hours(1));
    EXPECT_THAT(deploy(every("rate(2 hours)"))->changes, ::testing::Contains(Pair("FTick", "updated")));
    EXPECT_EQ(next_at(), now_ + std::chrono::hours(2)) << "a whole period";
}

TEST_F(ApplyTest, ATopicThatChangesIsSaidToChange) {
    ASSERT_TRUE(deploy(topic(", DisplayName: a")));
    EXPECT_THAT(deploy(topic(", DisplayName: b"))->changes, ElementsAre(Pair("N", "updated")));
    EXPECT_THAT(deploy(topic(", DisplayName: b"))->changes, ElementsAre(Pair("N", "unchanged")));
}

TEST_F(ApplyTest, WhatHoldsForAsynchronousInvocationsMovesWithTheAlias) {
    const auto with = [](const std::string& properties) {
        return "  F: {Type: \"AWS::Serverless::Function\", Properties: {FunctionName: f" + properties +
               "}, Metadata: {HoldpointExecutable: f}}\n";
    };
    const auto retries_of = [this](const std::string& qualifier) {
        functions::Reference reference;
        reference.name = "f";
        reference.qualifier = qualifier;
        return functions::event_invoke_config(rows_, reference).retries;
    };
    const std::string config = ", EventInvokeConfig: {MaximumRetryAttempts: 1}";
    ASSERT_TRUE(deploy(with(config)));
    EXPECT_EQ(retries_of(""), 1);
    ASSERT_TRUE(deploy(with(config + ", AutoPublishAlias: live")));
    EXPECT_EQ(retries_of("live"), 1);
    EXPECT_EQ(retries_of(""), std::nullopt);
    ASSERT_TRUE(deploy(with(config)));
    EXPECT_EQ(retries_of("live"), std::nullopt);
    EXPECT_EQ(retries_of(""), 1);
    ASSERT_TRUE(deploy(with("")));
    EXPECT_EQ(retries_of(""), std::nullopt);
    functions::Reference function;
    function.name = "f";
    functions::EventInvokeConfig by_hand;
    by_hand.retries = 0;
    rows_.write(functions::put_event_invoke_config(rows_, function, by_hand, now_)->writes);
    ASSERT_TRUE(deploy(with(", Description: new")));
    EXPECT_EQ(retries_of(""), 0) << "no template said anything of it";
}

TEST_F(ApplyTest, LinesOfAGroupThatStaysStay) {
    const std::string group = "  G: {Type: \"AWS::Logs::LogGroup\", Properties: {LogGroupName: /aws/lambda/f}}\n";
    ASSERT_TRUE(deploy(group + function("A", "f")));
    const auto without = deploy(group);
    ASSERT_TRUE(without) << without.error().message;
    EXPECT_THAT(without->removed.log_groups, IsEmpty());
    EXPECT_THAT(without->removed.functions, ElementsAre("f"));
    ASSERT_TRUE(deploy(group + function("A", "f")));
    EXPECT_THAT(deploy(topic(""))->removed.log_groups, ElementsAre("/aws/lambda/f", "/aws/lambda/f"));
}

TEST_F(ApplyTest, AFunctionsRoleMustBeThere) {
    const auto with_role = [](const std::string& arn) {
        return "  F: {Type: \"AWS::Serverless::Function\", Properties: {FunctionName: f, Role: \"" + arn +
               "\"}, Metadata: {HoldpointExecutable: f}}\n";
    };
    const std::string role = "  R: {Type: \"AWS::IAM::Role\", Properties: {RoleName: r}}\n";
    EXPECT_TRUE(deploy(role + with_role("arn:aws:iam::000000000000:role/r")));
    for (const std::string arn : {"arn:aws:iam::000000000000:role/typo", "arn:aws:iam::111111111111:role/r"}) {
        const auto refused = deploy(role + with_role(arn));
        ASSERT_FALSE(refused) << arn;
        EXPECT_EQ(refused.error().message, "F: there is no role " + arn + " on this server.");
    }
    // One that goes with this very deployment.
    EXPECT_FALSE(deploy(with_role("arn:aws:iam::000000000000:role/r")));
}

TEST_F(ApplyTest, ConcurrencyThatNoTemplateReservedStaysAsSomebodySetIt) {
    const auto with = [](const std::string& properties) {
        return "  F: {Type: \"AWS::Serverless::Function\", Properties: {FunctionName: f" + properties +
               "}, Metadata: {HoldpointExecutable: f}}\n";
    };
    ASSERT_TRUE(deploy(with("")));
    rows_.write({*functions::reserve_concurrency(rows_, "f", 0)});  // switched off
    ASSERT_TRUE(deploy(with(", Description: new")));
    EXPECT_EQ(functions::reserved_concurrency(rows_, "f"), 0);
    ASSERT_TRUE(deploy(with(", ReservedConcurrentExecutions: 2")));
    EXPECT_EQ(functions::reserved_concurrency(rows_, "f"), 2);
    ASSERT_TRUE(deploy(with("")));
    EXPECT_EQ(functions::reserved_concurrency(rows_, "f"), std::nullopt);
}

TEST_F(ApplyTest, ALogGroupThatChangesIsSaidToChange) {
    const auto group = [](const std::string& properties) {
        return "  G: {Type: \"AWS::Logs::LogGroup\", Properties: {LogGroupName: g" + properties + "}}\n";
    };
    const auto change = [&](const std::string& properties) { return deploy(group(properties))->changes.at(0).second; };
    EXPECT_EQ(change(", RetentionInDays: 3"), "created");
    EXPECT_EQ(change(", RetentionInDays: 3"), "unchanged");
    EXPECT_EQ(change(", RetentionInDays: 7"), "updated");
    EXPECT_EQ(change(""), "updated");
    EXPECT_EQ(change(""), "unchanged");
}

TEST_F(ApplyTest, WhatNoStackMadeIsNotTakenOver) {
    topics::CreateTopic by_hand;
    by_hand.name = "n";
    const topics::Home home{.region = kTarget.region, .account = kTarget.account};
    rows_.write(topics::create_topic(rows_, home, by_hand, from_epoch_ms(1))->writes);
    const auto refused = deploy(topic(""));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message,
              "N: arn:aws:sns:us-east-1:000000000000:n already exists, and no stack made it; give it another name, or "
              "delete it first.");
    rows_.write({*identity::put_role({.name = "app-FRole", .policies = {}})});
    EXPECT_THAT(deploy(function("F", "f")).error().message, HasSubstr("FRole: app-FRole already exists"));
    rows_.write({identity::erase_role("app-FRole")});
    ASSERT_TRUE(deploy(function("F", "f")));
    // Its own, by another logical name.
    ASSERT_TRUE(deploy(function("G", "f")));
}

}  // namespace
}  // namespace holdpoint::api
