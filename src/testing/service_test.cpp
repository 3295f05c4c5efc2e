// The SDK and what is outside of it: answers of the service, the size of a request, the Runtime API.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <deque>

#include "durable/lambda.hpp"
#include "sdk/context_core.hpp"
#include "sdk/execution_state.hpp"
#include "sdk/invocation.hpp"
#include "sdk/last_answer.hpp"
#include "sdk/runtime_client.hpp"
#include "testing/local_service.hpp"
#include "wire/durable_json.hpp"

namespace durable::testing {
namespace {

namespace net = holdpoint::net;
namespace wire = holdpoint::wire;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// Answers from a list, then with no connection.
class ScriptedTransport final : public net::Transport {
public:
    std::expected<net::Response, net::TransportError> send(const net::Endpoint&, const net::Request& request,
                                                           const net::Timeouts&) override {
        requests.push_back(request);
        if (std::exchange(cuts_off, false)) {
            return std::unexpected(net::TransportError{.message = "cut off", .request_was_sent = true});
        }
        if (answers.empty()) return std::unexpected(net::TransportError{.message = "gone", .request_was_sent = false});
        net::Response answer = std::move(answers.front());
        answers.pop_front();
        return answer;
    }

    bool cuts_off = false;  // the first request arrives, its answer does not
    std::deque<net::Response> answers;
    std::vector<net::Request> requests;
};

wire::InvocationInput input() {
    wire::InvocationInput input;
    input.execution_arn = "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST/durable-execution/n/id";
    input.checkpoint_token = "t0";
    return input;
}

detail::InvocationAnswer invoke_over(ScriptedTransport& transport, int attempts_max = 1, int steps = 1) {
    const holdpoint::ManualClock clock(holdpoint::from_epoch_ms(1'700'000'000'000));
    holdpoint::SeededRandom random(1);
    holdpoint::aws::Client client({.credentials = {},
                                   .region = "us-east-1",
                                   .endpoint_url = "http://localhost:1",
                                   .attempts_max = attempts_max,
                                   .timeouts = {}},
                                  transport, clock, random, [](std::chrono::milliseconds) {});
    detail::LambdaDurableService service(client, random);
    const detail::DurableHandler handler = [&](Context& context, const detail::Text&) -> detail::Text {
        for (int i = 0; i < steps; ++i) context.step("s", [] { return 1; });
        return std::nullopt;
    };
    detail::Hooks hooks({});
    return detail::run_invocation(handler, input(),
                                  {.service = service, .hooks = hooks, .request_id = "request", .trace_header = {}});
}

TEST(Service, AnswerThatCannotBeReadIsNoVerdict) {
    for (const std::string body :
         {"<html>", R"({"CheckpointToken":5})", R"({"NewExecutionState":{"Operations":[1]}})"}) {
        ScriptedTransport transport;
        transport.answers.push_back({.status = 200, .headers = {}, .body = body});
        const auto answer = invoke_over(transport);
        ASSERT_TRUE(std::holds_alternative<detail::InvocationFailure>(answer)) << body;
        EXPECT_EQ(std::get<detail::InvocationFailure>(answer).error.type, "InvalidResponse") << body;
    }
}

// The service knows a repetition by its ClientToken: with another one it would refuse what it has done already.
TEST(Service, ACheckpointIsRepeatedWithItsTokensAndTheNextHasItsOwn) {
    ScriptedTransport transport;
    transport.cuts_off = true;
    transport.answers = {{.status = 503, .headers = {}, .body = {}},
                         {.status = 429, .headers = {}, .body = {}},
                         {.status = 200, .headers = {}, .body = R"({"CheckpointToken":"t1"})"},
                         {.status = 200, .headers = {}, .body = R"({"CheckpointToken":"t2"})"}};
    const auto answer = invoke_over(transport, 4, 2);
    EXPECT_EQ(std::get<wire::InvocationOutput>(answer).status, wire::InvocationStatus::succeeded);
    ASSERT_EQ(transport.requests.size(), 5U);
    for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(transport.requests[i].body, transport.requests[0].body);
    const auto sent = [&](std::size_t index) {
        return *wire::read_checkpoint_request(boost::json::parse(transport.requests[index].body));
    };
    EXPECT_EQ(sent(0).checkpoint_token, "t0");
    EXPECT_EQ(sent(4).checkpoint_token, "t1");
    EXPECT_EQ(sent(0).client_token.value_or("").size(), 36U) << "a UUID";
    EXPECT_EQ(sent(4).client_token.value_or("").size(), 36U);
    EXPECT_NE(sent(0).client_token, sent(4).client_token);
}

TEST(Service, AnArnIsOneSegmentOfThePath) {
    ScriptedTransport transport;
    (void)invoke_over(transport);
    EXPECT_EQ(
        transport.requests.at(0).target,
        "/2025-12-01/durable-executions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af%3A%24LATEST%2F"
        "durable-execution%2Fn%2Fid/checkpoint");
}

wire::OperationUpdate update_of(std::string id, std::string payload) {
    wire::OperationUpdate update;
    update.id = std::move(id);
    update.payload = std::move(payload);
    return update;
}

class FakeService final : public detail::DurableService {
public:
    holdpoint::Result<wire::CheckpointResponse> checkpoint(const std::string&,
                                                           const wire::CheckpointRequest& request) override {
        requests.push_back(request);
        wire::CheckpointResponse response;
        response.checkpoint_token = token;
        return response;
    }
    holdpoint::Result<wire::CheckpointResponse> get_state(const std::string&, const std::string&,
                                                          const std::string&) override {
        return wire::CheckpointResponse{};
    }

