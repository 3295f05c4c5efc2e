// Settings: where spans go and what is said of whoever sends them, from options and OpenTelemetry's environment
// variables. (OpenTelemetry specification, "OpenTelemetry Protocol Exporter" and "Environment variables")
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "durable/opentelemetry.hpp"
#include "net/transport.hpp"

namespace durable::detail::opentelemetry {

/// The value of an environment variable; empty when it is not set.
using Environment = std::function<std::string(const std::string& name)>;

struct Target {
    holdpoint::net::Endpoint endpoint;
    std::string path;
};

/// `http://host:port/path`; nothing when malformed.
[[nodiscard]] std::optional<Target> parse_target(std::string_view url);

struct Settings {
    bool is_disabled = false;
    std::string url;
    std::optional<Target> target;  // nothing: the URL is none
    holdpoint::net::Headers headers;
    std::chrono::milliseconds timeout{1000};
    OpenTelemetryOptions::Pairs resource;  // attributes; each name once
    std::vector<std::string> problems;     // settings that were ignored, and why
};

[[nodiscard]] Settings make_settings(const OpenTelemetryOptions& options, const Environment& environment);

}  // namespace durable::detail::opentelemetry
