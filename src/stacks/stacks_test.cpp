// Templates: what they mean, and everything that is said about what they may not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stacks/testing_plan.hpp"

namespace holdpoint::stacks {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

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
    EXPECT_EQ(plan->outputs.at(0).description, "its name");
    EXPECT_EQ(plan->outputs.at(1).value, "a-polling");
}

TEST(Plan, GlobalsAreWhatSamTakes) {
    // `sam deploy` refuses such a template, so a template that is deployed here alone would not be "the same file".
    const auto globals = [](const std::string& text) {
        return problems("Globals: " + text + "\nResources: {T: {Type: \"AWS::SNS::Topic\"}}\n");
    };
    EXPECT_THAT(globals("{Function: {PackageType: Image}}"),
                HasSubstr("Globals.Function.PackageType (line 1): SAM does not take it here; say it in each resource"));
    EXPECT_THAT(globals("{Function: {Policies: [], Role: r, FunctionName: f, Events: {}, Timeout: 3}}"),
                AllOf(HasSubstr("Globals.Function.Policies"), HasSubstr("Globals.Function.Role"),
                      HasSubstr("Globals.Function.FunctionName"), HasSubstr("Globals.Function.Events"),
                      Not(HasSubstr("Timeout"))));
    EXPECT_THAT(globals("{HttpApi: {StageName: s}}"),
                HasSubstr("Globals.HttpApi.StageName (line 1): SAM does not take it here"));
    EXPECT_EQ(
        globals("{Function: {DurableConfig: {ExecutionTimeout: 60}, AutoPublishAlias: live}, HttpApi: {Tags: {a: b}}}"),
        "");
}

TEST(Plan, WhatIsWrongInGlobalsIsNamedWithTheLineThere) {
    const std::string text = R"(Globals:
  Function:
    Timeout: soon
    DurableConfig: {ExecutionTimeout: 60, Patience: 1}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: F, Runtime: provided.al2023, MemorySize: much}
  T: {Type: "AWS::SNS::Topic", Properties: {Timeout: 3}}
)";
    EXPECT_THAT(problems(text),
                AllOf(HasSubstr("Resources.F.Properties.Timeout (line 3, in Globals): must be a whole number"),
                      HasSubstr("Resources.F.Properties.DurableConfig.Patience (line 4, in Globals): is not supported"),
                      HasSubstr("Resources.F.Properties.MemorySize (line 8): must be a whole number"),
                      HasSubstr("Resources.T.Properties.Timeout (line 9): this property")));
}

TEST(Plan, ListsOfGlobalsComeBeforeOnesOwn) {
    const auto plan = make_plan(R"(
Globals: {HttpApi: {CorsConfiguration: {AllowOrigins: ["https://a.example"], MaxAge: 60}}}
Resources:
  Api: {Type: "AWS::Serverless::HttpApi", Properties: {CorsConfiguration: {AllowOrigins: ["https://b.example"], MaxAge: 5}}}
)",
                                {}, kTarget);
    ASSERT_TRUE(plan) << plan.error().message;
    const CorsPlan& cors = plan->http_apis.at(0).cors;
    EXPECT_THAT(cors.origins, ElementsAre("https://a.example", "https://b.example"));
    EXPECT_EQ(cors.max_age_seconds, 5);
}

