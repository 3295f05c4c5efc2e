// The Lambda service over a memory store: what is almost right is refused in AWS's words, and never upsets the server.
#include "api/lambda/lambda.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/json.hpp>
#include <vector>

#include "api/lambda/test_service.hpp"
#include "api/runtime/runtime.hpp"
#include "base/encoding.hpp"
#include "core/rows.hpp"
#include "engine/test_kit.hpp"
#include "identity/roles.hpp"

namespace holdpoint::api {
namespace {

using namespace test;
using namespace engine::test;
using ::testing::HasSubstr;
namespace json = boost::json;

TEST_F(LambdaServiceTest, ARoleIsGivenByWhoMayPassItAndMustBeOne) {
    const auto give = [&](const std::string& role) {
        return error_of(call("PUT", "/2015-03-31/functions/f/configuration", R"({"Role":")" + role + R"("})"));
    };
    EXPECT_EQ(give("arn:aws:iam::000000000000:role/other"), "400 InvalidParameterValueException") << "is not there";
    Box<bool> written;
    writer_.submit([&](store::Transaction& rows, TimePoint) -> engine::AfterCommit {
        rows.apply({identity::put_role({.name = "other", .policies = {}}).value()});
        return [&] { written.put(true); };
    });
    ASSERT_TRUE(written.take());
    EXPECT_EQ(give("arn:aws:iam::000000000000:role/other"), "200 ");
    for (const std::string role : {"000000000000:role/path/other", "999999999999:role/other"}) {
        EXPECT_EQ(give("arn:aws:iam::" + role), "400 InvalidParameterValueException")
            << role << " is another role, which a policy may allow to pass";
    }
    EXPECT_EQ(give("none"), "400 ValidationException") << "no role must not be read as no limit";
    denied_ = "iam:PassRole";
    EXPECT_EQ(give("arn:aws:iam::000000000000:role/admin"), "403 AccessDeniedException");
}

// A policy is asked about the qualifier, so it must be part of what is done.
TEST_F(LambdaServiceTest, WhatIsOfTheWholeFunctionTakesNoQualifier) {
    const std::string functions = "/2015-03-31/functions/";
    ASSERT_EQ(call("POST", functions + "plain/aliases", R"({"Name":"live","FunctionVersion":"$LATEST"})").status, 201);
    for (const std::string name : {"plain:dev", "plain:live", "plain:$LATEST"}) {
        for (const auto& [method, target] : {std::pair("GET", functions + name + "/aliases"),
                                             {"POST", functions + name + "/aliases"},
                                             {"GET", functions + name + "/aliases/live"},
                                             {"PUT", functions + name + "/aliases/live"},
                                             {"DELETE", functions + name + "/aliases/live"},
                                             {"GET", functions + name + "/versions"},
                                             {"GET", functions + "plain/versions?Qualifier=" + name.substr(6)},
                                             {"GET", "/2019-09-25/functions/" + name + "/event-invoke-config/list"}}) {
            const auto response = call(method, target);
            EXPECT_EQ(error_of(response), "400 InvalidParameterValueException") << method << " " << target;
            EXPECT_THAT(response.body, HasSubstr("permitted on Lambda functions only")) << method << " " << target;
        }
    }
    EXPECT_EQ(call("GET", functions + "plain/aliases/live").status, 200);
}

TEST_F(LambdaServiceTest, AFunctionOfAnotherPlaceIsNotTheOneOfThatNameHere) {
    for (const std::string place : {"eu-west-1:000000000000", "us-east-1:999999999999"}) {
        const std::string name = "arn:aws:lambda:" + place + ":function:plain";
        for (const auto& [method, target] : {std::pair("GET", "/2015-03-31/functions/" + name + "/versions"),
                                             {"DELETE", "/2015-03-31/functions/" + name},
                                             {"DELETE", "/2015-03-31/functions/" + name + "/aliases/live"},
                                             {"POST", "/2015-03-31/functions/" + name + "/invocations"}}) {
            EXPECT_EQ(error_of(call(method, target)), "404 ResourceNotFoundException") << method << " " << target;
        }
    }
    EXPECT_EQ(call("GET", "/2015-03-31/functions/plain").status, 200);
}

TEST_F(LambdaServiceTest, AnEventIsAcceptedAlsoWhileItsFunctionIsSwitchedOff) {
    concurrency_.reserve("f", 0);
    const std::string target = "/2015-03-31/functions/f:$LATEST/invocations";
    const auto waits = call("POST", target, "{}");
    EXPECT_EQ(error_of(waits), "429 TooManyRequestsException");
    EXPECT_EQ(waits.header("Retry-After"), "1");
    EXPECT_THAT(waits.body, HasSubstr("ReservedFunctionConcurrentInvocationLimitExceeded"));
    EXPECT_THAT(start("f", "later"), HasSubstr("/durable-execution/later/"));
    EXPECT_EQ(listed("f", "Statuses=RUNNING").at("DurableExecutions").as_array().size(), 1U);
}

TEST_F(LambdaServiceTest, WhatIsNotSupportedInAQueryIsRefusedByName) {
    for (const std::string member : {"FunctionVersion=ALL", "MasterRegion=us-east-1"}) {
        const auto response = call("GET", "/2015-03-31/functions/?" + member);
        EXPECT_EQ(error_of(response), "400 InvalidParameterValueException") << member;
        EXPECT_NE(response.body.find(member.substr(0, member.find('='))), std::string::npos) << response.body;
    }
}

TEST_F(LambdaServiceTest, WhatIsNoTextIsRefusedInText) {
    const auto unknown = call("GET", "/2015-03-31/nothing\xe9");
    EXPECT_EQ(error_of(unknown), "404 UnknownOperationException");
    EXPECT_THAT(std::string(json::parse(unknown.body).at("Message").as_string()), HasSubstr("nothing\xef\xbf\xbd"));
    const net::Headers tenant{{"X-Amz-Invocation-Type", "Event"}, {"X-Amz-Tenant-Id", "caf\xe9"}};
    const auto refused = call("POST", "/2015-03-31/functions/f:$LATEST/invocations", "{}", tenant);
    EXPECT_EQ(error_of(refused), "400 ValidationException");
    EXPECT_THAT(refused.body, HasSubstr("tenantId"));
}

// To a function that is all the same: another invocation has its execution, or it is gone.
TEST_F(LambdaServiceTest, AnUnknownExecutionIsATokenErrorToItsFunction) {
    const std::string unknown = "/2025-12-01/durable-executions/" + percent_encode(start("f", "a") + "x");
    const std::string token = base64_encode("1.request.0");
    for (const auto& response : {call("POST", unknown + "/checkpoint", R"({"CheckpointToken":")" + token + "\"}"),
                                 call("GET", unknown + "/state?CheckpointToken=" + percent_encode(token))}) {
        EXPECT_EQ(error_of(response), "400 InvalidParameterValueException");
        EXPECT_THAT(response.body, HasSubstr("Invalid checkpoint token"));
    }
    EXPECT_EQ(error_of(call("GET", unknown)), "404 ResourceNotFoundException");
}

// What is kept is JSON. Bytes that are no text made a row that could never be read again, by no later server either.
TEST_F(LambdaServiceTest, BytesThatAreNoTextAreNotKept) {
    const std::string arn = start("f", "traced", {{"X-Amzn-Trace-Id", "Root=\xff\xfe"}});
    const auto head = core::find_execution(*store_->snapshot(), arn);
    ASSERT_TRUE(head);
    EXPECT_EQ(head->trace_header, "");
    EXPECT_EQ(call("GET", "/2025-12-01/durable-executions/" + percent_encode(arn)).status, 200);
    EXPECT_EQ(error_of(call("POST", "/2015-03-31/functions/f:$LATEST/invocations", "\"\xff\"",
                            {{"X-Amz-Invocation-Type", "Event"}})),
              "400 InvalidRequestContentException");
    EXPECT_EQ(error_of(call("POST", "/2025-12-01/durable-execution-callbacks/AAAA/succeed", "\xff")),
              "400 InvalidParameterValueException");
}

TEST_F(LambdaServiceTest, BodiesOfTheWrongShapeAreRefused) {
    const std::string arn = "/2025-12-01/durable-executions/" + percent_encode(start("f", "a"));
    const std::string id =
        "/2025-12-01/durable-execution-callbacks/" + percent_encode(base64_encode(std::string(24, 'x')));
    const std::string plain = "/2015-03-31/functions/plain";
    const std::vector<std::tuple<std::string, std::string>> targets = {
        {"POST", arn + "/checkpoint"},     {"POST", arn + "/stop"},       {"POST", id + "/fail"},
        {"PUT", plain + "/configuration"}, {"POST", plain + "/versions"}, {"POST", plain + "/aliases"},
        {"PUT", plain + "/aliases/live"}};
    for (const auto& [method, target] : targets) {
        for (const char* body :
             {"{", "[]", "1", "null", "\"text\"", "{\"ErrorMessage\":1}", "{\"Updates\":7}", "{\"Timeout\":\"x\"}",
              "{\"Timeout\":1e99}", "{\"Environment\":[]}", "{\"Environment\":{\"Variables\":{\"A\":1}}}",
              "{\"DurableConfig\":{\"ExecutionTimeout\":\"x\"}}", "{\"Name\":{}}", "{\"FunctionVersion\":[1]}",
              "{\"CheckpointToken\":1}", "{\"Updates\":[{\"Id\":1}],\"CheckpointToken\":\"x\"}"}) {
            const auto response = call(method, target, body);
            EXPECT_LT(response.status, 500) << method << " " << target << " " << body << ": " << response.body;
            EXPECT_GE(response.status, 200) << method << " " << target << " " << body << ": " << response.body;
        }
    }
    EXPECT_EQ(error_of(call("PUT", plain + "/configuration", "[]")), "400 SerializationException");
    EXPECT_EQ(error_of(call("POST", arn + "/stop", "[]")), "400 SerializationException");
    EXPECT_EQ(error_of(call("GET", arn + "/history?Marker=99999999999999999999")),
              "400 InvalidParameterValueException");
}

// AWS's words for what its model forbids are the same for every member, and their error is in no operation's list.
TEST_F(LambdaServiceTest, WhatTheModelForbidsIsAValidationError) {
    const auto told = [this](const std::string& method, const std::string& target, const net::Headers& headers = {},
                             const std::string& body = {}) {
        const auto response = call(method, target, body, headers);
        return error_of(response) + ": " + std::string(json::parse(response.body).at("message").as_string());
    };
    const auto violation = [](const std::string& text) {
        return "400 ValidationException: 1 validation error detected: Value " + text;
    };
    const std::string invoke = "/2015-03-31/functions/plain/invocations";
    EXPECT_EQ(told("POST", invoke, {{"X-Amz-Invocation-Type", "Later"}}),
              violation("'Later' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: "
                        "[Event, RequestResponse, DryRun]"));
    EXPECT_EQ(told("POST", invoke, {{"X-Amz-Log-Type", "Head"}}),
              violation("'Head' at 'logType' failed to satisfy constraint: Member must satisfy enum value set: "
                        "[None, Tail]"));
    EXPECT_EQ(told("POST", "/2015-03-31/functions/f:$LATEST/invocations", {{"X-Amz-Durable-Execution-Name", "a b"}}),
              violation("'a b' at 'durableExecutionName' failed to satisfy constraint: Member must satisfy regular "
                        "expression pattern: [a-zA-Z0-9-_]+"));
    const std::string execution = "/2025-12-01/durable-executions/";
    const std::string arn = execution + percent_encode(start("f", "a"));
    EXPECT_EQ(told("GET", arn + "/history?MaxItems=1001"),
              violation("'1001' at 'maxItems' failed to satisfy constraint: Member must have value less than or equal "
                        "to 1000"));
    EXPECT_EQ(told("GET", "/2015-03-31/functions/?MaxItems=0"),
              violation("'0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal "
                        "to 1"));
    EXPECT_EQ(told("GET", arn + "/history?MaxItems=many"),
              "400 SerializationException: 'many' can not be converted to Integer");
    const std::string list = "/2025-12-01/functions/f/durable-executions?";
    EXPECT_EQ(told("GET", list + "Statuses=RUNNING&Statuses=ODD"),
              violation("'[RUNNING, ODD]' at 'statuses' failed to satisfy constraint: Member must satisfy constraint: "
                        "[Member must satisfy enum value set: [RUNNING, SUCCEEDED, FAILED, TIMED_OUT, STOPPED, "
                        "DELETING, PAUSING, PAUSED]]"));
    EXPECT_THAT(told("GET", list + "DurableExecutionName=a%20b"),
                HasSubstr("ValidationException: 1 validation error detected: Value 'a b' at 'durableExecutionName'"));
    for (const auto& [method, what] :
         {std::pair("GET", ""), {"GET", "/history"}, {"POST", "/stop"}, {"GET", "/state"}}) {
        EXPECT_THAT(told(method, execution + "arn%3Aaws%3Ax" + what),
                    HasSubstr("ValidationException: 1 validation error detected: Value 'arn:aws:x' at "
                              "'durableExecutionArn' failed to satisfy constraint: Member must satisfy regular "
                              "expression pattern: arn:"));
    }
    EXPECT_THAT(told("POST", "/2025-12-01/durable-execution-callbacks/no%21/succeed"),
                HasSubstr("ValidationException: 1 validation error detected: Value 'no!' at 'callbackId'"));
}

TEST_F(LambdaServiceTest, ACheckpointThatTheModelForbidsIsAValidationError) {
    const std::string arn = "/2025-12-01/durable-executions/" + percent_encode(start("f", "a")) + "/checkpoint";
    const auto told = [&](const std::string& body) {
        const auto response = call("POST", arn, body);
        return error_of(response) + ": " + std::string(json::parse(response.body).at("message").as_string());
    };
    EXPECT_EQ(told("{}"),
              "400 ValidationException: 1 validation error detected: Value null at 'checkpointToken' failed to satisfy "
              "constraint: Member must not be null");
    EXPECT_EQ(told(R"({"CheckpointToken": "AAAA", "Updates": [{"Id": "1", "Type": "NOPE", "Action": "START"}]})"),
              "400 ValidationException: 1 validation error detected: Value 'NOPE' at 'updates.1.member.type' failed to "
              "satisfy constraint: Member must satisfy enum value set: [EXECUTION, CONTEXT, STEP, WAIT, CALLBACK, "
              "CHAINED_INVOKE]");
    EXPECT_EQ(
        told(R"({"CheckpointToken": "no!"})"),
        "400 ValidationException: 1 validation error detected: Value 'no!' at 'checkpointToken' failed to satisfy "
        "constraint: Member must satisfy regular expression pattern: [A-Za-z0-9+/]+={0,2}");
    EXPECT_THAT(told(R"({"CheckpointToken": 1})"), HasSubstr("SerializationException: $.CheckpointToken: expected a"));
    // Half a character is text of others, and no reason.
    const std::string half = R"([{"Id":"1","Type":"STEP","Action":"FAIL","Error":{"ErrorMessage":"\ud83d"}}])";
    EXPECT_THAT(told(R"({"CheckpointToken":"AAAA","Updates":)" + half + "}"), HasSubstr("Invalid checkpoint token"));
}

TEST_F(LambdaServiceTest, ADurableConfigHasATimeoutWithinTheModelsRange) {
    const auto told = [this](const std::string& config) {
        const auto response =
            call("PUT", "/2015-03-31/functions/f/configuration", R"({"DurableConfig": )" + config + "}");
        return error_of(response) + ": " + std::string(json::parse(response.body).at("message").as_string());
    };
    EXPECT_EQ(
        told("{}"),
        "400 InvalidParameterValueException: You cannot create a function with a durable configuration without an "
        "executionTimeout");
    EXPECT_EQ(
        told(R"({"ExecutionTimeout": 0})"),
        "400 ValidationException: 1 validation error detected: Value '0' at 'durableConfig.executionTimeout' failed "
        "to satisfy constraint: Member must have value greater than or equal to 1");
    EXPECT_THAT(
        told(R"({"ExecutionTimeout": 60, "RetentionPeriodInDays": 91})"),
        HasSubstr("Value '91' at 'durableConfig.retentionPeriodInDays' failed to satisfy constraint: Member must "
                  "have value less than or equal to 90"));
    EXPECT_EQ(told(R"({"ExecutionTimeout": 60, "KMSKeyArn": "arn:aws:kms:us-east-1:000000000000:key/k"})"),
              "400 InvalidParameterValueException: DurableConfig.KMSKeyArn is not supported by this server.");
}

TEST_F(LambdaServiceTest, WhatAwsDoesByDefaultMayBeSaid) {
    const std::string target = "/2015-03-31/functions/f/configuration";
    const auto said = call("PUT", target,
                           R"({"TracingConfig":{"Mode":"PassThrough"},"EphemeralStorage":{"Size":512},"Layers":[],
                               "SnapStart":{"ApplyOn":"None"},"VpcConfig":{"SubnetIds":[],"SecurityGroupIds":[]}})");
    EXPECT_EQ(said.status, 200) << said.body;
    const auto shown = boost::json::parse(said.body);
    EXPECT_EQ(shown.at("TracingConfig").at("Mode"), "PassThrough");
    EXPECT_EQ(shown.at("EphemeralStorage").at("Size"), 512);
    EXPECT_EQ(shown.at("SnapStart").at("ApplyOn"), "None");
    for (const std::string other : {R"("TracingConfig":{"Mode":"Active"})", R"("EphemeralStorage":{"Size":1024})",
                                    R"("Layers":["l"])", R"("VpcConfig":{"SubnetIds":["s"]})"}) {
        EXPECT_EQ(error_of(call("PUT", target, "{" + other + "}")), "400 InvalidParameterValueException") << other;
    }
}

