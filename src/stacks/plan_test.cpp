#include "stacks/plan.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "stacks/resource_types.hpp"

namespace holdpoint::stacks {
namespace {

namespace json = boost::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using Given = std::map<std::string, std::string>;

const Target kTarget{.stack_name = "app",
                     .stack_id = "arn:aws:cloudformation:us-east-1:000000000000:stack/app/1",
                     .region = "us-east-1",
                     .account = "000000000000"};

std::string repository_file(const std::string& name) {
    std::ifstream file(std::string(__FILE__).substr(0, std::string(__FILE__).rfind("src/stacks/")) + name);
    return {std::istreambuf_iterator<char>(file), {}};
}

Plan plan(const std::string& text, const Given& given = {}) {
    auto made = make_plan(text, given, kTarget);
    if (!made) ADD_FAILURE() << made.error().message;
    return made.value_or(Plan{});
}

std::string refusal(const std::string& text, const Given& given = {}) {
    const auto made = make_plan(text, given, kTarget);
    return made ? "no error" : made.error().message;
}

const Resource& resource(const Plan& made, const std::string& logical_id) {
    const auto found = std::ranges::find(made.resources, logical_id, &Resource::logical_id);
    if (found == made.resources.end()) throw std::runtime_error("no resource " + logical_id);
    return *found;
}

std::string property(const Plan& made, const std::string& logical_id, std::string_view name) {
    const json::value* value = resource(made, logical_id).properties.if_contains(name);
    return value == nullptr     ? "nothing"
           : value->is_string() ? std::string(value->get_string())
                                : json::serialize(*value);
}

/// A template with one topic whose DisplayName is `value`.
std::string topic_with(const std::string& value, const std::string& sections = "") {
    return sections +
           "\nResources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties:\n      TopicName: t\n      "
           "DisplayName: " +
           value + "\n";
}

std::string parameter(const std::string& definition) {
    return topic_with("!Ref P", "Parameters:\n  P: {" + definition + "}");
}

TEST(Plan, ReadsOurOwnTemplate) {
    const Plan made = plan(repository_file("template.yaml"), {{"ApprovalWaitMode", "callback"}});

    const Resource& workflow = resource(made, "Workflow");
    EXPECT_EQ(workflow.name, "app-Workflow");
    EXPECT_EQ(workflow.executable, "approvals_workflow");
    EXPECT_EQ(property(made, "Workflow", "Role"), "arn:aws:iam::000000000000:role/app-WorkflowRole");
    EXPECT_EQ(property(made, "Workflow", "DurableConfig"), R"({"ExecutionTimeout":90000,"RetentionPeriodInDays":90})");
    const auto& variables = workflow.properties.at("Environment").at("Variables").as_object();
    EXPECT_EQ(variables.at("APPROVALS_TABLE_NAME"), "app-ApprovalRequests");
    EXPECT_EQ(variables.at("AUDIT_TABLE_NAME"), "app-ApprovalEvents");
    EXPECT_EQ(variables.at("SNS_TOPIC_ARN"), "arn:aws:sns:us-east-1:000000000000:app-ApprovalNotifications");
    EXPECT_EQ(variables.at("APPROVAL_WAIT_MODE"), "callback");
    EXPECT_EQ(variables.at("APPROVAL_TIMEOUT_SECONDS"), "300");
    EXPECT_TRUE(resource(made, "ApprovalEvents").retain_on_delete);
    EXPECT_FALSE(resource(made, "ApprovalRequests").retain_on_delete);
    EXPECT_THAT(property(made, "WorkflowRole", "Policies"),
                HasSubstr("arn:aws:lambda:us-east-1:000000000000:function:app-Workflow:*"));

    std::map<std::string, std::string> outputs;
    for (const Output& output : made.outputs) outputs[output.key] = output.value;
    EXPECT_EQ(outputs.at("WorkflowFunctionName"), "app-Workflow");
    EXPECT_EQ(outputs.at("ApprovalApiFunctionArn"), "arn:aws:lambda:us-east-1:000000000000:function:app-ApprovalApi");
    EXPECT_EQ(outputs.at("ApprovalsTableName"), "app-ApprovalRequests");
    EXPECT_THAT(made.aws_only, Contains("ApprovalRequests.SSESpecification"));
    EXPECT_THAT(made.aws_only, Contains("Workflow.Metadata.Dockerfile"));
}

TEST(Plan, KeepsTheLimitsOfOurOwnParameters) {
    const std::string text = repository_file("template.yaml");
    EXPECT_THAT(refusal(text, {{"ApprovalTimeoutSeconds", "59"}}), HasSubstr("must be a number not less than 60"));
    EXPECT_THAT(refusal(text, {{"ApprovalTimeoutSeconds", "86401"}}), HasSubstr("not greater than 86400"));
    EXPECT_THAT(refusal(text, {{"ApprovalWaitMode", "email"}}), HasSubstr("must be one of AllowedValues"));
}

TEST(Parameters, AreCheckedAgainstTheirDefinition) {
    EXPECT_THAT(refusal(parameter("Type: String")), HasSubstr("must have a value"));
    EXPECT_THAT(refusal(parameter("Type: Number"), {{"P", "5x"}}), HasSubstr("must be a number"));
    EXPECT_THAT(refusal(parameter("Type: String, MinLength: 2"), {{"P", "ä"}}), HasSubstr("at least 2 characters"));
    EXPECT_THAT(refusal(parameter("Type: String, MaxLength: 2"), {{"P", "abc"}}), HasSubstr("at most 2 characters"));
    EXPECT_THAT(refusal(parameter("Type: String, AllowedPattern: '[a-z]+'"), {{"P", "A"}}), HasSubstr("must match"));
    EXPECT_THAT(refusal(parameter("Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: small letters only"),
                        {{"P", "A"}}),
                HasSubstr("failed to satisfy constraint: small letters only"));
    EXPECT_THAT(refusal(parameter("Type: 'List<Number>', Default: '1'")), HasSubstr("'List<Number>' is not supported"));
    EXPECT_THAT(refusal(topic_with("x"), {{"Q", "1"}}), HasSubstr("no such parameter"));
    EXPECT_EQ(property(plan(parameter("Type: String"), {{"P", "ä"}}), "Topic", "DisplayName"), "ä");
    EXPECT_TRUE(plan(parameter("Type: String, NoEcho: true"), {{"P", "secret"}}).parameters.at("P").hidden);
}

TEST(Functions, MeanWhatCloudFormationSays) {
    const auto value = [](const std::string& expression) {
        return property(plan(topic_with(expression, "Parameters:\n  L: {Type: CommaDelimitedList, Default: 'a, b,c'}")),
                        "Topic", "DisplayName");
    };
    EXPECT_EQ(value("!Ref AWS::Region"), "us-east-1");
    EXPECT_EQ(value("!Sub '${AWS::StackName}-${!x}-${AWS::Partition}'"), "app-${x}-aws");
    EXPECT_EQ(value("!Sub ['${a}${a}', {a: !Ref AWS::AccountId}]"), "000000000000000000000000");
    EXPECT_EQ(value("!Join ['/', !Ref L]"), "a/b/c");
    EXPECT_EQ(value("{'Fn::Join': ['', [x, {Ref: 'AWS::URLSuffix'}]]}"), "xamazonaws.com");
    EXPECT_EQ(value("012345678901"), "012345678901");
    EXPECT_EQ(value("!Ref AWS::NoValue"), "nothing");
}

TEST(Functions, AreRefusedWithPathAndLine) {
    EXPECT_THAT(refusal(topic_with("!Ref Nobody")),
                HasSubstr("line 7: Resources.Topic.Properties.DisplayName: Unresolved resource dependency: 'Nobody'"));
    EXPECT_THAT(refusal(topic_with("!GetAtt Nobody.Arn")), HasSubstr("'Nobody' is no resource"));
    EXPECT_THAT(refusal(topic_with("!ImportValue x")), HasSubstr("Fn::ImportValue is not supported"));
    EXPECT_THAT(refusal(topic_with("!Sub '${AWS::Region'")), HasSubstr("a ${ has no }"));
    EXPECT_THAT(refusal(topic_with("!Unheard x")), HasSubstr("the tag !Unheard is not known"));
    EXPECT_THAT(refusal("Resources: {A: &a [*a]}"), HasSubstr("nested too deeply"));
    EXPECT_THAT(refusal("Resources: {A: {Type: x}, A: {Type: y}}"), HasSubstr("is given twice"));
}

TEST(Conditions, ChooseValuesAndResources) {
    const std::string text = R"(
Parameters:
  Stage: {Type: String, Default: dev}
Conditions:
  IsProduction: !Equals [!Ref Stage, prod]
  IsNot: !Not [!Condition IsProduction]
Resources:
  Always:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: !If [IsProduction, production, !Ref Stage]
  Sometimes:
    Type: AWS::SNS::Topic
    Condition: IsProduction
Outputs:
  Out: {Value: !Ref Sometimes, Condition: IsProduction}
)";
    EXPECT_EQ(property(plan(text), "Always", "DisplayName"), "dev");
    EXPECT_EQ(plan(text).resources.size(), 1U);
    EXPECT_EQ(property(plan(text, {{"Stage", "prod"}}), "Always", "DisplayName"), "production");
    EXPECT_EQ(plan(text, {{"Stage", "prod"}}).outputs.size(), 1U);
    EXPECT_THAT(refusal(topic_with("!If [A, x, y]", "Conditions: {A: !Condition A}")), HasSubstr("refers to itself"));
}

TEST(Plan, OrdersResourcesAndFindsCircles) {
    const Plan made = plan(R"(
Resources:
  B: {Type: AWS::SNS::Topic, Properties: {DisplayName: !GetAtt A.TopicName}}
  A: {Type: AWS::SNS::Topic, DependsOn: [C]}
  C: {Type: AWS::SNS::Topic}
)");
    EXPECT_THAT(made.resources,
                ElementsAre(testing::Field(&Resource::logical_id, "C"), testing::Field(&Resource::logical_id, "A"),
                            testing::Field(&Resource::logical_id, "B")));
    EXPECT_THAT(resource(made, "A").name, testing::MatchesRegex("app-A-[0-9A-F]{12}"));
    EXPECT_THAT(refusal(R"(
Resources:
  A: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Sub '${B}'}}
  B: {Type: AWS::SNS::Topic, DependsOn: A}
)"),
                HasSubstr("Circular dependency between resources: [A, B]"));
}

