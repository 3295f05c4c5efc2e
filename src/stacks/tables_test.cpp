// Tables of templates: what they come to as a CreateTable request, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stacks/testing_plan.hpp"

namespace holdpoint::stacks {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

namespace json = boost::json;

Result<Plan> plan_of(const std::string& text) {
    return make_plan(text, {}, kTarget);
}

/// A table with these members besides its key, `id`, from line 7 on.
std::string table(const std::string& members) {
    return R"(Resources:
  T:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}, {AttributeName: a, AttributeType: S}]
)" + members;
}

TEST(Tables, WhatAnIndexSaysOfCapacityIsForAwsOnly) {
    // Of a table with BillingMode PROVISIONED, which here is made without, AWS asks it of each index.
    const auto plan = plan_of(table(R"(      ProvisionedThroughput: {ReadCapacityUnits: 5, WriteCapacityUnits: 5}
      GlobalSecondaryIndexes:
        - IndexName: ByA
          KeySchema: [{AttributeName: a, KeyType: HASH}]
          Projection: {ProjectionType: ALL}
          ProvisionedThroughput: {ReadCapacityUnits: 5, WriteCapacityUnits: 5}
)"));
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(json::serialize(plan->tables.at(0).create_table.at("GlobalSecondaryIndexes")),
              R"([{"IndexName":"ByA","KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],)"
              R"("Projection":{"ProjectionType":"ALL"}}])");
    EXPECT_THAT(plan->aws_only,
                ElementsAre("T.ProvisionedThroughput", "T.GlobalSecondaryIndexes.ProvisionedThroughput"));
}

TEST(Tables, WhatAnIndexCannotSayIsRefused) {
    EXPECT_THAT(problems(table(R"(      GlobalSecondaryIndexes:
        - IndexName: ByA
          Projekt: {ProjectionType: ALL}
      LocalSecondaryIndexes: [ByB]
)")),
                AllOf(HasSubstr("T.Properties.GlobalSecondaryIndexes[0].Projekt (line 9): is not supported"),
                      HasSubstr("T.Properties.LocalSecondaryIndexes[0] (line 10): must be a mapping")));
}

TEST(Tables, ExpiryIsSaidInText) {
    const auto attribute = [](const std::string& specification) {
        const auto plan = plan_of(table("      TimeToLiveSpecification: " + specification + "\n"));
        return plan ? plan->tables.at(0).ttl_attribute : plan.error().message;
    };
    EXPECT_EQ(attribute("{AttributeName: ttl, Enabled: 'true'}"), "ttl");
    EXPECT_EQ(attribute("{AttributeName: ttl, Enabled: false}"), "");
    EXPECT_EQ(attribute("{Enabled: 'false'}"), "");
    EXPECT_THAT(attribute("{AttributeName: ttl, Enabled: perhaps}"),
                HasSubstr("TimeToLiveSpecification.Enabled (line 7): must be true or false"));
    EXPECT_THAT(attribute("{AttributeName: ttl}"), HasSubstr("TimeToLiveSpecification (line 7): needs Enabled"));
    EXPECT_THAT(attribute("{Enabled: true}"), HasSubstr("TimeToLiveSpecification (line 7): needs AttributeName"));
}

TEST(Tables, ProtectionFromDeletionIsOnOffOrNotSaid) {
    const auto protection = [](const std::string& members) {
        return plan_of(table(members)).value().tables.at(0).deletion_protection;
    };
    EXPECT_EQ(protection("      DeletionProtectionEnabled: true\n"), true);
    EXPECT_EQ(protection("      DeletionProtectionEnabled: 'false'\n"), false);
    EXPECT_EQ(protection(""), std::nullopt);
    EXPECT_THAT(problems(table("      DeletionProtectionEnabled: perhaps\n")),
                HasSubstr("DeletionProtectionEnabled (line 7): must be true or false"));
}

TEST(Tables, ASimpleTableHasAPartitionKey) {
    const auto plan = plan_of(R"(
Resources:
  Plain: {Type: "AWS::Serverless::SimpleTable"}
  Full:
    Type: AWS::Serverless::SimpleTable
    DeletionPolicy: Retain
    Properties:
      TableName: !Sub "${AWS::StackName}-full"
      PrimaryKey: {Name: n, Type: Number}
      SSESpecification: {SSEEnabled: true}
Outputs:
  Name: {Value: !Ref Full}
  Arn: {Value: !GetAtt Plain.Arn}
)");
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(json::serialize(plan->tables.at(0).create_table),
              R"({"TableName":"app-Plain","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"id",)"
              R"("KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}]})");
    EXPECT_EQ(json::serialize(plan->tables.at(1).create_table),
              R"({"TableName":"app-full","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"n",)"
              R"("KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"n","AttributeType":"N"}]})");
    EXPECT_TRUE(plan->tables.at(1).retain);
    EXPECT_THAT(plan->aws_only, ElementsAre("Full.SSESpecification"));
    EXPECT_EQ(plan->outputs.at(0).value, "app-full");
    EXPECT_EQ(plan->outputs.at(1).value, "arn:aws:dynamodb:us-east-1:000000000000:table/app-Plain");
}

TEST(Tables, ASimpleTableSaysItsKeyWhole) {
    const auto key = [](const std::string& written) {
        return problems("Resources: {T: {Type: \"AWS::Serverless::SimpleTable\", Properties: {PrimaryKey: " + written +
                        "}}}\n");
    };
    EXPECT_THAT(key("{Name: n, Type: N}"),
                HasSubstr("PrimaryKey.Type (line 1): must be String, Number or Binary, not 'N'"));
    EXPECT_THAT(key("{Type: String}"), HasSubstr("PrimaryKey (line 1): needs Name and Type"));
    EXPECT_THAT(key("{Name: n, Type: Binary}"), Not(HasSubstr("PrimaryKey")));
}

}  // namespace
}  // namespace holdpoint::stacks