TEST_F(LambdaServiceTest, InvocationsThatAwsRefusesAreRefused) {
    const auto invoke = [this](const std::string& function, const std::string& body, const net::Headers& headers) {
        return error_of(call("POST", "/2015-03-31/functions/" + function + "/invocations", body, headers));
    };
    EXPECT_EQ(invoke("f", "{}", {}), "400 InvalidParameterValueException") << "unqualified";
    EXPECT_EQ(invoke("nobody", "{}", {}), "404 ResourceNotFoundException");
    EXPECT_EQ(invoke("plain", "{", {}), "400 InvalidRequestContentException");
    EXPECT_EQ(invoke("plain", "{}", {{"X-Amz-Durable-Execution-Name", "a"}}), "400 InvalidParameterValueException");
    EXPECT_EQ(invoke("plain", std::string(6 * 1024 * 1024 + 1, ' '), {}), "413 RequestTooLargeException");
    EXPECT_EQ(invoke("a%00b", "{}", {}), "400 ValidationException");
}

TEST_F(LambdaServiceTest, APayloadMayBeDeep) {
    const auto invoke = [&](std::size_t depth) {
        const std::string payload = std::string(depth, '[') + std::string(depth, ']');
        return call("POST", "/2015-03-31/functions/plain/invocations", payload, {{"X-Amz-Invocation-Type", "DryRun"}});
    };
    EXPECT_EQ(invoke(33).status, 204);
    EXPECT_EQ(invoke(1000).status, 204);
    EXPECT_EQ(error_of(invoke(1001)), "400 InvalidRequestContentException");
}

