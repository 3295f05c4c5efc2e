// What a function, an API or a condition may not be, although each of its parts may.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stacks/testing_plan.hpp"

namespace holdpoint::stacks {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Refusals, AnEventNamesNoTenant) {
    EXPECT_THAT(problems(R"(Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      TenancyConfig: {TenantIsolationMode: PER_TENANT}
      Events: {Get: {Type: HttpApi, Properties: {Path: /, Method: GET}}}
    Metadata: {HoldpointExecutable: f}
)"),
                HasSubstr("F.Properties.Events (line 6): name no tenant, which TenancyConfig asks for"));
}

TEST(Refusals, ASubscriptionSaysWhoGetsWhat) {
    const auto subscription = [](const std::string& properties) {
        return problems(
            "Resources:\n  N: {Type: \"AWS::SNS::Topic\"}\n  S:\n    Type: AWS::SNS::Subscription\n"
            "    Properties: {" +
            properties + "}\nOutputs: {N: {Value: !Ref N}}\n");
    };
    const std::string good = "TopicArn: !Ref N, Protocol: email, Endpoint: a@example.com";
    EXPECT_EQ(subscription(good + ", FilterPolicy: '{\"a\": [1]}'"), "");
    EXPECT_THAT(subscription("Protocol: email"), AllOf(HasSubstr("S.Properties.TopicArn (line 5): is needed"),
                                                       HasSubstr("S.Properties.Endpoint (line 5): is needed")));
    EXPECT_THAT(subscription(good + ", RedrivePolicy: {}"),
                HasSubstr("this property of AWS::SNS::Subscription is not supported"));
    EXPECT_THAT(subscription(good + ", RawMessageDelivery: perhaps"), HasSubstr("must be true or false"));
    EXPECT_THAT(problems("Resources:\n  S: {Type: \"AWS::SNS::Subscription\", Properties: {" +
                         std::string("TopicArn: t, Protocol: email, Endpoint: a@example.com") +
                         "}}\nOutputs: {S: {Value: !Ref S}}\n"),
                HasSubstr("Outputs.S.Value (line 3): 'S' cannot be referred to"));
    EXPECT_THAT(problems(R"(Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {Events: {E: {Type: SNS, Properties: {SqsSubscription: true}}}}
    Metadata: {HoldpointExecutable: f}
)"),
                AllOf(HasSubstr("E.Properties.Topic (line 4): is needed"),
                      HasSubstr("E.Properties.SqsSubscription (line 4): is not supported")));
}

TEST(Refusals, WhoMayInvokeAFunctionIsForAwsOnly) {
    const auto plan = make_plan(R"(Resources:
  F: {Type: "AWS::Serverless::Function", Metadata: {HoldpointExecutable: f}}
  Allowed:
    Type: AWS::Lambda::Permission
    Properties: {Action: "lambda:InvokeFunction", FunctionName: !Ref F, Principal: sns.amazonaws.com}
)",
                                {}, kTarget);
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_THAT(plan->aws_only, ::testing::ElementsAre("Allowed"));
}

TEST(Refusals, CredentialsAreForOriginsThatAreNamed) {
    const auto api = [](const std::string& origin) {
        return problems(
            "Resources: {A: {Type: \"AWS::Serverless::HttpApi\", Properties: {CorsConfiguration: "
            "{AllowCredentials: true, AllowOrigins: [\"" +
            origin + "\"]}}}}\n");
    };
    EXPECT_THAT(api("*"), HasSubstr("AllowCredentials (line 1): is not possible with AllowOrigins '*'"));
    EXPECT_EQ(api("https://a.example"), "");
}

TEST(Refusals, AConditionHasTenPartsAtMost) {
    const auto with = [](int count) {
        std::string text = "Conditions:\n  C:\n    Fn::Or:\n";
        for (int i = 0; i < count; ++i) text += "      - !Equals [a, b]\n";
        return problems(text + "Resources: {T: {Type: \"AWS::SNS::Topic\"}}\n");
    };
    EXPECT_EQ(with(10), "");
    EXPECT_THAT(with(11), HasSubstr("Conditions.C (line 3): Fn::Or needs a list of 2 to 10 conditions"));
    EXPECT_THAT(with(1), HasSubstr("Fn::Or needs a list of 2 to 10 conditions"));
}

TEST(Refusals, ADynamicReferenceIsNotTakenAsItStands) {
    const auto variable = [](const std::string& written) {
        return problems(
            "Parameters: {Path: {Type: String, Default: db}}\nResources:\n  F:\n    Type: AWS::Serverless::Function\n"
            "    Properties: {Environment: {Variables: {V: " +
            written + "}}}\n    Metadata: {HoldpointExecutable: f, Note: \"{{resolve:ssm:/a}}\"}\n");
    };
    for (const char* written :
         {"\"{{resolve:ssm:/db/host:1}}\"", "\"u:{{resolve:secretsmanager:db:SecretString:password}}\"",
          "!Sub \"{{resolve:ssm-secure:/${Path}/pw}}\"", "!Join [\"\", [\"{{resolve:\", \"ssm:/a}}\"]]"}) {
        EXPECT_THAT(variable(written),
                    HasSubstr("Variables.V (line 5): dynamic references ({{resolve:...}}) are not supported; use a "
                              "parameter, with NoEcho where it is secret"))
            << written;
    }
    EXPECT_EQ(variable("\"{{name}}\""), "");
}