    std::string token = "t";
    std::vector<wire::CheckpointRequest> requests;
};

TEST(Service, EmptyTokenIsNoToken) {
    FakeService service;
    service.token = "";
    detail::Hooks hooks({});
    detail::ExecutionState state(service, input(), hooks, 1);
    state.enqueue(update_of("a", "1"));
    EXPECT_THROW(state.flush(), detail::Unwind);
    EXPECT_EQ(state.end(), detail::End::suspended);
}

TEST(Service, RequestsStayBelowTheLimitAsTheyAreSent) {
    FakeService service;
    detail::Hooks hooks({});
    detail::ExecutionState state(service, input(), hooks, 1);
    for (int i = 0; i < 20; ++i) state.enqueue(update_of(std::to_string(i), std::string(50'000, '\x01')));
    state.flush();
    std::size_t updates = 0;
    for (wire::CheckpointRequest& request : service.requests) {
        request.client_token = std::string(36, 'c');
        EXPECT_LE(boost::json::serialize(wire::to_json(request)).size(), 768'000U);
        updates += request.updates.size();
    }
    EXPECT_EQ(updates, 20U);
    EXPECT_EQ(service.requests.size(), 10U) << "two of 300 KB each";
}

TEST(ClosedChild, UnfinishedStepInsideDoesNotRun) {
    wire::Operation context;
    context.id = detail::operation_id("1");
    context.type = wire::OperationType::context;
    context.name = "child";
    context.status = wire::OperationStatus::succeeded;
    context.replay_children = true;
    wire::Operation step;
    step.id = detail::operation_id("1-1");
    step.parent_id = context.id;
    step.name = "s";
    wire::InvocationInput given = input();
    given.operations = {context, step};
    FakeService service;
    const detail::DurableHandler handler = [](Context& root, const detail::Text&) -> detail::Text {
        root.run_in_child_context("child", [](Context& child) { child.step("s", [] { ADD_FAILURE() << "it ran"; }); });
        return "1";
    };
    detail::Hooks hooks({});
    const auto answer = detail::run_invocation(
        handler, given, {.service = service, .hooks = hooks, .request_id = "request", .trace_header = {}});
    EXPECT_EQ(std::get<wire::InvocationOutput>(answer).error->type, "NonDeterministicExecutionError");
    EXPECT_EQ(service.requests.size(), 0U);
}

struct Ended {};

std::string last_answer(const std::function<void(Context&)>& body) {
    std::string answer = "none";
    detail::set_last_answer_hook([&](const detail::ExecutionState& state) {
        const auto given = detail::answer_so_far(state);
        if (const auto* output = std::get_if<wire::InvocationOutput>(&given)) {
            answer = std::string(wire::to_string(output->status)) +
                     (output->error ? " " + output->error->type.value_or("") : "");
        } else {
            answer = "invocation error";
        }
        throw Ended{};
    });
    LocalService runner([&](Context& context, Json) {
        while (true) {
            try {
                body(context);
            } catch (const Ended&) {
                return;
            } catch (...) {
            }
        }
    });
    runner.before_checkpoint = [](int number) -> std::optional<holdpoint::Error> {
        if (number == 1) return holdpoint::Error{"InvalidParameterValueException", 400, "too large", {}};
        return std::nullopt;
    };
    runner.start();
    detail::set_last_answer_hook({});
    return answer;
}

TEST(LastAnswer, SaysHowTheExecutionStands) {
    EXPECT_EQ(last_answer([](Context& context) { context.step("refused", [] {}); }), "FAILED CheckpointError");
    EXPECT_EQ(last_answer([](Context& context) { context.step("s", [&] { context.wait("w", 1s); }); }),
              "FAILED ValidationError");
}

TEST(RuntimeApi, AnswersInvocationsUntilThereAreNoMore) {
    ScriptedTransport transport;
    transport.answers = {{.status = 200, .headers = {{"Lambda-Runtime-Aws-Request-Id", "one"}}, .body = "1"},
                         {.status = 202, .headers = {}, .body = {}},
                         {.status = 200, .headers = {{"Lambda-Runtime-Aws-Request-Id", "two"}}, .body = "2"},
                         {.status = 403, .headers = {}, .body = "{\"errorMessage\":\"stale\"}"}};
    detail::RuntimeClient client(transport, "host:9001/process/7");
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(client.serve([](const detail::RuntimeInvocation& invocation) { return "got " + invocation.payload; }), 1);
    const std::string said = ::testing::internal::GetCapturedStderr();
    std::vector<std::string> calls;
    for (const auto& request : transport.requests) calls.push_back(request.target + " " + request.body);
    const std::string prefix = "/process/7/2018-06-01/runtime/invocation/";
    EXPECT_THAT(calls, ElementsAre(prefix + "next ", prefix + "one/response got 1", prefix + "next ",
                                   prefix + "two/response got 2", prefix + "next "));
    EXPECT_THAT(said, HasSubstr("the Runtime API did not take the answer to request two (status 403: "
                                "{\"errorMessage\":\"stale\"})"));
    EXPECT_THAT(said, ::testing::Not(HasSubstr("request one")));
}

TEST(RuntimeApi, TellsWhoseInvocationItIs) {
    ScriptedTransport transport;
    transport.answers = {{.status = 200, .headers = {{"Lambda-Runtime-Aws-Tenant-Id", "acme"}}, .body = {}},
                         {.status = 202, .headers = {}, .body = {}}};
    detail::RuntimeClient client(transport, "host:9001");
    std::string tenant;
    client.serve([&](const detail::RuntimeInvocation& invocation) {
        tenant = invocation.tenant_id;
        return std::string();
    });
    EXPECT_EQ(tenant, "acme");
    EXPECT_EQ(LambdaContext("request", "arn", {}, Logger({}, nullptr), "acme").tenant_id(), "acme");
}

TEST(RuntimeApi, AnInvocationWithoutADeadlineHasAllTheTimeThereIs) {
    ScriptedTransport transport;
    for (const char* deadline : {"1700000000000", "", "soon", "17e5"}) {
        transport.answers.push_back({.status = 200, .headers = {{"Lambda-Runtime-Deadline-Ms", deadline}}, .body = {}});
        transport.answers.push_back({.status = 202, .headers = {}, .body = {}});
    }
    detail::RuntimeClient client(transport, "host:9001");
    std::vector<bool> is_over;
    std::vector<bool> is_endless;
    client.serve([&](const detail::RuntimeInvocation& invocation) {
        const LambdaContext context("request", "arn", invocation.deadline, Logger({}, nullptr), {});
        is_over.push_back(context.remaining_time() < 0ms);
        is_endless.push_back(context.remaining_time() == std::chrono::milliseconds::max());
        return std::string();
    });
    EXPECT_THAT(is_over, ElementsAre(true, false, false, false));
    EXPECT_THAT(is_endless, ElementsAre(false, true, true, true));
}

TEST(RuntimeApi, AnInvocationWithoutATraceHasNotThatOfTheOneBefore) {
    ScriptedTransport transport;
    transport.answers = {{.status = 200, .headers = {{"Lambda-Runtime-Trace-Id", "Root=1-2"}}, .body = {}},
                         {.status = 202, .headers = {}, .body = {}},
                         {.status = 200, .headers = {}, .body = {}},
                         {.status = 202, .headers = {}, .body = {}}};
    detail::RuntimeClient client(transport, "host:9001");
    std::vector<std::string> traces;
    client.serve([&](const detail::RuntimeInvocation&) {
        const char* trace = std::getenv("_X_AMZN_TRACE_ID");
        traces.emplace_back(trace == nullptr ? "none" : trace);
        return std::string();
    });
    EXPECT_THAT(traces, ElementsAre("Root=1-2", "none"));
}

TEST(RuntimeApi, AnswerThatIsTooLargeIsAnError) {
    ScriptedTransport transport;
    transport.answers = {{.status = 413, .headers = {}, .body = {}}, {.status = 202, .headers = {}, .body = {}}};
    detail::RuntimeClient client(transport, "host:9001");
    client.answer("one", std::string("large"));
    ASSERT_EQ(transport.requests.size(), 2U);
    EXPECT_EQ(transport.requests[1].target, "/2018-06-01/runtime/invocation/one/error");
    EXPECT_EQ(transport.requests[1].header("Lambda-Runtime-Function-Error-Type"), "Function.ResponseSizeTooLarge");
}

TEST(RuntimeApi, StartThatFailedIsReported) {
    ScriptedTransport transport;
    transport.answers = {{.status = 202, .headers = {}, .body = {}}};
    detail::RuntimeClient client(transport, "host:9001");
    client.fail_start({.type = "ConfigurationError", .message = "no region", .data = {}, .stack = {}});
    ASSERT_EQ(transport.requests.size(), 1U);
    EXPECT_EQ(transport.requests[0].target, "/2018-06-01/runtime/init/error");
    EXPECT_EQ(transport.requests[0].header("Lambda-Runtime-Function-Error-Type"), "ConfigurationError");
    EXPECT_EQ(transport.requests[0].body,
              R"({"errorMessage":"no region","errorType":"ConfigurationError","stackTrace":[]})");
}

TEST(Steps, RemainingTimeGoesToTheDeadlineOfTheInvocation) {
    FakeService service;
    std::vector<std::chrono::milliseconds> left;
    const detail::DurableHandler handler = [&](Context& context, const detail::Text&) -> detail::Text {
        context.step("s", [&](StepContext& step) { left.push_back(step.remaining_time()); });
        return std::nullopt;
    };
    detail::Hooks hooks({});
    detail::Surroundings surroundings{.service = service, .hooks = hooks, .request_id = "request", .trace_header = {}};
    (void)detail::run_invocation(handler, input(), surroundings);
    surroundings.deadline = holdpoint::SystemClock().now() + 1h;
    (void)detail::run_invocation(handler, input(), surroundings);
    ASSERT_EQ(left.size(), 2U);
    EXPECT_EQ(left[0], std::chrono::milliseconds::max()) << "there is no deadline";
    EXPECT_LE(left[1], 1h);
    EXPECT_GT(left[1], 59min);
}

ErrorInfo plain_handler_error(const std::exception_ptr& thrown, const std::string& payload) {
    try {
        std::rethrow_exception(thrown);
    } catch (...) {
        return detail::plain_handler_error(payload);
    }
}

TEST(Lambda, WhatCannotReadADurableExecutionsEventIsToldWhatItGot) {
    const std::string envelope =
        R"({"DurableExecutionArn":"arn","CheckpointToken":"token","InitialExecutionState":{"Operations":[]}})";
    const auto unreadable = std::make_exception_ptr(SerdesError("$.article is missing"));
    const ErrorInfo told = plain_handler_error(unreadable, envelope);
    EXPECT_EQ(told.type, "SerdesError");
    EXPECT_EQ(told.message,
              "$.article is missing (this is no durable function, but the payload is a durable execution's: take "
              "DurableConfig from the function, or serve it with durable::run)");
    EXPECT_EQ(plain_handler_error(unreadable, R"({"count":2})").message, "$.article is missing");
    EXPECT_EQ(plain_handler_error(unreadable, "{").message, "$.article is missing");
    EXPECT_EQ(plain_handler_error(std::make_exception_ptr(Error("BadCount", "0")), envelope).message, "0");
}

TEST(Lambda, RemainingTimeGoesToTheDeadline) {
    const auto now = holdpoint::SystemClock().now();
    const LambdaContext context("request", "arn", now + 1h, Logger({}, nullptr));
    EXPECT_LE(context.remaining_time(), 1h);
    EXPECT_GT(context.remaining_time(), 59min);
}

}  // namespace
}  // namespace durable::testing
