// Runtime client: fetches invocations from the Lambda Runtime API and answers them. (Lambda developer guide, "Using the
// Lambda runtime API for custom runtimes")
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "durable/context.hpp"
#include "durable/errors.hpp"
#include "net/transport.hpp"

namespace durable::detail {

struct RuntimeInvocation {
    std::string request_id;
    std::string function_arn;
    std::chrono::system_clock::time_point deadline = StepContext::kNoDeadline;  // when the service named none
    std::string trace_header;                                                   // X-Ray's; empty: none
    std::string tenant_id;                                                      // empty: none
    std::string payload;
};

/// The response's body, or why the invocation failed.
using RuntimeAnswer = std::variant<std::string, ErrorInfo>;

class RuntimeClient {
public:
    /// `address` is AWS_LAMBDA_RUNTIME_API: host:port; with a path, as some servers give each process one of its own.
    /// `socket_path` is a Holdpoint server's Unix socket, where the same API is; empty elsewhere.
    RuntimeClient(holdpoint::net::Transport& transport, std::string_view address, std::string socket_path = {});

    /// Serves invocations until the service has none for this process any more; answers the exit status.
    int serve(const std::function<RuntimeAnswer(const RuntimeInvocation&)>& handle);
    /// Answers the invocation under way; when the service does not take it, says so on standard error.
    void answer(const std::string& request_id, RuntimeAnswer answer);
    /// Reports that this process cannot serve invocations.
    void fail_start(const ErrorInfo& error);

private:
    std::optional<holdpoint::net::Response> send_error(const std::string& path, const ErrorInfo& error);
    std::optional<holdpoint::net::Response> send(std::string method, const std::string& path,
                                                 holdpoint::net::Headers headers, std::string body,
                                                 std::chrono::milliseconds read_limit);

    holdpoint::net::Transport& transport_;
    holdpoint::net::Endpoint endpoint_;
    std::string prefix_;
};

}  // namespace durable::detail
