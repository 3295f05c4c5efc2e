#include "api/runtime/runtime.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/encoding.hpp"
#include "wire/parse_json.hpp"

namespace holdpoint::api {

namespace json = boost::json;

namespace {

constexpr std::string_view kPrefix = "/runtime/";
constexpr std::string_view kVersion = "/2018-06-01/runtime/";
constexpr std::string_view kExtensions = "/2020-01-01/extension/";
/// What a function may answer. (AWS Lambda, Quotas)
constexpr std::size_t kResponseBytesMax = 6UL * 1024 * 1024 + 100;  // as AWS has it: 6 MB, and room for its own

net::Response answer(int status, const json::object& body) {
    return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = json::serialize(body)};
}

net::Response accepted() {
    return answer(202, {{"status", "OK"}});
}

net::Response refused(int status, std::string_view type, std::string_view message) {
    return answer(status, {{"errorType", type}, {"errorMessage", message}});
}

net::Response unknown_process() {
    return refused(403, "InvalidProcess", "This process does not belong to the running server; it should exit.");
}

net::Response invocation_response(const engine::NextInvocation& invocation) {
    net::Response response{.status = 200,
                           .headers = {{"Content-Type", "application/json"},
                                       {"Lambda-Runtime-Aws-Request-Id", invocation.request_id},
                                       {"Lambda-Runtime-Deadline-Ms", std::to_string(to_epoch_ms(invocation.deadline))},
                                       {"Lambda-Runtime-Invoked-Function-Arn", invocation.invoked_arn}},
                           .body = invocation.payload};
    if (!invocation.trace_header.empty()) {
        response.headers.emplace_back("Lambda-Runtime-Trace-Id", invocation.trace_header);
    }
    if (!invocation.client_context.empty()) {
        response.headers.emplace_back("Lambda-Runtime-Client-Context", invocation.client_context);
    }
    if (!invocation.tenant_id.empty()) {
        response.headers.emplace_back("Lambda-Runtime-Aws-Tenant-Id", invocation.tenant_id);
    }
    return response;
}

constexpr std::string_view kErrorType = "Lambda-Runtime-Function-Error-Type";
constexpr std::string_view kErrorBody = "Lambda-Runtime-Function-Error-Body";

/// `{errorMessage, errorType, stackTrace[]}`; `type`, when the body names none.
wire::ErrorObject read_error(std::string_view body, std::string_view type) {
    wire::ErrorObject error;
    boost::system::error_code problem;
    const json::value value = wire::parse_json(body, problem);
    const json::object* object = problem ? nullptr : value.if_object();
    const auto text = [&](std::string_view name) -> std::optional<std::string> {
        const json::value* member = object == nullptr ? nullptr : object->if_contains(name);
        if (member == nullptr || !member->is_string()) return std::nullopt;
        return std::string(member->as_string());
    };
    error.message = text("errorMessage");
    error.type = text("errorType");
    if (!error.type) error.type = type.empty() || !is_utf8(type) ? "Unhandled" : std::string(type);
    const json::value* trace = object == nullptr ? nullptr : object->if_contains("stackTrace");
    if (trace != nullptr && trace->is_array()) {
        error.stack_trace.emplace();
        for (const json::value& line : trace->get_array()) {
            if (line.is_string()) error.stack_trace->emplace_back(line.get_string());
        }
    }
    return error;
}

/// The error as whoever invoked the function gets it, with the members that its runtime has besides: frames of a stack
/// as objects, a cause.
std::string error_body(const std::string& body) {
    boost::system::error_code problem;
    const bool is_object = wire::parse_json(body, problem).is_object() && !problem;
    return is_object && body.size() <= kResponseBytesMax ? body : std::string();
}

void handle_invocation(engine::Invoker& invoker, const std::string& process, std::string_view rest,
                       const net::Request& request, const net::Respond& respond) {
    const std::size_t slash = rest.find('/');
    const std::string request_id(rest.substr(0, slash));
    const std::string_view what = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
    bool known = false;
    if (what == "response") {
        if (request.body.size() > kResponseBytesMax) {
            (void)invoker.fail(process, request_id,
                               {.message = fmt::format("Response payload size exceeded maximum allowed payload size "
                                                       "({} bytes).",
                                                       kResponseBytesMax),
                                .type = "Function.ResponseSizeTooLarge",
                                .data = {},
                                .stack_trace = {}});
            return respond(
                refused(413, "RequestEntityTooLarge",
                        fmt::format("Exceeded maximum allowed payload size ({} bytes).", kResponseBytesMax)));
        }
        // What a runtime streams, it may find broken after it has sent a part: trailers say so, the error in base64.
        // (AWS Lambda, Building a custom runtime)
        const std::string_view broke_off = net::find_header(request.trailers, kErrorType);
        if (broke_off.empty()) {
            known = invoker.answer(process, request_id, request.body);
        } else {
            const auto error = base64_decode(net::find_header(request.trailers, kErrorBody)).value_or(std::string());
            known = invoker.fail(process, request_id, read_error(error, broke_off), error_body(error));
        }
    } else if (what == "error") {
        known = invoker.fail(process, request_id, read_error(request.body, request.header(kErrorType)),
                             error_body(request.body));
    } else {
        return respond(refused(404, "NotFound", "Expected …/response or …/error after the request id."));
    }
    respond(known ? accepted() : refused(400, "InvalidRequestID", "The invocation is not this process's (any more)."));
}

net::Response not_a_path() {
    return refused(404, "NotFound", "Not a path of the Runtime API.");
}

/// `action` is what stands behind the version.
void handle_action(engine::Invoker& invoker, const std::string& process, std::string_view action,
                   const net::Request& request, const net::Respond& respond) {
    if (action == "invocation/next" && request.method == "GET") {
        const bool known = invoker.next(
            process, [respond](const engine::NextInvocation& next) { respond(invocation_response(next)); });
        if (!known) respond(unknown_process());
    } else if (action == "init/error" && request.method == "POST") {
        respond(invoker.fail_init(process, read_error(request.body, request.header(kErrorType))) ? accepted()
                                                                                                 : unknown_process());
    } else if (action.starts_with("invocation/") && request.method == "POST") {
        handle_invocation(invoker, process, action.substr(std::string_view("invocation/").size()), request, respond);
    } else {
        respond(refused(404, "NotFound", "Not an operation of the Runtime API."));
    }
}

bool wants_events(const net::Request& request) {
    boost::system::error_code problem;
    const json::value body = wire::parse_json(request.body, problem);
    const json::value* events = problem || !body.is_object() ? nullptr : body.get_object().if_contains("events");
    return events != nullptr && events->is_array() && !events->get_array().empty();
}

net::Response register_extension(engine::Invoker& invoker, const std::string& process, const net::Request& request) {
    const auto function = invoker.function_of(process);
    if (!function) return unknown_process();
    const std::string name(request.header("Lambda-Extension-Name"));
    if (name.empty()) return refused(400, "Extension.InvalidExtensionName", "Expected a header Lambda-Extension-Name.");
    if (wants_events(request)) {
        return refused(403, "Extension.InvalidEventType",
                       "This server has no events for extensions: register for none, with \"events\": [].");
    }
    auto response = answer(
        200,
        {{"functionName", function->name}, {"functionVersion", function->version}, {"handler", function->handler}});
    response.headers.emplace_back("Lambda-Extension-Identifier", name);
    return response;
}

/// The Extensions API, as far as runtimes use it of their own accord: on AWS a process is sent SIGTERM only where an
/// extension is, so those of Go and Rust register one that wants no events, and ask for the next. (AWS Lambda,
/// Extensions API)
void handle_extension(engine::Invoker& invoker, const std::string& process, std::string_view action,
                      const net::Request& request, const net::Respond& respond) {
    if (action == "register" && request.method == "POST") {
        respond(register_extension(invoker, process, request));
    } else if (action == "event/next" && request.method == "GET") {
        const std::string id(request.header("Lambda-Extension-Identifier"));
        if (!invoker.function_of(process)) return respond(unknown_process());
        if (id.empty()) {
            return respond(refused(403, "Extension.UnknownExtensionIdentifier",
                                   "Expected a header Lambda-Extension-Identifier, as registering answered it."));
        }
        if (!invoker.next_event(process, id, respond)) {
            respond(refused(403, "Extension.TooManyExtensions", "A process may have at most ten extensions."));
        }
    } else {
        respond(refused(404, "NotFound", "Not an operation of the Extensions API that this server has."));
    }
}

}  // namespace

void handle_runtime(engine::Invoker& invoker, const net::Request& request, const net::Respond& respond) {
    std::string_view path = request.path();
    path.remove_prefix(std::min(path.size(), kPrefix.size()));
    const std::size_t end = path.find(kVersion);
    if (end == std::string_view::npos) return respond(not_a_path());
    handle_action(invoker, std::string(path.substr(0, end)), path.substr(end + kVersion.size()), request, respond);
}

void handle_runtime_at_address(engine::Invoker& invoker, const net::Request& request, const net::Respond& respond) {
    const std::string_view path = request.path();
    const std::string process = invoker.process_at(request.local_address);
    if (path.starts_with(kExtensions)) {
        return handle_extension(invoker, process, path.substr(kExtensions.size()), request, respond);
    }
    if (!path.starts_with(kVersion)) return respond(not_a_path());
    handle_action(invoker, process, path.substr(kVersion.size()), request, respond);
}

}  // namespace holdpoint::api