TEST_F(LambdaServiceTest, DescriptionsOfVersionsAndAliasesHaveALimit) {
    const json::object body{{"Description", std::string(257, 'd')}, {"Name", "a"}, {"FunctionVersion", "$LATEST"}};
    for (const char* part : {"versions", "aliases"}) {
        json::object request = body;
        if (part == std::string("versions")) request = {{"Description", body.at("Description")}};
        const auto answer = call("POST", std::string("/2015-03-31/functions/plain/") + part, json::serialize(request));
        EXPECT_EQ(error_of(answer), "400 ValidationException") << answer.body;
    }
}

TEST_F(LambdaServiceTest, WhatTheModelForbidsOfAFunctionIsAValidationError) {
    const auto text = [](std::size_t length, const std::string& character) {
        std::string made = "\"";
        for (std::size_t i = 0; i < length; ++i) made += character;
        return made + "\"";
    };
    const std::string functions = "/functions/plain/";
    const std::string configuration = "/2015-03-31" + functions + "configuration";
    const std::string events = "/2019-09-25" + functions + "event-invoke-config";
    const std::vector<std::array<std::string, 3>> requests = {
        {configuration, R"({"Description":)" + text(257, "x") + "}", "description"},
        {configuration, R"({"Handler":)" + text(129, "x") + "}", "handler"},
        {configuration, R"({"Handler":"a b"})", "handler"},
        {configuration, R"({"LoggingConfig":{"LogGroup":"a:*"}})", "loggingConfig.logGroup"},
        {configuration, R"({"LoggingConfig":{"LogGroup":)" + text(513, "x") + "}}", "loggingConfig.logGroup"},
        {events, R"({"MaximumRetryAttempts":3})", "maximumRetryAttempts"},
        {events, R"({"MaximumEventAgeInSeconds":59})", "maximumEventAgeInSeconds"},
        {"/2017-10-31" + functions + "concurrency", R"({"ReservedConcurrentExecutions":-1})",
         "reservedConcurrentExecutions"},
    };
    for (const auto& [target, body, member] : requests) {
        const auto response = call("PUT", target, body);
        EXPECT_EQ(error_of(response), "400 ValidationException") << target << " " << response.body;
        EXPECT_THAT(response.body, HasSubstr("at '" + member + "'"));
    }
    EXPECT_EQ(call("PUT", configuration, R"({"Description":)" + text(256, "\xc3\xa9") + "}").status, 200)
        << "characters are counted, not bytes";
    EXPECT_EQ(error_of(call("PUT", configuration, R"({"Environment":{"Variables":{"A":"b\u0000c"}}})")),
              "400 InvalidParameterValueException")
        << "a process would be given less of it";
}

