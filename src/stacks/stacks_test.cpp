// Templates: what they mean, and everything that is said about what they may not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stacks/plan.hpp"

namespace holdpoint::stacks {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const Target kTarget{.stack_name = "app",
                     .stack_id = "arn:aws:cloudformation:us-east-1:000000000000:stack/app/1",
                     .region = "us-east-1",
                     .account = "000000000000"};

constexpr const char* kTemplate = R"(
Transform: AWS::Serverless-2016-10-31
Parameters:
  Seconds: {Type: Number, Default: 300, MinValue: 60, MaxValue: 86400}
  Mode: {Type: String, Default: polling, AllowedValues: [polling, callback]}
Globals:
  Function:
    MemorySize: 256
    Environment: {Variables: {TABLE: !Ref Table}}
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub "${AWS::StackName}-f"
      Role: !GetAtt Role.Arn
      Timeout: 30
      Tags: {a: b}
      DurableConfig: {ExecutionTimeout: !Ref Seconds}
      Environment: {Variables: {TOPIC: !Ref Topic, SECONDS: !Ref Seconds}}
    Metadata: {HoldpointExecutable: f, Dockerfile: Dockerfile}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: "2012-10-17"}
      Policies:
        - PolicyName: p
          PolicyDocument: {Statement: [{Effect: Allow, Action: "dynamodb:GetItem", Resource: !Sub "${Table.Arn}/index/*"}]}
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
  Topic: {Type: "AWS::SNS::Topic"}
Outputs:
  Name: {Value: !Ref Function, Description: its name}
  Joined: {Value: !Join ["-", [a, !Ref Mode]]}
)";

TEST(Plan, ResolvesEverything) {
    const auto plan = make_plan(kTemplate, {.given = {{"Seconds", "600"}}}, kTarget);
    ASSERT_TRUE(plan) << plan.error().message;
    const FunctionPlan& function = plan->functions.at(0);
    EXPECT_EQ(function.name, "app-f");
    EXPECT_EQ(function.role_arn, "arn:aws:iam::000000000000:role/app-Role");
    EXPECT_EQ(function.executable, "f");
    EXPECT_EQ(function.memory_mb, 256);
    EXPECT_EQ(function.execution_timeout_seconds, 600);
    EXPECT_EQ(function.environment.at("TABLE"), "app-Table");
    EXPECT_EQ(function.environment.at("TOPIC"), "arn:aws:sns:us-east-1:000000000000:app-Topic");
    EXPECT_EQ(function.environment.at("SECONDS"), "600");
    EXPECT_TRUE(plan->tables.at(0).retain);
    EXPECT_EQ(plan->tables.at(0).ttl_attribute, "ttl");
    EXPECT_THAT(plan->roles.at(0).policies.at(0).second,
                HasSubstr("arn:aws:dynamodb:us-east-1:000000000000:table/app-Table/index/*"));
    EXPECT_THAT(plan->aws_only, ElementsAre("Function.Tags", "Table.BillingMode"));
    EXPECT_EQ(plan->outputs.at(0).value, "app-f");
    EXPECT_EQ(plan->outputs.at(1).value, "a-polling");
}

std::string problems(std::string_view text, const std::map<std::string, std::string>& parameters = {}) {
    const auto plan = make_plan(text, {.given = parameters}, kTarget);
    return plan ? "" : plan.error().message;
}

TEST(Plan, FunctionWithoutRoleGetsOneOfItsOwn) {
    const auto plan = make_plan(R"(
Resources:
  Plain: {Type: "AWS::Serverless::Function", Metadata: {HoldpointExecutable: f}}
  Durable:
    Type: AWS::Serverless::Function
    Properties:
      DurableConfig: {ExecutionTimeout: 60}
      Policies:
        - AWSLambdaBasicExecutionRole
        - Statement: [{Effect: Allow, Action: "sns:Publish", Resource: !Ref Topic}]
    Metadata: {HoldpointExecutable: f}
  Topic: {Type: "AWS::SNS::Topic"}
)",
                                {}, kTarget);
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(plan->functions.at(1).role_arn, "arn:aws:iam::000000000000:role/app-DurableRole");
    const RolePlan& plain = plan->roles.at(0);
    EXPECT_EQ(plain.name, "app-PlainRole");
    EXPECT_THAT(plain.policies.at(0).second, Not(HasSubstr("lambda:CheckpointDurableExecution")));
    const RolePlan& durable = plan->roles.at(1);
    EXPECT_THAT(durable.policies.at(0).second, HasSubstr("lambda:CheckpointDurableExecution"));
    EXPECT_EQ(durable.policies.at(1).first, "AWSLambdaBasicExecutionRole");
    EXPECT_EQ(durable.policies.at(2).first, "DurableRolePolicy1");
    EXPECT_THAT(durable.policies.at(2).second, HasSubstr("arn:aws:sns:us-east-1:000000000000:app-Topic"));
}

