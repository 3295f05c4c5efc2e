// OpenTelemetry: a plugin that sends spans of executions, invocations, operations and attempts to a collector, with
// ids that every invocation of an execution comes to again. (OTLP/HTTP, in its JSON encoding)
//
//     int main() { return durable::run(order, {.plugins = {durable::opentelemetry()}}); }
//
// OpenTelemetry's own environment variables say where the collector is.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "durable/plugin.hpp"

namespace durable {

/// What is left empty is taken from the environment, as OpenTelemetry's specification names it.
struct OpenTelemetryOptions {
    /// Names and values.
    using Pairs = std::vector<std::pair<std::string, std::string>>;

    /// Where spans are posted, with the path: "http://collector:4318/v1/traces". Else
    /// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, or OTEL_EXPORTER_OTLP_ENDPOINT with /v1/traces after it, or localhost:4318.
    std::string endpoint = {};
    Pairs headers = {};              // of the request, besides those of OTEL_EXPORTER_OTLP_HEADERS; these win
    std::string service_name = {};   // else OTEL_SERVICE_NAME, or the function's name
    Pairs resource_attributes = {};  // besides those of OTEL_RESOURCE_ATTRIBUTES; these win
    /// What sending may add to an invocation, at most. Zero: OTEL_EXPORTER_OTLP_TIMEOUT (milliseconds), or one second.
    std::chrono::milliseconds timeout{0};
};

/// Sends what happened in an invocation before the invocation is answered. A collector that does not take it changes
/// nothing but the time that takes. With OTEL_SDK_DISABLED=true it does nothing.
[[nodiscard]] std::shared_ptr<Plugin> opentelemetry(const OpenTelemetryOptions& options = {});

}  // namespace durable
