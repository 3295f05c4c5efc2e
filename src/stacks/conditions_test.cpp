// Conditions and mappings: what they choose, and what is said of those that choose nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stacks/testing_plan.hpp"

namespace holdpoint::stacks {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kTemplate = R"(
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
  Seconds: {Type: Number, Default: 60}
  Label: {Type: String, Default: ""}
Mappings:
  Sizes:
    dev: {Memory: 128, Names: [a, b]}
    prod: {Memory: 1024, Names: [c]}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsLong: !Equals [!Ref Seconds, 600]
  HasLabel: !Not [!Equals [!Ref Label, ""]]
  IsBig: !And [Condition: IsProd, !Condition IsLong]
  IsAny: !Or [!Condition IsProd, !Condition IsLong, !Equals [!FindInMap [Sizes, !Ref Stage, Memory], 1024]]
Globals:
  Function: {Environment: {Variables: {A: "1"}}}
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !If [HasLabel, !Sub "${Label}-f", !Ref "AWS::NoValue"]
      MemorySize: !FindInMap [Sizes, !Ref Stage, Memory]
      Timeout: !If [IsAny, !If [IsBig, 900, 600], !Ref Seconds]
      VpcConfig: !If [IsBig, {SubnetIds: [s]}, !Ref AWS::NoValue]
      Environment:
        Variables:
          STAGE: !If [IsProd, live, test]
          LABEL: !If [HasLabel, !Ref Label, !Ref AWS::NoValue]
          NAMES: !Join [",", !FindInMap [Sizes, !Ref Stage, Names]]
          LIST: !Join [",", [x, !If [IsProd, y, !Ref AWS::NoValue]]]
          ALARMS: !If [IsProd, !Ref Alarms, none]
    Metadata: {HoldpointExecutable: f}
  Alarms: {Type: "AWS::SNS::Topic", Condition: IsProd}
  Elsewhere: {Type: "AWS::SQS::Queue", Condition: IsBig}
Outputs:
  Alarms: {Condition: IsProd, Value: !Ref Alarms}
  Name: {Value: !Ref Function}
)";

/// Resources that are there anyway, with these sections before them.
std::string with(const std::string& sections, const std::string& name = "topic") {
    return sections + "\nResources:\n  Topic: {Type: \"AWS::SNS::Topic\", Properties: {TopicName: " + name + "}}\n";
}

TEST(Conditions, ChooseValuesResourcesAndOutputs) {
    const auto dev = make_plan(kTemplate, {}, kTarget);
    ASSERT_TRUE(dev) << dev.error().message;
    const FunctionPlan& small = dev->functions.front();
    EXPECT_EQ(small.name, "app-Function") << "without a label it is named as if nothing were said";
    EXPECT_EQ(small.memory_mb, 128);
    EXPECT_EQ(small.timeout_seconds, 60);
    const auto& environment = small.environment;
    EXPECT_EQ(environment.at("STAGE"), "test");
    EXPECT_EQ(environment.at("NAMES"), "a,b");
    EXPECT_EQ(environment.at("LIST"), "x");
    EXPECT_EQ(environment.at("ALARMS"), "none");
    EXPECT_FALSE(environment.contains("LABEL"));
    EXPECT_EQ(environment.at("A"), "1");
    EXPECT_THAT(dev->topics, IsEmpty());
    EXPECT_EQ(dev->outputs.size(), 1U);

    const auto prod = make_plan(kTemplate, {.given = {{"Stage", "prod"}, {"Label", "x"}}}, kTarget);
    ASSERT_TRUE(prod) << prod.error().message;
    const FunctionPlan& large = prod->functions.front();
    EXPECT_EQ(large.name, "x-f");
    EXPECT_EQ(large.memory_mb, 1024);
    EXPECT_EQ(large.timeout_seconds, 600);
    EXPECT_EQ(large.environment.at("LABEL"), "x");
    EXPECT_EQ(large.environment.at("LIST"), "x,y");
    EXPECT_EQ(large.environment.at("ALARMS"), "arn:aws:sns:us-east-1:000000000000:app-Alarms");
    EXPECT_EQ(prod->topics.size(), 1U);
    EXPECT_EQ(prod->outputs.size(), 2U);
}