TEST(Plan, TenantIsolationIsPerTenant) {
    const auto plan_with = [](const std::string& mode) {
        return make_plan(R"(
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {TenancyConfig: {TenantIsolationMode: )" +
                             mode + R"(}}
    Metadata: {HoldpointExecutable: f}
)",
                         {}, kTarget);
    };
    const auto plan = plan_with("PER_TENANT");
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_TRUE(plan->functions.at(0).tenant_isolation);
    EXPECT_THAT(plan_with("NONE").error().message, HasSubstr("needs TenantIsolationMode, which is PER_TENANT"));
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
Outputs:
  Role: {Value: !GetAtt PlainRole.Arn}
  Name: {Value: !Sub "${PlainRole} of ${PlainRole.Arn}"}
)",
                                {}, kTarget);
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(plan->functions.at(1).role_arn, "arn:aws:iam::000000000000:role/app-DurableRole");
    EXPECT_EQ(plan->outputs.at(0).value, plan->functions.at(0).role_arn);
    EXPECT_EQ(plan->outputs.at(1).value, "app-PlainRole of " + plan->functions.at(0).role_arn);
    const RolePlan& plain = plan->roles.at(0);
    EXPECT_EQ(plain.name, "app-PlainRole");
    EXPECT_THAT(plain.policies.at(0).second, Not(HasSubstr("lambda:CheckpointDurableExecution")));
    const RolePlan& durable = plan->roles.at(1);
    EXPECT_THAT(durable.policies.at(0).second, HasSubstr("lambda:CheckpointDurableExecution"));
    EXPECT_EQ(durable.policies.at(1).first, "AWSLambdaBasicExecutionRole");
    EXPECT_EQ(durable.policies.at(2).first, "DurableRolePolicy1");
    EXPECT_THAT(durable.policies.at(2).second, HasSubstr("arn:aws:sns:us-east-1:000000000000:app-Topic"));
}

TEST(Plan, WhatIsWrongWithAPolicyIsToldWithItsLine) {
    constexpr std::string_view kRole = R"(Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      Policies:
        - PolicyName: p
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: "sns:Publish"
                Resource: "*"
                Condition:
                  StringFits: {a: b}
)";
    const CheckPolicy check = [](const std::string&) {
        return std::optional(std::pair<std::string, std::string>("Statement[0].Condition.StringFits", "is not known"));
    };
    const auto plan = make_plan(kRole, {}, kTarget, check);
    ASSERT_FALSE(plan);
    EXPECT_THAT(plan.error().message,
                HasSubstr("Resources.Role.Properties.Policies[0].PolicyDocument.Statement[0].Condition.StringFits "
                          "(line 14): is not known"));
}

TEST(Plan, PackagesAndHttpApis) {
    const Target target{.stack_name = "app",
                        .stack_id = kTarget.stack_id,
                        .region = "us-east-1",
                        .account = "000000000000",
                        .endpoint_url = "http://127.0.0.1:4566"};
    const auto plan = make_plan(R"(
Globals: {HttpApi: {CorsConfiguration: {AllowOrigins: ["https://a.example"], MaxAge: 60}}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: F
      Runtime: provided.al2023
      AutoPublishAlias: live
      Environment: {Variables: {SELF: !Ref F.Alias, API: !GetAtt Api.ApiEndpoint}}
      Events:
        Item: {Type: HttpApi, Properties: {Path: "/items/{id}", Method: get, TimeoutInMillis: 1000}}
        Rest: {Type: HttpApi, Properties: {ApiId: !Ref Api, Auth: {Authorizer: NONE}}}
        Any: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: "/{proxy+}", Method: ANY}}
  Api: {Type: "AWS::Serverless::HttpApi", Properties: {StageName: prod, Auth: {DefaultAuthorizer: AWS_IAM}}}
Outputs:
  Url: {Value: !Sub "https://${ServerlessHttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/"}
  Prod: {Value: !Sub "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/prod"}
)",
                                {}, target);
    ASSERT_TRUE(plan) << plan.error().message;
    const FunctionPlan& function = plan->functions.at(0);
    EXPECT_EQ(function.code_uri, "F");
    EXPECT_EQ(function.alias, "live");
    EXPECT_EQ(function.environment.at("SELF"), "arn:aws:lambda:us-east-1:000000000000:function:app-F:live");
    ASSERT_EQ(plan->http_apis.size(), 2U);
    const HttpApiPlan& api = plan->http_apis.at(0);
    EXPECT_EQ(api.stage, "prod");
    EXPECT_EQ(api.routes.at(0).key, "$default");
    EXPECT_EQ(api.routes.at(0).iam, false);
    EXPECT_EQ(api.routes.at(1).key, "ANY /{proxy+}");
    EXPECT_EQ(api.routes.at(1).iam, true);
    EXPECT_EQ(api.routes.at(1).qualifier, "live");
    EXPECT_EQ(api.cors.max_age_seconds, 60);
    const HttpApiPlan& implicit = plan->http_apis.at(1);
    EXPECT_EQ(implicit.logical_id, "ServerlessHttpApi");
    EXPECT_EQ(implicit.routes.at(0).key, "GET /items/{id}");
    EXPECT_EQ(implicit.routes.at(0).timeout_ms, 1000);
    EXPECT_THAT(implicit.cors.origins, ElementsAre("https://a.example"));
    EXPECT_EQ(plan->outputs.at(0).value, "http://127.0.0.1:4566/_apis/" + implicit.api_id + "/");
    EXPECT_EQ(plan->outputs.at(1).value, "http://127.0.0.1:4566/_apis/" + api.api_id + "/prod");
    EXPECT_EQ(function.environment.at("API"), "http://127.0.0.1:4566/_apis/" + api.api_id);
}

