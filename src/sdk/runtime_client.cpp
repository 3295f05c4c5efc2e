#include "sdk/runtime_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace durable::detail {

namespace net = holdpoint::net;

namespace {

constexpr std::chrono::milliseconds kForEver{0};
constexpr std::chrono::seconds kAnswerLimit{60};

std::string error_body(const ErrorInfo& error) {
    boost::json::array trace;
    for (const std::string& line : error.stack) trace.emplace_back(line);
    return boost::json::serialize(boost::json::object{
        {"errorMessage", error.message}, {"errorType", error.type}, {"stackTrace", std::move(trace)}});
}

/// A type that somebody else sent may hold what a header may not.
std::string header_text(std::string text) {
    std::replace_if(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

RuntimeInvocation read(net::Response response) {
    RuntimeInvocation invocation;
    invocation.request_id = response.header("Lambda-Runtime-Aws-Request-Id");
    invocation.function_arn = response.header("Lambda-Runtime-Invoked-Function-Arn");
    invocation.tenant_id = response.header("Lambda-Runtime-Aws-Tenant-Id");
    const std::string_view deadline = response.header("Lambda-Runtime-Deadline-Ms");
    long long milliseconds = 0;
    const auto [end, problem] = std::from_chars(deadline.data(), deadline.data() + deadline.size(), milliseconds);
    if (problem == std::errc() && end == deadline.data() + deadline.size()) {
        invocation.deadline = std::chrono::system_clock::time_point(std::chrono::milliseconds(milliseconds));
    }
    // As every runtime does: libraries read it from there.
    invocation.trace_header = response.header("Lambda-Runtime-Trace-Id");
    constexpr const char* kTrace = "_X_AMZN_TRACE_ID";
    invocation.trace_header.empty() ? ::unsetenv(kTrace) : ::setenv(kTrace, invocation.trace_header.c_str(), 1);
    invocation.payload = std::move(response.body);
    return invocation;
}

}  // namespace

RuntimeClient::RuntimeClient(net::Transport& transport, std::string_view address, std::string socket_path)
    : transport_(transport) {
    const std::size_t slash = address.find('/');
    const std::string_view authority = address.substr(0, slash);
    const std::size_t colon = authority.rfind(':');
    endpoint_.host = authority.substr(0, colon);
    endpoint_.port = colon == std::string_view::npos ? "80" : authority.substr(colon + 1);
    endpoint_.socket = std::move(socket_path);
    if (slash != std::string_view::npos) prefix_ = address.substr(slash);
    prefix_ += "/2018-06-01/runtime/";
}

int RuntimeClient::serve(const std::function<RuntimeAnswer(const RuntimeInvocation&)>& handle) {
    while (true) {
        auto next = send("GET", "invocation/next", {}, {}, kForEver);
        if (!next || next->status != 200) {
            // Whoever started this process is gone, or has another one in its place.
            std::fprintf(stderr, "durable: the Runtime API has no more work for this process (status %d); it ends.\n",
                         next ? next->status : 0);
            return 1;
        }
        const RuntimeInvocation invocation = read(std::move(*next));
        answer(invocation.request_id, handle(invocation));
    }
}

void RuntimeClient::answer(const std::string& request_id, RuntimeAnswer result) {
    const std::string path = "invocation/" + request_id;
    std::string* body = std::get_if<std::string>(&result);
    auto response = body == nullptr ? send_error(path + "/error", std::get<ErrorInfo>(result))
                                    : send("POST", path + "/response", {{"Content-Type", "application/json"}},
                                           std::move(*body), kAnswerLimit);
    if (body != nullptr && response && response->status == 413) {
        response = send_error(path + "/error", {.type = "Function.ResponseSizeTooLarge",
                                                .message = "The response is larger than the service takes (6 MB).",
                                                .data = {},
                                                .stack = {}});
    }
    if (response && response->status == 202) return;
    std::fprintf(stderr, "durable: the Runtime API did not take the answer to request %s (%s)\n", request_id.c_str(),
                 response ? fmt::format("status {}: {}", response->status, response->body).c_str() : "no connection");
}

void RuntimeClient::fail_start(const ErrorInfo& error) {
    std::fprintf(stderr, "durable: %s\n", error.message.c_str());
    (void)send_error("init/error", error);
}

std::optional<net::Response> RuntimeClient::send_error(const std::string& path, const ErrorInfo& error) {
    return send("POST", path,
                {{"Content-Type", "application/json"},
                 {"Lambda-Runtime-Function-Error-Type", header_text(error.type.substr(0, 256))}},
                error_body(error), kAnswerLimit);
}

std::optional<net::Response> RuntimeClient::send(std::string method, const std::string& path, net::Headers headers,
                                                 std::string body, std::chrono::milliseconds read_limit) {
    net::Request request{
        .method = std::move(method), .target = prefix_ + path, .headers = std::move(headers), .body = std::move(body)};
    request.headers.emplace_back("Host", net::authority(endpoint_.host, endpoint_.port));
    auto response = transport_.send(endpoint_, request, {.connect = std::chrono::seconds(5), .read = read_limit});
    if (!response) return std::nullopt;
    return std::move(*response);
}

}  // namespace durable::detail