TEST(Refusals, WhatIsMissingIsMissingSomewhere) {
    const std::string text = R"(Globals:
  Function:
    EventInvokeConfig:
      DestinationConfig: {OnSuccess: {Type: SNS}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {Timeout: 3}
)";
    EXPECT_THAT(problems(text),
                AllOf(HasSubstr("DestinationConfig.OnSuccess.Destination (line 4, in Globals): is needed"),
                      HasSubstr("Resources.F.Properties.CodeUri (line 8): is needed")));
}

TEST(Refusals, WhatIsMisspeltSaysWhatWasMeant) {
    const auto function = [](const std::string& properties) {
        return problems(
            "Resources: {F: {Type: \"AWS::Serverless::Function\", Metadata: {HoldpointExecutable: f}, "
            "Properties: {" +
            properties + "}}}\n");
    };
    EXPECT_THAT(function("Timout: 3"),
                HasSubstr("F.Properties.Timout (line 1): this property of AWS::Serverless::Function is not supported; "
                          "did you mean Timeout?"));
    EXPECT_THAT(function("durableconfig: {}"), HasSubstr("did you mean DurableConfig?"));
    EXPECT_THAT(function("Tag: {}"), HasSubstr("did you mean Tags?"));
    EXPECT_THAT(function("Layers: []"), HasSubstr("leave it out"));
    EXPECT_THAT(function("DurableConfig: {ExecutionTimout: 60}"),
                HasSubstr("DurableConfig.ExecutionTimout (line 1): is not supported; did you mean ExecutionTimeout?"));
    EXPECT_THAT(function("DurableConfig: {ExecutionTimeout: 60, Pause: 1}"),
                HasSubstr("DurableConfig.Pause (line 1): is not supported"));
}

TEST(Refusals, WhatIsNotSupportedSaysWhatIs) {
    EXPECT_THAT(problems("Resources: {Q: {Type: \"AWS::SQS::Queue\"}}\n"),
                HasSubstr("Q.Type (line 1): the type 'AWS::SQS::Queue' is not supported; AWS::Serverless::Function, "
                          "AWS::Serverless::HttpApi, AWS::DynamoDB::Table, AWS::Serverless::SimpleTable, "
                          "AWS::SNS::Topic, AWS::SNS::Subscription, AWS::Lambda::Permission, AWS::IAM::Role and "
                          "AWS::Logs::LogGroup are. A Condition that is false here leaves it out"));
    EXPECT_THAT(problems("Resources: {T: {Type: \"AWS::SNS::Topic\", Properties: {FifoTopic: true}}}\n"),
                HasSubstr("FifoTopic (line 1): this property of AWS::SNS::Topic is not supported; leave it out, or "
                          "let Fn::If choose AWS::NoValue here"));
    EXPECT_THAT(
        problems("Resources:\n  Fn::ForEach::T:\n    - N\n    - [a]\n    - ${N}: {Type: \"AWS::SNS::Topic\"}\n"),
        HasSubstr("Resources.Fn::ForEach::T (line 3): Fn::ForEach is not supported; write each resource out"));
}

TEST(Refusals, AParameterOfAnotherTypeIsNotAskedForAValue) {
    EXPECT_THAT(
        problems("Parameters: {V: {Type: \"AWS::EC2::VPC::Id\"}}\nResources: {T: {Type: \"AWS::SNS::Topic\"}}\n"),
        AllOf(HasSubstr("Parameters.V (line 1): the type AWS::EC2::VPC::Id is not supported; String, Number, "
                        "CommaDelimitedList and List<Number> are"),
              Not(HasSubstr("needs a value"))));
}

TEST(Refusals, ARoleHasNoPath) {
    const auto path = [](const std::string& written) {
        return problems("Resources: {R: {Type: \"AWS::IAM::Role\", Properties: {Path: " + written + "}}}\n");
    };
    EXPECT_EQ(path("/"), "");
    EXPECT_THAT(path("/service-role/"), HasSubstr("R.Properties.Path (line 1): only / is supported"));
}

TEST(Refusals, AJoinedTextHasAnEnd) {
    // Each element is short enough, and what they come to is not.
    std::string list;
    for (int i = 0; i < 600; ++i) list += "\"" + std::string(2000, 'x') + "\", ";
    EXPECT_THAT(problems("Resources: {T: {Type: \"AWS::SNS::Topic\", Properties: {DisplayName: !Join [\"\", [" + list +
                         "]]}}}\n"),
                HasSubstr("comes to more than 1048576 bytes"));
}

}  // namespace
}  // namespace holdpoint::stacks