TEST(Plan, TellsEverythingThatIsWrongAtOnce) {
    const auto made = make_plan(R"(
Mappings: {}
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Topic:
    Type: AWS::SNS::Topic
    DeletionPolicy: Snapshot
    Properties:
      FifoTopic: true
      Tags: []
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema: [{AttributeName: id, KeyType: HASHED}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
Outputs:
  Url: {Value: !GetAtt Queue.QueueUrl}
)",
                                {}, kTarget);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().name, "ValidationError");
    const std::string& message = made.error().message;
    EXPECT_THAT(message, HasSubstr("line 2: Mappings: is not supported"));
    EXPECT_THAT(message, HasSubstr("line 4: Resources.Queue.Type: AWS::SQS::Queue is not supported"));
    EXPECT_THAT(message, HasSubstr("line 9: Resources.Topic.Properties.FifoTopic: is not supported"));
    EXPECT_THAT(message, HasSubstr("line 7: Resources.Topic.DeletionPolicy: 'Snapshot' is not supported"));
    EXPECT_THAT(message, HasSubstr("KeySchema[0].KeyType: 'HASHED' is not supported"));
    EXPECT_THAT(message, HasSubstr("Resources.Table.Properties: needs AttributeDefinitions"));
    EXPECT_THAT(message, HasSubstr("line 15: Resources.Table.Properties.StreamSpecification: is not supported"));
    EXPECT_THAT(message, testing::Not(HasSubstr("Tags")));
    EXPECT_EQ(json::parse(made.error().details_json).at("problems").as_array().size(), 7U);
}

