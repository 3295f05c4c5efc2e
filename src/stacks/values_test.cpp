// Values: what a template's scalars and parameters come to, and those that are refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "stacks/testing_plan.hpp"

namespace holdpoint::stacks {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// What a function's environment variable comes to that is written so.
std::string variable(const std::string& written, const std::string& parameters = "{}",
                     const std::map<std::string, std::string>& given = {}) {
    const auto plan = make_plan("Parameters: " + parameters + R"(
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {Environment: {Variables: {V: )" +
                                    written + R"(}}}
    Metadata: {HoldpointExecutable: f}
)",
                                {.given = given}, kTarget);
    return plan ? plan->functions.at(0).environment.at("V") : plan.error().message;
}

/// What a topic with this parameter is refused for.
std::string refusal(const std::string& parameter, const std::string& value) {
    return problems("Parameters: {P: " + parameter + "}\nResources: {T: {Type: \"AWS::SNS::Topic\"}}\n",
                    {{"P", value}});
}

// YAML 1.1, as CloudFormation and SAM read it.
TEST(Values, ScalarsAreWhatCloudFormationReads) {
    const std::pair<const char*, const char*> forms[] = {{"1.10", "1.1"},
                                                         {"2.0", "2.0"},
                                                         {"0.5", "0.5"},
                                                         {"True", "true"},
                                                         {"yes", "true"},
                                                         {"OFF", "false"},
                                                         {"'yes'", "yes"},
                                                         {"y", "y"},
                                                         {"012345678901", "012345678901"},
                                                         {"0755", "493"},
                                                         {"1234e7", "1234e7"},
                                                         {"inf", "inf"},
                                                         {"nan", "nan"},
                                                         {"2012-10-17", "2012-10-17"},
                                                         {"12345678901234567890123", "12345678901234567890123"},
                                                         {"-7", "-7"}};
    for (const auto& [written, meant] : forms) EXPECT_EQ(variable(written), meant) << written;
}

TEST(Values, ANumberOfAParameterStaysAsItIsWritten) {
    EXPECT_EQ(variable("!Ref N", "{N: {Type: Number, Default: 0.5}}"), "0.5");
    EXPECT_EQ(variable("!Ref N", "{N: {Type: Number, Default: 1}}", {{"N", "1.50"}}), "1.50");
    EXPECT_EQ(variable("!Sub '${N}'", "{N: {Type: Number}}", {{"N", "007"}}), "007");
}

TEST(Values, AnElementOfAListIsSelected) {
    EXPECT_EQ(variable("!Select [1, [a, b]]"), "b");
    EXPECT_EQ(variable("!Select ['0', !Split ['/', !Ref 'AWS::StackId']]"),
              "arn:aws:cloudformation:us-east-1:000000000000:stack");
    EXPECT_EQ(variable("!Select [!Ref N, !Ref L]",
                       "{N: {Type: Number, Default: 2}, L: {Type: List<Number>, Default: '4, 5,6'}}"),
              "6");
    EXPECT_EQ(variable("!Join ['+', !Split [', ', 'a, b, ']]"), "a+b+");
    EXPECT_EQ(variable("!Select [0, !Split ['|', abc]]"), "abc");
}

TEST(Values, WhatCannotBeSelectedIsRefused) {
    EXPECT_THAT(variable("!Select [2, [a, b]]"), HasSubstr("Fn::Select: there is no element 2 in a list of 2"));
    EXPECT_THAT(variable("!Select [-1, [a, b]]"), HasSubstr("Fn::Select needs the position of an element and a list"));
    EXPECT_THAT(variable("!Select [0, a]"), HasSubstr("Fn::Select needs the position of an element and a list"));
    EXPECT_THAT(variable("!Select [0]"), HasSubstr("Fn::Select needs the position of an element and a list"));
    EXPECT_THAT(variable("!Select [0, !Split ['', abc]]"), HasSubstr("Fn::Split needs a separator and a text"));
    EXPECT_THAT(variable("!Select [0, !Split [',']]"), HasSubstr("Fn::Split needs a separator and a text"));
    EXPECT_THAT(variable("!Select [0, !Split [',', [a]]]"), HasSubstr("Fn::Split needs a separator and a text"));
    EXPECT_THAT(variable("!Base64 a"), HasSubstr("Fn::Base64 is not supported; Ref, Fn::Sub, Fn::GetAtt, Fn::Join, "
                                                 "Fn::Split, Fn::Select, Fn::If and Fn::FindInMap are"));
}

TEST(Values, AListOfNumbersHasNumbers) {
    EXPECT_EQ(refusal("{Type: List<Number>, MinValue: 1}", "1,2.5"), "");
    EXPECT_THAT(refusal("{Type: List<Number>}", "1,b"), HasSubstr("Parameters.P (line 1): 'b' is not a number"));
    EXPECT_THAT(refusal("{Type: List<Number>, MaxValue: 3}", "1,4"), HasSubstr("4 is more than the maximum 3"));
}

TEST(Values, NullIsRefusedWhereItStands) {
    EXPECT_THAT(variable("null"),
                HasSubstr("Resources.F.Properties.Environment.Variables.V (line 5): expected a value, found none"));
    EXPECT_THAT(problems("Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties:\n"),
                HasSubstr("Resources.T.Properties (line 4): expected a value, found none"));
    EXPECT_THAT(problems("Parameters: {P: {Type: String, Default: }}\nResources: {T: {Type: \"AWS::SNS::Topic\"}}\n"),
                HasSubstr("Parameters.P.Default (line 1): expected a value, found none"));
    EXPECT_EQ(problems("Metadata: {a: }\nResources: {T: {Type: \"AWS::SNS::Topic\", Metadata: {b: }}}\n"), "");
}

TEST(Values, SectionsAndPropertiesAreMappings) {
    const std::string topic = "\nResources: {T: {Type: \"AWS::SNS::Topic\"}}\n";
    EXPECT_THAT(problems("Parameters: [a]" + topic), HasSubstr("Parameters (line 1): must be a mapping"));
    EXPECT_THAT(problems("Outputs: [a]" + topic), HasSubstr("Outputs (line 1): must be a mapping"));
    EXPECT_THAT(problems("Mappings: [a]" + topic), HasSubstr("Mappings (line 1): must be a mapping"));
    EXPECT_THAT(problems("Resources: {T: {Type: \"AWS::SNS::Topic\", Properties: [a]}}"),
                HasSubstr("Resources.T.Properties (line 1): must be a mapping"));
}

TEST(Values, TheOneTransformMayStandInAList) {
    const std::string topic = "\nResources: {T: {Type: \"AWS::SNS::Topic\"}}\n";
    EXPECT_EQ(problems("Transform: [AWS::Serverless-2016-10-31]" + topic), "");
    EXPECT_THAT(problems("Transform: [AWS::Serverless-2016-10-31, AWS::LanguageExtensions]" + topic),
                HasSubstr("only AWS::Serverless-2016-10-31 is supported"));
}

TEST(Values, ASecondDocumentIsRefused) {
    const std::string topic = "Resources: {T: {Type: \"AWS::SNS::Topic\"}}\n";
    EXPECT_THAT(problems(topic + "---\n" + topic),
                HasSubstr("line 2: expected one YAML document, found the beginning of another"));
    EXPECT_EQ(problems("---\n" + topic + "...\n"), "");
    EXPECT_EQ(problems(",").substr(0, 7), "line 1:") << "a comma begins documents without end";
    EXPECT_THAT(problems(topic + "]"), HasSubstr("line 2:"));
}

TEST(Values, OfVeryMuchThatIsWrongTheBeginningIsSaid) {
    std::string nulls = "Resources:\n";
    for (int i = 0; i < 20'000; ++i) nulls += "  R" + std::to_string(i) + ":\n";
    const std::string said = problems(nulls);
    EXPECT_EQ(std::ranges::count(said, '\n'), 100);
    EXPECT_THAT(said, HasSubstr("There is more that is wrong."));
}

TEST(Values, EscapedPairsOfJsonAreOneCharacter) {
    const auto plan = make_plan(R"({"Description": "\ud83d\ude00 \\ud83d",
"Resources": {"T": {"Type": "AWS::SNS::Topic"}}})",
                                {}, kTarget);
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(plan->description, "\U0001F600 \\ud83d");
}

TEST(Values, AListIsNoText) {
    const std::string list = "{L: {Type: CommaDelimitedList, Default: 'a,b'}}";
    EXPECT_THAT(variable("!Sub 'x${L}'", list), HasSubstr("${L} is a list or a mapping; a text is needed"));
    EXPECT_THAT(variable("!Sub ['x${M}', {M: {a: b}}]"), HasSubstr("${M} is a list or a mapping; a text is needed"));
    EXPECT_THAT(variable("!Join ['-', [x, !Ref L]]", list),
                HasSubstr("Fn::Join needs a separator and a list of texts"));
    EXPECT_EQ(variable("!Join ['-', !Ref L]", list), "a-b");
    EXPECT_THAT(problems("Parameters: " + list + R"(
Resources: {T: {Type: "AWS::SNS::Topic"}}
Outputs: {O: {Value: !Ref L}}
)"),
                HasSubstr("Outputs.O.Value (line 3): must be text"));
}

TEST(Parameters, LimitsHoldForEachElementOfAList) {
    const std::string list = "{Type: CommaDelimitedList, AllowedValues: [a, b], AllowedPattern: '[a-z]'}";
    EXPECT_EQ(refusal(list, "b, a"), "");
    EXPECT_THAT(refusal(list, "a,c"), HasSubstr("'c' is not one of a, b"));
    EXPECT_THAT(refusal("{Type: CommaDelimitedList, AllowedPattern: '[a-z]+'}", "a,B"),
                HasSubstr("'B' does not match [a-z]+"));
}

TEST(Parameters, TheElementsOfAListHaveNoSpacesAroundThem) {
    EXPECT_EQ(variable("!Join [\"|\", !Ref L]", "{L: {Type: CommaDelimitedList, Default: \" a , b \"}}"), "a|b");
}

TEST(Parameters, LengthsAreOfCharacters) {
    EXPECT_EQ(refusal("{Type: String, MaxLength: 4, MinLength: 4}", "\u00fcber"), "");
    EXPECT_THAT(refusal("{Type: String, MaxLength: 3}", "\u00fcber"), HasSubstr("at most 3 characters"));
}

TEST(Parameters, WhatHasNoEchoIsInNoRefusal) {
    for (const char* limit : {"AllowedPattern: '[a-z]+'", "AllowedValues: [a]", "MaxLength: 3"}) {
        const std::string said = refusal(std::string("{Type: String, NoEcho: true, ") + limit + "}", "Hunter2");
        EXPECT_THAT(said, AllOf(HasSubstr("Parameters.P"), Not(HasSubstr("Hunter2")))) << limit;
        EXPECT_NE(said, "");
    }
    EXPECT_THAT(refusal("{Type: Number, NoEcho: true}", "Hunter2"),
                AllOf(HasSubstr("is not a number"), Not(HasSubstr("Hunter2"))));
    EXPECT_THAT(refusal("{Type: Number, NoEcho: true, MaxValue: 3}", "4711"),
                AllOf(HasSubstr("is more than the maximum 3"), Not(HasSubstr("4711"))));
}

TEST(Parameters, NoValueIsTooLongForItsPattern) {
    EXPECT_THAT(refusal("{Type: String}", std::string(4097, 'a')), HasSubstr("4096 bytes"));
    EXPECT_EQ(refusal("{Type: String, AllowedPattern: '(a|b)*'}", std::string(4096, 'a')), "");
    EXPECT_THAT(refusal("{Type: String, AllowedPattern: '(a+)+'}", std::string(60, 'a') + "!"),
                HasSubstr("does not match"));
}

TEST(Values, ChainsEnd) {
    const auto names = [](int count, const std::string& name) {
        std::string text = "Resources:\n  T0: {Type: \"AWS::SNS::Topic\"}\n";
        for (int i = count; i > 0; --i) {
            text += fmt::format("  T{}: {{Type: \"AWS::SNS::Topic\", Properties: {{TopicName: !Sub \"{}\"}}}}\n", i,
                                fmt::format(fmt::runtime(name), i - 1));
        }
        return problems(text);
    };
    EXPECT_EQ(names(30, "x${{T{0}.TopicName}}"), "");
    EXPECT_THAT(names(2'000, "x${{T{0}.TopicName}}"),
                HasSubstr("names refer to each other in a chain of more than 30"));
    EXPECT_THAT(names(30, "${{T{0}.TopicName}}${{T{0}.TopicName}}"), HasSubstr("comes to more than 1048576 bytes"));
    std::string conditions = "Conditions:\n";
    for (int i = 0; i < 2'000; ++i) conditions += fmt::format("  C{}: !Not [Condition: C{}]\n", i, i + 1);
    EXPECT_THAT(problems(conditions + "  C2000: !Equals [a, a]\nResources: {T: {Type: \"AWS::SNS::Topic\"}}\n"),
                HasSubstr("conditions refer to each other in a chain of more than 30"));
}

TEST(Values, AnAliasMayBeOfGlobalsAndStandWithinAText) {
    const auto outputs = [](const std::string& globals, const std::string& function) {
        const auto plan = make_plan("Globals: {Function: {" + globals + R"(}}
Resources:
  F: {Type: "AWS::Serverless::Function", Metadata: {HoldpointExecutable: f}, Properties: {)" +
                                        function + R"(}}
Outputs: {Ref: {Value: !Ref F.Alias}, Sub: {Value: !Sub "to ${F.Alias}"}}
)",
                                    {}, kTarget);
        return plan ? plan->outputs.at(0).value + ", " + plan->outputs.at(1).value : plan.error().message;
    };
    const std::string arn = "arn:aws:lambda:us-east-1:000000000000:function:app-F:";
    EXPECT_EQ(outputs("AutoPublishAlias: live", ""), arn + "live, to " + arn + "live");
    EXPECT_EQ(outputs("AutoPublishAlias: live", "AutoPublishAlias: own"), arn + "own, to " + arn + "own");
    EXPECT_THAT(outputs("Timeout: 3", ""),
                AllOf(HasSubstr("Outputs.Ref.Value (line 4): 'F.Alias' cannot be referred to; of a function with "
                                "AutoPublishAlias, <function>.Alias can"),
                      HasSubstr("Outputs.Sub.Value (line 4): 'F.Alias' cannot be referred to")));
}

TEST(Values, DependsOnNamesWhatThereIs) {
    const auto depending = [](const std::string& on) {
        return problems(
            "Resources: {F: {Type: \"AWS::Serverless::Function\", Metadata: {HoldpointExecutable: f}, DependsOn: " +
            on + "}, T: {Type: \"AWS::SNS::Topic\"}}");
    };
    EXPECT_EQ(depending("T"), "");
    EXPECT_EQ(depending("[T, FRole]"), "");
    EXPECT_THAT(depending("Tt"), HasSubstr("Resources.F.DependsOn (line 1): 'Tt' is no resource of this template"));
    EXPECT_THAT(depending("[T, {a: b}]"), HasSubstr("must be a resource's name or a list of them"));
}

TEST(Values, WhatBecomesOfAReplacedTable) {
    const auto with = [](const std::string& attributes) {
        return make_plan(R"(
Resources:
  T:
    Type: AWS::DynamoDB::Table
    )" + attributes + R"(
    Properties: {KeySchema: [{AttributeName: id, KeyType: HASH}], AttributeDefinitions: [{AttributeName: id, AttributeType: S}]}
)",
                         {}, kTarget);
    };
    EXPECT_TRUE(with("UpdateReplacePolicy: Retain")->tables.at(0).retain_replaced);
    EXPECT_FALSE(with("UpdateReplacePolicy: Retain")->tables.at(0).retain);
    EXPECT_FALSE(with("UpdateReplacePolicy: Delete")->tables.at(0).retain_replaced);
    EXPECT_THAT(with("UpdateReplacePolicy: Snapshot").error().message,
                HasSubstr("Resources.T.UpdateReplacePolicy (line 5): Snapshot is not supported"));
    EXPECT_THAT(problems("Resources: {T: {Type: \"AWS::SNS::Topic\", UpdateReplacePolicy: Retain}}"),
                HasSubstr("UpdateReplacePolicy (line 1): Retain is not supported for AWS::SNS::Topic"));
}

// Functions, roles and rules have 64 characters at most.
TEST(Values, AGeneratedNameThatIsTooLongIsShortened) {
    constexpr const char* kText = R"(
Resources:
  NotificationPreferencesFunction:
    Type: AWS::Serverless::Function
    Properties: {Events: {E: {Type: Schedule, Properties: {Schedule: rate(1 hour)}}}}
    Metadata: {HoldpointExecutable: f}
  NotificationPreferencesTable: {Type: "AWS::Serverless::SimpleTable"}
Outputs:
  Name: {Value: !Ref NotificationPreferencesFunction}
)";
    const auto plan_in = [&](const std::string& stack) {
        Target target = kTarget;
        target.stack_name = stack;
        return make_plan(kText, {}, target).value();
    };
    const std::string stack = "customer-notifications-production-eu";
    const Plan plan = plan_in(stack);
    const std::string& name = plan.functions.at(0).name;
    EXPECT_EQ(name.size(), 64U);
    EXPECT_THAT(name, StartsWith("customer-notifications-p-NotificationPreferencesFun-"));
    EXPECT_EQ(plan.outputs.at(0).value, name);
    EXPECT_EQ(plan.roles.at(0).name.size(), 64U);
    EXPECT_EQ(plan.functions.at(0).role_arn, "arn:aws:iam::000000000000:role/" + plan.roles.at(0).name);
    EXPECT_EQ(plan.schedules.at(0).name.size(), 64U);
    EXPECT_EQ(plan.tables.at(0).name, stack + "-NotificationPreferencesTable") << "tables have 255";
    EXPECT_EQ(plan_in(stack).functions.at(0).name, name) << "the next deployment finds it again";
    EXPECT_NE(plan_in(stack + "-2").functions.at(0).name, name);
    const std::string longest(128, 's');
    EXPECT_THAT(plan_in(longest).functions.at(0).name,
                StartsWith(std::string(24, 's') + "-NotificationPreferencesFun-"));
}

TEST(Values, AShortPartOfANameLeavesItsRoomToTheOther) {
    Target target = kTarget;
    target.stack_name = "customer-notifications-production-eu-central-1-blue-green";
    const auto name = [&](const std::string& id) {
        const std::string text =
            "Resources:\n  " + id + ": {Type: \"AWS::Serverless::Function\", Metadata: {HoldpointExecutable: f}}\n";
        return make_plan(text, {}, target).value().functions.at(0).name;
    };
    EXPECT_THAT(name("SendMail"), StartsWith("customer-notifications-production-eu-centr-SendMail-"));
    EXPECT_EQ(name("SendMail").size(), 64U);
}

TEST(Values, ALogicalNameThatIsTooLongIsShortened) {
    const std::string id(200, 'F');
    const auto plan = make_plan(
        "Resources:\n  " + id + ": {Type: \"AWS::Serverless::Function\", Metadata: {HoldpointExecutable: f}}\n", {},
        kTarget);
    EXPECT_THAT(plan->functions.at(0).name, StartsWith("app-" + std::string(47, 'F') + "-"));
    EXPECT_EQ(plan->functions.at(0).name.size(), 64U);
}

}  // namespace
}  // namespace holdpoint::stacks