TEST(Plan, RolesThatCannotBeMadeAreRefused) {
    const auto with = [](const std::string& properties, const std::string& resources = "") {
        return problems(R"(
Resources:
  F: {Type: "AWS::Serverless::Function", Metadata: {HoldpointExecutable: f}, Properties: {)" +
                        properties + "}}\n" + resources);
    };
    EXPECT_THAT(with("Role: arn, Policies: []"),
                HasSubstr("F.Properties.Policies (line 3): means nothing beside Role"));
    EXPECT_THAT(with("Policies: AdministratorAccess"), HasSubstr("AdministratorAccess is not known here"));
    EXPECT_THAT(with("Policies: [{DynamoDBReadPolicy: {TableName: t}}]"), HasSubstr("SAM's policy templates"));
    EXPECT_THAT(with("Timeout: 3", "  FRole: {Type: AWS::IAM::Role}"), HasSubstr("has the name of the resource FRole"));
}

TEST(Plan, ParametersHaveLimits) {
    EXPECT_THAT(problems(kTemplate, {{"Seconds", "5"}}),
                HasSubstr("Parameters.Seconds (line 4): 5 is less than the minimum 60"));
    EXPECT_THAT(problems(kTemplate, {{"Seconds", "x"}}), HasSubstr("'x' is not a number"));
    EXPECT_THAT(problems(kTemplate, {{"Seconds", "nan"}}), HasSubstr("'nan' is not a number"));
    EXPECT_THAT(problems(kTemplate, {{"Seconds", "1e300"}}), HasSubstr("is more than the maximum 86400"));
    EXPECT_NE(problems("Parameters: {N: {Type: Number, Default: -1e19}}"), "") << "there are no resources";
    EXPECT_THAT(problems(kTemplate, {{"Mode", "x"}}), HasSubstr("'x' is not one of polling, callback"));
    EXPECT_THAT(problems(kTemplate, {{"Other", "x"}}), HasSubstr("Parameters.Other: was given a value"));
}

TEST(Plan, ParametersKeepTheirValuesFromTheDeploymentBefore) {
    const ParameterValues again{.given = {{"Mode", "callback"}},
                                .previous = {{"Seconds", "700"}, {"Mode", "polling"}, {"Gone", "1"}}};
    const auto plan = make_plan(kTemplate, again, kTarget);
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(plan->parameters.at("Seconds"), "700");
    EXPECT_EQ(plan->parameters.at("Mode"), "callback");
}

TEST(Plan, SaysEverythingThatIsWrongAtOnce) {
    EXPECT_THAT(
        problems(R"(
Conditions: {}
Resources:
  Queue: {Type: "AWS::SQS::Queue"}
  Topic:
    Type: AWS::SNS::Topic
    Properties: {FifoTopic: true, TopicName: !Ref Nothing}
)"),
        AllOf(HasSubstr("Conditions (line 2): this section is not supported"),
              HasSubstr("Resources.Queue.Type (line 4): the type 'AWS::SQS::Queue' is not supported"),
              HasSubstr(
                  "Resources.Topic.Properties.FifoTopic (line 7): this property of AWS::SNS::Topic is not supported"),
              HasSubstr("refers to 'Nothing', which is no parameter and no resource")));
}

TEST(Plan, FindsCirclesAndBadYaml) {
    EXPECT_THAT(problems(R"(
Resources:
  A: {Type: "AWS::SNS::Topic", Properties: {TopicName: !GetAtt B.TopicName}}
  B: {Type: "AWS::SNS::Topic", Properties: {TopicName: !GetAtt A.TopicName}}
)"),
                HasSubstr("in a circle"));
    EXPECT_THAT(problems("Resources: [1"), HasSubstr("line 1"));
    EXPECT_THAT(problems("a: 1\na: 2\n"), HasSubstr("line 2: the key 'a' stands twice"));
}

TEST(Plan, AliasesThatHaveNoEndAreRefused) {
    EXPECT_THAT(problems("Resources: &all\n  T: {Type: \"AWS::SNS::Topic\", Properties: *all}\n"),
                HasSubstr("an alias is inside of what it stands for"));
    std::string many = "a: &a [x, x, x, x, x, x, x, x]\n";
    for (char name = 'b'; name <= 'i'; ++name) {
        const std::string before = std::string("*") + static_cast<char>(name - 1);
        many += std::string(1, name) + ": &" + name + " [" + before;
        for (int i = 0; i < 7; ++i) many += ", " + before;
        many += "]\n";
    }
    EXPECT_THAT(problems(many), HasSubstr("more than 100000 values"));
}

}  // namespace
}  // namespace holdpoint::stacks
