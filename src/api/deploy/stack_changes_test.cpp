#include "api/deploy/stack_changes.hpp"

#include <gmock/gmock.h>

#include "functions/registry.hpp"
#include "identity/roles.hpp"
#include "store/store.hpp"
#include "tables/operations.hpp"
#include "topics/subscriptions.hpp"

namespace holdpoint::api {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kTemplate = R"(
Transform: AWS::Serverless-2016-10-31
Parameters:
  Sort: {Type: String, Default: seq}
  Seconds: {Type: Number, Default: 3}
Resources:
  F:
    Type: AWS::Serverless::Function
    Metadata: {HoldpointExecutable: f}
    Properties: {FunctionName: !Sub '${AWS::StackName}-F', PackageType: Image, Role: !GetAtt R.Arn, Timeout: !Ref Seconds}
  R:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub '${AWS::StackName}-R'
      AssumeRolePolicyDocument: {Statement: {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}}
      Policies: [{PolicyName: p, PolicyDocument: {Statement: {Effect: Allow, Action: 'sns:Publish', Resource: !Ref Topic}}}]
  Topic:
    Type: AWS::SNS::Topic
    Properties: {TopicName: !Sub '${AWS::StackName}-T', Subscription: [{Protocol: email, Endpoint: a@example.com}]}
  Events:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      TableName: !Sub '${AWS::StackName}-Events'
      KeySchema: [{AttributeName: id, KeyType: HASH}, {AttributeName: !Ref Sort, KeyType: RANGE}]
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}, {AttributeName: !Ref Sort, AttributeType: N}]
  Records:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub '${AWS::StackName}-Records'
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: !Sub '/aws/lambda/${AWS::StackName}-F'}
)";

class StackChanges : public testing::Test {
protected:
    Result<StackChange> deploy(const std::map<std::string, std::string>& parameters = {}, const std::string& text = {},
                               const std::string& code = "c0de") {
        const std::string id = stacks::stack_arn("us-east-1", "000000000000", "app", "1");
        const std::string wanted = text.empty() ? std::string(kTemplate) : text;
        auto plan =
            stacks::make_plan(wanted, parameters,
                              {.stack_name = "app", .stack_id = id, .region = "us-east-1", .account = "000000000000"});
        if (!plan) return std::unexpected(plan.error());
        return finish(deploy_stack(*rows_,
                                   {.stack_name = "app",
                                    .stack_id = id,
                                    .template_text = wanted,
                                    .plan = *plan,
                                    .code = {{"f", {.sha256 = code, .size = 1}}}},
                                   occasion()));
    }

    Result<StackChange> remove(bool with_retained = false) {
        return finish(delete_stack(*rows_, *stacks::find_stack(*rows_, "app"), with_retained, occasion()));
    }

    Result<StackChange> finish(Result<Decided<StackChange>> decided) {
        if (!decided) return std::unexpected(decided.error());
        rows_->apply(decided->writes);
        return std::move(decided->answer);
    }

    Occasion occasion() {
        now_ += Milliseconds(1000);
        return {
            .region = "us-east-1", .account = "000000000000", .now = now_, .nonce = std::to_string(to_epoch_ms(now_))};
    }

    [[nodiscard]] Result<functions::Function> function() const {
        const functions::Reference reference{.name = "app-F", .qualifier = {}, .account = {}, .region = {}};
        return functions::resolve(*rows_, reference, "us-east-1", "000000000000");
    }

    static std::map<std::string, ChangeKind> kinds(const Result<StackChange>& change) {
        std::map<std::string, ChangeKind> found;
        if (!change) ADD_FAILURE() << change.error().message;
        if (!change) return found;
        for (const ResourceChange& each : change->changes) found[each.logical_id] = each.kind;
        return found;
    }

    static std::string without(const std::string& resource) {
        std::string text(kTemplate);
        const auto start = text.find("\n  " + resource + ":");
        auto end = start + 1;
        do {
            end = text.find('\n', end) + 1;
        } while (text.compare(end, 4, "    ") == 0);
        return text.erase(start + 1, end - start - 1);
    }

    std::unique_ptr<store::Store> store_ = store::make_memory_store();
    std::unique_ptr<store::Transaction> rows_ = store_->begin();
    TimePoint now_ = from_epoch_ms(1'800'000'000'000);
};