TEST(Plan, HowAFunctionMayBeInvoked) {
    const auto with = [](const std::string& properties) {
        return "Resources:\n  F: {Type: \"AWS::Serverless::Function\", Metadata: {HoldpointExecutable: f}, Properties: "
               "{" +
               properties + "}}\n  T: {Type: \"AWS::SNS::Topic\"}\n";
    };
    const auto plan =
        make_plan(with("ReservedConcurrentExecutions: 0, DeadLetterQueue: {Type: SNS, TargetArn: !Ref T}, "
                       "EventInvokeConfig: {MaximumRetryAttempts: 1, DestinationConfig: {OnFailure: "
                       "{Type: SNS, Destination: !Ref T}}}"),
                  {}, kTarget);
    ASSERT_TRUE(plan) << plan.error().message;
    const FunctionPlan& function = plan->functions.at(0);
    EXPECT_EQ(function.reserved_concurrency, 0);
    EXPECT_EQ(function.dead_letter_arn, "arn:aws:sns:us-east-1:000000000000:app-T");
    EXPECT_EQ(function.event_invoke.value().retries, 1);
    EXPECT_EQ(function.event_invoke.value().age_seconds, std::nullopt);
    EXPECT_EQ(function.event_invoke.value().on_failure, "arn:aws:sns:us-east-1:000000000000:app-T");
    EXPECT_EQ(function.event_invoke.value().on_success, "");
    const std::string publishes =
        R"([{"Effect":"Allow","Action":"sns:Publish","Resource":"arn:aws:sns:us-east-1:000000000000:app-T"}])";
    const auto& policies = plan->roles.at(0).policies;
    ASSERT_EQ(policies.size(), 3U) << "SAM adds what its dead letters and outcomes need to the role that it makes";
    EXPECT_EQ(policies.at(1).first, "DeadLetterQueuePolicy");
    EXPECT_THAT(policies.at(1).second, HasSubstr(publishes));
    EXPECT_EQ(policies.at(2).first, "OnFailurePolicy");
    EXPECT_THAT(policies.at(2).second, HasSubstr(publishes));
    EXPECT_THAT(problems(with("DeadLetterQueue: {Type: SQS, TargetArn: a}")),
                HasSubstr("DeadLetterQueue.Type (line 2): only SNS is supported"));
    EXPECT_THAT(problems(with("EventInvokeConfig: {DestinationConfig: {OnSuccess: {Type: EventBridge}}}")),
                HasSubstr("OnSuccess.Type (line 2): 'EventBridge' is not supported; SNS and Lambda are"));
    EXPECT_THAT(problems(with("EventInvokeConfig: {DestinationConfig: {OnSuccess: {Type: SNS}}}")),
                HasSubstr("Destination (line 2): is needed"));
}