TEST(Conditions, WhatIsMadeIsWhatIsRefused) {
    EXPECT_THAT(problems(kTemplate, {{"Stage", "prod"}, {"Seconds", "600"}}),
                AllOf(HasSubstr("Resources.Elsewhere.Type (line 36): the type 'AWS::SQS::Queue' is not supported"),
                      HasSubstr("Resources.Function.Properties.VpcConfig")));
}

TEST(Conditions, AreRefusedWhenTheyMeanNothing) {
    EXPECT_THAT(problems(with("Conditions: {A: !Condition B, B: !Not [!Condition A]}")),
                HasSubstr("Conditions.A (line 1): refers to itself in a circle"));
    EXPECT_THAT(problems(with("Conditions: {A: !Condition Nobody}")),
                HasSubstr("Conditions.A (line 1): 'Nobody' is no condition of this template"));
    EXPECT_THAT(problems(with("", "!If [Nobody, a, b]")),
                HasSubstr("Resources.Topic.Properties.TopicName (line 3): 'Nobody' is no condition of this template"));
    EXPECT_THAT(problems(with("", "!If [Nobody, a]")), HasSubstr("Fn::If needs a condition's name"));
    EXPECT_THAT(problems(with("Conditions: {A: !Equals [!Ref Topic, x]}")),
                HasSubstr("a condition can refer to parameters and mappings, not to 'Topic'"));
    EXPECT_THAT(problems(with("Conditions: {A: !Equals [a]}")), HasSubstr("Fn::Equals needs a list of two values"));
    EXPECT_THAT(problems(with("Conditions: {A: !And [!Equals [a, a]]}")), HasSubstr("Fn::And needs a list of 2 to 10"));
    EXPECT_THAT(problems(with("Conditions: {A: !Not [!Equals [a, a], x]}")), HasSubstr("Fn::Not needs a list of one"));
    EXPECT_THAT(problems(with("Conditions: {A: yes}")), HasSubstr("must be one of Fn::Equals"));
    EXPECT_THAT(problems(with("Conditions: [A]")), HasSubstr("must be a mapping of names to conditions"));
    EXPECT_THAT(problems("Resources:\n  T: {Type: \"AWS::SNS::Topic\", Condition: Nobody}\n"),
                HasSubstr("Resources.T.Condition (line 2): 'Nobody' is no condition of this template"));
}

TEST(Conditions, WhatIsNotMadeCannotBeReferredTo) {
    const std::string text = R"(
Conditions: {Never: !Equals [a, b]}
Resources:
  Gone: {Type: "AWS::SNS::Topic", Condition: Never}
  Topic: {Type: "AWS::SNS::Topic", Properties: {DisplayName: !Ref Gone, TopicName: !GetAtt Gone.TopicName}}
)";
    EXPECT_THAT(
        problems(text),
        AllOf(HasSubstr("Properties.DisplayName (line 5): refers to 'Gone', which is not made: its Condition is "
                        "false"),
              HasSubstr("Properties.TopicName (line 5): refers to 'Gone'")));
    EXPECT_THAT(problems(with("", "!Sub ['${a}', {a: !Ref AWS::NoValue}]")),
                HasSubstr("AWS::NoValue cannot stand here"));
}

TEST(Mappings, AreLookedUpOrSayWhatIsMissing) {
    const std::string sections = "Mappings: {M: {a: {b: text, c: {d: e}}}}";
    EXPECT_EQ(problems(with(sections, "!FindInMap [M, a, b]")), "");
    EXPECT_THAT(problems(with(sections, "!FindInMap [N, a, b]")), HasSubstr("Fn::FindInMap: Mappings has no 'N'"));
    EXPECT_THAT(problems(with(sections, "!FindInMap [M, x, b]")), HasSubstr("Mappings.M has no 'x'"));
    EXPECT_THAT(problems(with(sections, "!FindInMap [M, a, !Ref AWS::Region]")),
                HasSubstr("Mappings.M.a has no 'us-east-1'"));
    EXPECT_THAT(problems(with(sections, "!FindInMap [M, a, c]")), HasSubstr("Mappings.M.a.c must be a text"));
    EXPECT_THAT(problems(with(sections, "!FindInMap [M, a]")), HasSubstr("Fn::FindInMap needs"));
    EXPECT_THAT(problems(with("", "!FindInMap [M, a, b]")), HasSubstr("Mappings has no 'M'"));
    EXPECT_THAT(problems(with(sections)), Not(HasSubstr("not supported")));
}

}  // namespace
}  // namespace holdpoint::stacks