TEST_F(LambdaServiceTest, AnAliasNeedsANameAndAVersionThatIsThere) {
    const auto create = [&](const std::string& body) {
        return call("POST", "/2015-03-31/functions/plain/aliases", body);
    };
    EXPECT_THAT(create(R"({"FunctionVersion":"$LATEST"})").body, HasSubstr("Value null at 'name'"));
    EXPECT_THAT(create(R"({"Name":"live"})").body, HasSubstr("Value null at 'functionVersion'"));
    const auto missing = create(R"({"Name":"live","FunctionVersion":"7"})");
    EXPECT_EQ(error_of(missing), "404 ResourceNotFoundException");
    EXPECT_THAT(missing.body, HasSubstr("arn:aws:lambda:us-east-1:000000000000:function:plain:7"));
}

TEST_F(LambdaServiceTest, AMemberOfTheWrongTypeIsNotTakenForNoneAndNullIs) {
    const std::string aliases = "/2015-03-31/functions/plain/aliases";
    ASSERT_EQ(call("POST", aliases, R"({"Name":"live","FunctionVersion":"$LATEST","Description":"kept"})").status, 201);
    for (const std::string member : {"FunctionVersion", "Description", "RevisionId"}) {
        const auto response = call("PUT", aliases + "/live", "{\"" + member + "\":1}");
        EXPECT_EQ(error_of(response), "400 SerializationException") << member;
        EXPECT_THAT(response.body, HasSubstr(member));
    }
    const auto kept = call("PUT", aliases + "/live", R"({"Description":null,"RoutingConfig":null})");
    EXPECT_EQ(kept.status, 200) << kept.body;
    EXPECT_THAT(kept.body, HasSubstr("kept"));
}

