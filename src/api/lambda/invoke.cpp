// Invoke: synchronous, asynchronous and dry run, of plain and durable functions. (AWS API, Invoke)
#include <fmt/format.h>

#include <algorithm>

#include "api/lambda/model.hpp"
#include "api/lambda/parts.hpp"
#include "api/respond.hpp"
#include "base/encoding.hpp"
#include "functions/registry.hpp"

namespace holdpoint::api {

namespace {

constexpr std::size_t kSyncBytesMax = 6UL * 1024 * 1024;
constexpr std::int64_t kSyncTimeoutMax = 900;
/// Far below what a thread's stack takes, and more than anybody writes: what reads JSON recurses.
constexpr std::size_t kDepthMax = 1000;
/// How long a synchronous call waits for a process when all are busy.
constexpr std::chrono::seconds kBusyWait{10};

Result<void> check_payload(const net::Request& request, InvocationType type) {
    const std::size_t max = type == InvocationType::event ? engine::kEventBytesMax : kSyncBytesMax;
    if (request.body.size() > max) {
        return fail("RequestTooLargeException", 413,
                    fmt::format("Request must be smaller than {} bytes for the InvokeFunction operation", max));
    }
    if (request.body.empty()) return {};
    boost::system::error_code problem;
    boost::json::parse_options options;
    options.max_depth = kDepthMax;
    boost::json::stream_parser parser({}, options);
    parser.write(request.body, problem);
    if (!problem) parser.finish(problem);
    if (!problem) return {};
    return fail("InvalidRequestContentException", 400, "Could not parse request body into json: " + problem.message());
}

Result<void> check_durable(const functions::Function& function, const functions::Reference& reference,
                           InvocationType type, std::string_view name) {
    if (!function.durable) {
        if (name.empty()) return {};
        return fail("InvalidParameterValueException", 400,
                    "DurableExecutionName was given, but the function is not a durable function.");
    }
    if (reference.qualifier.empty()) {
        return fail("InvalidParameterValueException", 400,
                    "You cannot invoke a durable function using an unqualified ARN.");
    }
    if (type == InvocationType::request_response && function.durable->execution_timeout_seconds > kSyncTimeoutMax) {
        return fail("InvalidParameterValueException", 400,
                    "You cannot synchronously invoke a durable function with an executionTimeout greater than 15 "
                    "minutes.");
    }
    return {};
}

net::Response payload_response(const std::string& request_id, const std::string& version, std::string body,
                               bool failed) {
    net::Response response{.status = 200,
                           .headers = {{"Content-Type", "application/json"},
                                       {"x-amzn-RequestId", request_id},
                                       {"X-Amz-Executed-Version", version}},
                           .body = std::move(body)};
    if (failed) response.headers.emplace_back("X-Amz-Function-Error", "Unhandled");
    return response;
}

net::Response empty_response(int status, const std::string& request_id) {
    return {.status = status, .headers = {{"x-amzn-RequestId", request_id}}, .body = {}};
}

Error throttled(std::string_view reason) {
    return {.name = "TooManyRequestsException",
            .http_status = 429,
            .message = "Rate Exceeded.",
            .details_json = boost::json::serialize(boost::json::object{{"Reason", reason}})};
}

struct Target {
    functions::Function function;
    functions::Reference reference;
    std::string arn;  // as it was asked for
};

void start_execution(const LambdaEngine& engine, Call call, Target target, InvocationType type) {
    engine::StartRequest start;
    start.name = call.request.header("X-Amz-Durable-Execution-Name");
    if (!call.request.body.empty()) start.input = std::move(call.request.body);
    // Kept as JSON, which has no other bytes. What is no text is no trace.
    if (const auto trace = call.request.header("X-Amzn-Trace-Id"); is_utf8(trace)) start.trace_header = trace;
    start.synchronous = type == InvocationType::request_response;
    start.tenant_id = call.request.header("X-Amz-Tenant-Id");
    const std::string version = target.function.version;
    if (version == functions::kLatest) {
        engine.invoker.log(target.function,
                           "WARN Durable execution started on $LATEST: it goes on with whatever code $LATEST has then. "
                           "Publish a version and invoke that instead.");
    }
    start.function = std::move(target.function);
    const auto shared = std::make_shared<Call>(std::move(call));
    const auto arn = std::make_shared<std::string>();
    const auto started = [shared, arn, type](Result<engine::Started> result) {
        if (!result) return respond_error(*shared, result.error());
        *arn = result->arn;
        if (type != InvocationType::event) return;
        net::Response response = empty_response(202, shared->request_id);
        response.headers.emplace_back("X-Amz-Durable-Execution-Arn", result->arn);
        shared->respond(std::move(response));
    };
    std::function<void(engine::Outcome)> ended;
    if (type == InvocationType::request_response) {
        ended = [shared, arn, version](const engine::Outcome& outcome) {
            const bool failed = outcome.status != wire::ExecutionStatus::succeeded;
            std::string body = failed
                                   ? boost::json::serialize(function_error(outcome.error.value_or(wire::ErrorObject{})))
                                   : outcome.result.value_or("null");
            net::Response response = payload_response(shared->request_id, version, std::move(body), failed);
            response.headers.emplace_back("X-Amz-Durable-Execution-Arn", *arn);
            shared->respond(std::move(response));
        };
    }
    engine.executions.start(std::move(start), started, std::move(ended));
}

/// What a function is told of whoever invokes it: the JSON that came as base64. (Lambda API, Invoke,
/// X-Amz-Client-Context)
Result<std::string> client_context_of(std::string_view header) {
    if (header.empty()) return std::string();
    const auto text = base64_decode(header);
    boost::system::error_code error;
    const boost::json::value parsed = text ? boost::json::parse(*text, error) : boost::json::value();
    if (parsed.is_object()) return boost::json::serialize(parsed);
    return fail("InvalidRequestContentException", 400, "Client context must be a valid Base64-encoded JSON object.");
}

void invoke_plain(const Context& context, const LambdaEngine& engine, Call call, Target target) {
    engine::Work work;
    work.invoked_arn = target.arn;
    work.trace_header = call.request.header("X-Amzn-Trace-Id");
    auto client_context = client_context_of(call.request.header("X-Amz-Client-Context"));
    if (!client_context) return respond_error(call, client_context.error());
    work.client_context = std::move(*client_context);
    work.tenant_id = call.request.header("X-Amz-Tenant-Id");
    work.request_id = call.request_id;
    work.start_by = context.clock.monotonic() + kBusyWait;
    const std::string version = target.function.version;
    work.function = std::move(target.function);
    std::string payload = call.request.body.empty() ? "{}" : std::move(call.request.body);
    work.begin = [payload = std::move(payload)](const std::string&, const auto& proceed) { proceed(payload); };
    const auto shared = std::make_shared<Call>(std::move(call));
    work.done = [shared, version](const engine::InvocationResult& result) {
        if (result.error && result.error->type == "TooManyRequestsException") {
            return respond_error(*shared, throttled(result.error->data.value_or("ConcurrentInvocationLimitExceeded")));
        }
        std::string body = result.body;
        if (result.error && body.empty()) body = boost::json::serialize(function_error(*result.error));
        net::Response response =
            payload_response(shared->request_id, version, std::move(body), result.error.has_value());
        if (shared->request.header("X-Amz-Log-Type") == "Tail") {
            response.headers.emplace_back("X-Amz-Log-Result", base64_encode(result.log_tail));
        }
        shared->respond(std::move(response));
    };
    engine.concurrency.invoke(std::move(work));
}

}  // namespace

boost::json::object function_error(const wire::ErrorObject& error) {
    boost::json::object object;
    if (error.message) object["errorMessage"] = *error.message;
    if (error.type) object["errorType"] = *error.type;
    if (error.stack_trace) object["stackTrace"] = boost::json::value_from(*error.stack_trace);
    return object;
}

void handle_invoke(const Context& context, const LambdaEngine& engine, Call call, const std::string& function_name) {
    const auto reference = functions::read_reference(function_name, query_value(call.request, "Qualifier"));
    if (!reference) return respond_error(call, reference.error());
    Target target;
    target.reference = *reference;
    target.arn = functions::function_arn(context.region, context.account, reference->name, reference->qualifier);
    if (auto ok = call.authorize("lambda:InvokeFunction", target.arn); !ok) return respond_error(call, ok.error());
    auto function = functions::choose(*context.store.snapshot(), *reference, context.region, context.account,
                                      context.random.unit());
    if (!function) return respond_error(call, function.error());
    target.function = std::move(*function);
    const auto type = read_invocation_type(call.request.header("X-Amz-Invocation-Type"));
    if (!type) return respond_error(call, type.error());
    if (auto ok = check_log_type(call.request.header("X-Amz-Log-Type")); !ok) return respond_error(call, ok.error());
    const std::string_view name = call.request.header("X-Amz-Durable-Execution-Name");
    if (auto ok = check_execution_name(name); !ok) return respond_error(call, ok.error());
    if (auto ok = check_durable(target.function, *reference, *type, name); !ok) return respond_error(call, ok.error());
    const std::string_view tenant_id = call.request.header("X-Amz-Tenant-Id");
    if (auto ok = functions::check_tenant(target.function, tenant_id); !ok) return respond_error(call, ok.error());
    if (auto ok = check_payload(call.request, *type); !ok) return respond_error(call, ok.error());
    if (*type == InvocationType::dry_run) return call.respond(empty_response(204, call.request_id));
    // Who does not wait is accepted all the same: the invocations of the execution wait until there is room. (Lambda
    // developer guide, "How Lambda handles errors and retries with asynchronous invocation")
    const bool waits = *type == InvocationType::request_response;
    if (waits && target.function.durable && engine.concurrency.is_full(target.function.name)) {
        return respond_error(call, throttled(engine::kReservedLimitExceeded));
    }
    if (target.function.durable) return start_execution(engine, std::move(call), std::move(target), *type);
    if (*type == InvocationType::request_response) {
        return invoke_plain(context, engine, std::move(call), std::move(target));
    }
    engine::Event event;
    event.function = *reference;
    event.tenant_id = tenant_id;
    event.payload = call.request.body.empty() ? "{}" : std::move(call.request.body);
    engine.events.submit(std::move(event), [respond = call.respond](const std::string& request_id) {
        respond(empty_response(202, request_id));
    });
}

}  // namespace holdpoint::api
