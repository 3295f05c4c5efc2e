#include "server/request_observer.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "base/log.hpp"

namespace holdpoint::server {

namespace {

constexpr int kServerFailed = 500;

/// The execution that a path names, as it stands there; empty for every other path. (Callback ids are secrets, so no
/// path is logged whole.)
std::string execution_of(const net::Request& request) {
    constexpr std::string_view kExecutionPaths = "/2025-12-01/durable-executions/";
    std::string_view path = request.path();
    if (!path.starts_with(kExecutionPaths)) return {};
    path.remove_prefix(kExecutionPaths.size());
    for (const std::string_view action : {"/checkpoint", "/state", "/history", "/stop"}) {
        if (path.ends_with(action)) path.remove_suffix(action.size());
    }
    return std::string(path);
}

void write_line(const OperationName& operation, const std::string& execution, const net::Response& response,
                std::chrono::microseconds took) {
    const bool failed = response.status >= kServerFailed;
    const log::Level level = failed ? log::Level::warn : log::Level::debug;
    const std::string_view started = response.header("X-Amz-Durable-Execution-Arn");
    const std::string_view service =
        operation.service == ServiceId::stacks ? "holdpoint" : signing_name(operation.service);
    log::write(level, failed ? "request failed" : "request",
               {{"request_id", response.header("x-amzn-RequestId")},
                {"service", service},
                {"operation", operation.name},
                {"status", std::to_string(response.status)},
                {"ms", fmt::format("{:.3f}", static_cast<double>(took.count()) / 1000)},
                {"execution", started.empty() ? percent_decode(execution) : std::string(started)}});
}

}  // namespace

net::Respond observed(const net::Request& request, const net::Respond& respond, RequestMeters& meters) {
    const auto service = route(request);
    if (!service || *service == ServiceId::runtime) return respond;
    return [&meters, operation = operation_of(*service, request), execution = execution_of(request),
            watch = Stopwatch(), respond](net::Response response) {
        const auto took = watch.elapsed();
        meters.count(operation, response.status, took);
        if (response.status >= kServerFailed || log::is_on(log::Level::debug)) {
            write_line(operation_names().at(operation), execution, response, took);
        }
        respond(std::move(response));
    };
}

}  // namespace holdpoint::server