TEST_F(LambdaServiceTest, TheRuntimeApiKnowsItsProcessesOnly) {
    const auto runtime = [this](const std::string& method, const std::string& target, const std::string& body) {
        Box<net::Response> answered;
        handle_runtime(invoker_, {.method = method, .target = target, .headers = {}, .body = body},
                       [&](net::Response response) { answered.put(std::move(response)); });
        return answered.take().value_or(net::Response{}).status;
    };
    const std::string base = "/runtime/nobody/2018-06-01/runtime/";
    EXPECT_EQ(runtime("GET", base + "invocation/next", ""), 403);
    EXPECT_EQ(runtime("POST", base + "init/error", "[1"), 403);
    EXPECT_EQ(runtime("POST", base + "invocation/x/response", "{}"), 400);
    EXPECT_EQ(runtime("POST", base + "invocation/x/error", "{\"errorType\":1,\"stackTrace\":{}}"), 400);
    EXPECT_EQ(runtime("POST", base + "invocation/x", "{}"), 404);
    EXPECT_EQ(runtime("POST", base + "invocation/x/response", std::string(6 * 1024 * 1024 + 101, ' ')), 413);
    for (const char* target : {"/runtime/", "/runtime", "/runtime//2018-06-01/runtime/", "/runtime/x/2018-06-01/"}) {
        EXPECT_EQ(runtime("GET", target, ""), 404) << target;
    }
}

}  // namespace
}  // namespace holdpoint::api
