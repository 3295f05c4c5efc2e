// Policies of functions: SAM's templates for them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "stacks/testing_plan.hpp"

namespace holdpoint::stacks {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Result<Plan> plan_with(const std::string& policies) {
    return make_plan(R"(Resources:
  T: {Type: "AWS::Serverless::SimpleTable"}
  Topic: {Type: "AWS::SNS::Topic"}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Policies: )" + policies +
                         R"(
    Metadata: {HoldpointExecutable: f}
)",
                     {}, kTarget);
}

/// The document that comes after the managed policy of every function, or what is wrong.
std::string policy(const std::string& written) {
    const auto plan = plan_with("[" + written + "]");
    return plan ? plan->roles.at(0).policies.at(1).second : plan.error().message;
}

TEST(Policies, ATableMayBeUsed) {
    const std::string resources = R"("Resource":["arn:aws:dynamodb:us-east-1:000000000000:table/app-T",)"
                                  R"("arn:aws:dynamodb:us-east-1:000000000000:table/app-T/index/*"]}]})";
    EXPECT_EQ(policy("DynamoDBCrudPolicy: {TableName: !Ref T}"),
              R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["dynamodb:GetItem",)"
              R"("dynamodb:DeleteItem","dynamodb:PutItem","dynamodb:Scan","dynamodb:Query","dynamodb:UpdateItem",)"
              R"("dynamodb:BatchWriteItem","dynamodb:BatchGetItem","dynamodb:DescribeTable",)"
              R"("dynamodb:ConditionCheckItem"],)" +
                  resources);
    EXPECT_EQ(policy("DynamoDBReadPolicy: {TableName: !Ref T}"),
              R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Scan",)"
              R"("dynamodb:Query","dynamodb:BatchGetItem","dynamodb:DescribeTable"],)" +
                  resources);
    EXPECT_EQ(policy("DynamoDBWritePolicy: {TableName: !Ref T}"),
              R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["dynamodb:PutItem",)"
              R"("dynamodb:UpdateItem","dynamodb:BatchWriteItem"],)" +
                  resources);
}

TEST(Policies, ATopicOrAFunctionMayBeUsed) {
    EXPECT_EQ(policy("SNSPublishMessagePolicy: {TopicName: !GetAtt Topic.TopicName}"),
              R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sns:Publish"],)"
              R"("Resource":["arn:aws:sns:us-east-1:000000000000:app-Topic"]}]})");
    EXPECT_EQ(policy("LambdaInvokePolicy: {FunctionName: other}"),
              R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["lambda:InvokeFunction"],)"
              R"("Resource":["arn:aws:lambda:us-east-1:000000000000:function:other*"]}]})");
}

TEST(Policies, OneNeedsNoList) {
    EXPECT_TRUE(plan_with("{DynamoDBReadPolicy: {TableName: !Ref T}}"));
}

TEST(Policies, WhatATemplateIsNotToldIsNamed) {
    EXPECT_THAT(policy("DynamoDBReadPolicy: {Table: t}"),
                AllOf(HasSubstr("Policies[0].DynamoDBReadPolicy.Table (line 7): is not supported"),
                      HasSubstr("Policies[0].DynamoDBReadPolicy.TableName (line 7): is needed")));
    EXPECT_THAT(policy("SNSPublishMessagePolicy: {TopicName: !Ref Topic}"),
                HasSubstr("SNSPublishMessagePolicy.TopicName (line 7): must be a name, not an ARN"));
    EXPECT_THAT(policy("DynamoDBReadPolicy: t"),
                HasSubstr("Policies[0].DynamoDBReadPolicy (line 7): must be a mapping"));
    EXPECT_THAT(policy("S3ReadPolicy: {BucketName: b}"),
                HasSubstr("Policies[0] (line 7): SAM's policy template S3ReadPolicy is not known here; "
                          "DynamoDBCrudPolicy, DynamoDBReadPolicy, DynamoDBWritePolicy, SNSPublishMessagePolicy and "
                          "LambdaInvokePolicy are. Write it out, as a document with a Statement"));
}

}  // namespace
}  // namespace holdpoint::stacks