TEST(Sam, MergesGlobalsAndWritesMissingRoles) {
    const std::string text = R"(
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Timeout: 30
    Environment: {Variables: {A: global, B: global}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Metadata: {HoldpointExecutable: f}
    Properties:
      PackageType: Image
      Timeout: 5
      Environment: {Variables: {B: own}}
      DurableConfig: {ExecutionTimeout: 60}
      Policies:
        - Statement: [{Effect: Allow, Action: 'sns:Publish', Resource: '*'}]
)";
    const Plan made = plan(text);
    EXPECT_EQ(property(made, "F", "Timeout"), "5");
    EXPECT_EQ(property(made, "F", "Environment"), R"({"Variables":{"B":"own","A":"global"}})");
    EXPECT_EQ(property(made, "F", "Role"), "arn:aws:iam::000000000000:role/" + resource(made, "FRole").name);
    EXPECT_THAT(property(made, "FRole", "ManagedPolicyArns"), HasSubstr("AWSLambdaBasicDurableExecutionRolePolicy"));
    EXPECT_THAT(property(made, "FRole", "Policies"), HasSubstr("sns:Publish"));
    EXPECT_EQ(made.resources.front().logical_id, "FRole");
    EXPECT_THAT(refusal(text.substr(text.find("Globals"))), HasSubstr("needs 'Transform:"));
}

TEST(Plan, RefusesAFunctionThatNothingCanRun) {
    const std::string text = R"(
Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Zip, Role: !GetAtt R.Arn, Timeout: 901}
  R:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: {Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: 'sts:AssumeRole'}}
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess']
)";
    EXPECT_THAT(refusal(text), HasSubstr("needs HoldpointExecutable"));
    EXPECT_THAT(refusal(text), HasSubstr("'Zip' is not supported"));
    EXPECT_THAT(refusal(text), HasSubstr("must be from 1 to 900; it is 901"));
    EXPECT_THAT(refusal(text), HasSubstr("AdministratorAccess is not supported"));
}

TEST(Plan, RefusesARoleThatLambdaCannotAssume) {
    EXPECT_THAT(refusal(R"(
Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Metadata: {HoldpointExecutable: f}
    Properties: {PackageType: Image, Role: !GetAtt R.Arn}
  R:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: {Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: 'sts:AssumeRole'}}
)"),
                HasSubstr("The role defined for the function cannot be assumed by Lambda."));
}

TEST(Documentation, ListsWhatMeansSomethingOnAwsOnly) {
    const std::string document = repository_file("docs/template.md");
    for (const std::string& property : aws_only_properties())
        EXPECT_TRUE(document.contains("`" + property + "`")) << "docs/template.md does not list " << property;
}

}  // namespace
}  // namespace holdpoint::stacks