TEST_F(StackChanges, CreatesEveryResource) {
    const auto created = deploy();
    for (const auto& [name, kind] : kinds(created)) EXPECT_EQ(kind, ChangeKind::created) << name;
    EXPECT_EQ(created->changes.size(), 6U);
    EXPECT_EQ(function()->code_sha256, "c0de");
    EXPECT_EQ(function()->role_arn, "arn:aws:iam::000000000000:role/app-R");
    EXPECT_EQ(identity::role_policies(*rows_, "app-R").size(), 1U);
    EXPECT_EQ(tables::load_table(*rows_, "app-Records")->ttl_attribute, "ttl");
    EXPECT_EQ(topics::list_subscriptions_by_topic(*rows_, "arn:aws:sns:us-east-1:000000000000:app-T", "")
                  ->subscriptions.size(),
              1U);
    EXPECT_THAT(created->effects.log_groups_created, ElementsAre("/aws/lambda/app-F"));
    EXPECT_THAT(created->warnings, Contains(HasSubstr("outbox")));
    EXPECT_EQ(stacks::load_stack(*rows_, created->stack.id)->status(), "CREATE_COMPLETE");
    EXPECT_EQ(*stacks::find_stack(*rows_, "app"), created->stack);
}

TEST_F(StackChanges, UpdatesOnlyWhatDiffers) {
    ASSERT_TRUE(deploy());
    for (const auto& [name, kind] : kinds(deploy())) EXPECT_EQ(kind, ChangeKind::unchanged) << name;
    const auto changed = kinds(deploy({{"Seconds", "9"}}));
    EXPECT_EQ(changed.at("F"), ChangeKind::updated);
    EXPECT_EQ(changed.at("R"), ChangeKind::unchanged);
    EXPECT_EQ(function()->timeout_seconds, 9);
    const auto other_code = deploy({{"Seconds", "9"}}, {}, "beef");
    EXPECT_THAT(other_code->effects.functions_changed, ElementsAre("app-F"));
    EXPECT_EQ(other_code->stack.status(), "UPDATE_COMPLETE");
}

TEST_F(StackChanges, ARefusedDeployChangesNothing) {
    ASSERT_TRUE(deploy());
    const auto before = *stacks::find_stack(*rows_, "app");
    const auto refused = deploy({{"Sort", "at"}, {"Seconds", "9"}});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("the keys of a table cannot be changed"));
    EXPECT_EQ(function()->timeout_seconds, 3);
    EXPECT_EQ(*stacks::find_stack(*rows_, "app"), before);
}

TEST_F(StackChanges, DeletesWhatTheTemplateDroppedAndKeepsWhatIsRetained) {
    ASSERT_TRUE(deploy());
    EXPECT_EQ(kinds(deploy({}, without("Records"))).at("Records"), ChangeKind::deleted);
    EXPECT_FALSE(tables::load_table(*rows_, "app-Records"));
    EXPECT_EQ(kinds(deploy({}, without("Events"))).at("Events"), ChangeKind::retained);
    EXPECT_TRUE(tables::load_table(*rows_, "app-Events"));
}

TEST_F(StackChanges, DeletingKeepsTheAuditTrailAndALaterDeployUsesItAgain) {
    ASSERT_TRUE(deploy());
    const auto deleted = kinds(remove());
    EXPECT_EQ(deleted.at("Events"), ChangeKind::retained);
    EXPECT_EQ(deleted.at("F"), ChangeKind::deleted);
    EXPECT_FALSE(function());
    EXPECT_FALSE(stacks::find_stack(*rows_, "app"));
    EXPECT_FALSE(rows_->get(Space::roles, "app-R"));

    const auto again = deploy();
    EXPECT_EQ(kinds(again).at("Events"), ChangeKind::adopted);
    EXPECT_THAT(again->warnings, Contains(HasSubstr("app-Events was kept")));
    EXPECT_EQ(kinds(remove(true)).at("Events"), ChangeKind::deleted);
    EXPECT_FALSE(tables::load_table(*rows_, "app-Events"));
}

TEST_F(StackChanges, RefusesNamesThatAreTaken) {
    ASSERT_TRUE(deploy());
    rows_->apply({stacks::erase_stack("app")});
    const auto refused = deploy();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().name, "AlreadyExistsException");
}

TEST_F(StackChanges, ReplacesWhatGetsAnotherName) {
    ASSERT_TRUE(deploy());
    std::string renamed(kTemplate);
    renamed.replace(renamed.find("-Records"), 8, "-Others");
    const auto change = deploy({}, renamed);
    ASSERT_TRUE(change);
    EXPECT_THAT(change->changes, Contains(testing::AllOf(testing::Field(&ResourceChange::physical_id, "app-Others"),
                                                         testing::Field(&ResourceChange::kind, ChangeKind::replaced))));
    EXPECT_FALSE(tables::load_table(*rows_, "app-Records"));
}

}  // namespace
}  // namespace holdpoint::api