TEST(Plan, PackagesAndRoutesThatCannotBeAreRefused) {
    const auto with = [](const std::string& properties) {
        return problems("Resources:\n  F: {Type: \"AWS::Serverless::Function\", Properties: {" + properties + "}}\n");
    };
    const std::string good = "CodeUri: F, Runtime: provided.al2, ";
    EXPECT_EQ(with(good), "");
    EXPECT_THAT(with("Timeout: 3"), HasSubstr("F.Properties.CodeUri (line 2): is needed"));
    EXPECT_THAT(with("CodeUri: s3://b/k, Runtime: provided.al2"), HasSubstr("lies in S3"));
    EXPECT_THAT(with("CodeUri: F, Runtime: python3.13"), HasSubstr("'python3.13' is not supported"));
    EXPECT_EQ(with(good + "LoggingConfig: {LogFormat: Text, LogGroup: g}"), "");
    EXPECT_THAT(with(good + "LoggingConfig: {LogFormat: JSON}"),
                HasSubstr("F.Properties.LoggingConfig.LogFormat (line 2): 'JSON' is not supported; Text is"));
    EXPECT_THAT(with(good + "Events: {Q: {Type: SQS}}"),
                HasSubstr("events of the type 'SQS' are not supported; HttpApi, Schedule and SNS are"));
    const auto route = [&](const std::string& event) {
        return with(good + "Events: {E: {Type: HttpApi, Properties: {" + event + "}}}");
    };
    EXPECT_THAT(route("Path: items, Method: GET"), HasSubstr("Path (line 2): must start with /"));
    EXPECT_THAT(route("Path: \"/{a+}/b\", Method: GET"), HasSubstr("must stand at the end"));
    EXPECT_THAT(route("Path: /a, Method: FETCH"), HasSubstr("must be an HTTP method or ANY"));
    EXPECT_THAT(route("ApiId: other"), HasSubstr("must be !Ref of an AWS::Serverless::HttpApi"));
    EXPECT_THAT(route("TimeoutInMillis: 30001"), HasSubstr("must be from 50 to 30000"));
    EXPECT_THAT(route("PayloadFormatVersion: \"1.0\""), HasSubstr("only 2.0 is supported"));
    EXPECT_THAT(route("Auth: {Authorizer: Jwt}"), HasSubstr("only AWS_IAM and NONE"));
    EXPECT_THAT(route("RouteSettings: {}"), HasSubstr("RouteSettings (line 2): is not supported"));
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
    EXPECT_THAT(with("Policies: AdministratorAccess"),
                HasSubstr("F.Properties.Policies (line 3): the managed policy AdministratorAccess is not known here"));
    EXPECT_THAT(with("Policies: [AWSLambdaBasicExecutionRole, {S3ReadPolicy: {BucketName: b}}]"),
                HasSubstr("F.Properties.Policies[1] (line 3): SAM's policy template S3ReadPolicy is not known"));
    EXPECT_THAT(with("Policies: [[]]"), HasSubstr("F.Properties.Policies[0] (line 3): must be the name of"));
    EXPECT_THAT(with("Timeout: 3", "  FRole: {Type: AWS::IAM::Role}"), HasSubstr("has the name of the resource FRole"));
    EXPECT_THAT(with("Role: arn", "Outputs: {R: {Value: !GetAtt FRole.Arn}}"), HasSubstr("refers to 'FRole'"));
    EXPECT_THAT(with("Timeout: 3", "Outputs: {R: {Value: !GetAtt FRole.RoleId}}"), HasSubstr("refers to 'FRole'"));
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
Rules: {}
Resources:
  Queue: {Type: "AWS::SQS::Queue"}
  Topic:
    Type: AWS::SNS::Topic
    Properties: {FifoTopic: true, TopicName: !Ref Nothing}
)"),
        AllOf(HasSubstr("Rules (line 2): this section is not supported"),
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
