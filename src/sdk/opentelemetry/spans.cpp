#include "sdk/opentelemetry/spans.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "sdk/error_mapping.hpp"

namespace durable::detail::opentelemetry {

namespace json = boost::json;

namespace {

/// The value of `name=value` in a list with semicolons.
std::string_view member(std::string_view header, std::string_view name) {
    while (!header.empty()) {
        const auto end = header.find(';');
        std::string_view pair = header.substr(0, end);
        while (pair.starts_with(' ')) pair.remove_prefix(1);
        const auto equals = pair.find('=');
        if (equals != std::string_view::npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
        header.remove_prefix(end == std::string_view::npos ? header.size() : end + 1);
    }
    return {};
}

/// OpenTelemetry has no id that is zero.
std::string not_zero(std::string id) {
    if (id.find_first_not_of('0') == std::string::npos) id.back() = '1';
    return id;
}

/// `1-` 8 hex digits `-` 24 hex digits; empty when it is not that.
std::string trace_id_of_root(std::string_view root) {
    constexpr std::size_t kRootSize = 35;
    if (root.size() != kRootSize || !root.starts_with("1-") || root[10] != '-') return {};
    std::string id = std::string(root.substr(2, 8)) + std::string(root.substr(11));
    std::ranges::transform(id, id.begin(), [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
    if (id.find_first_not_of("0123456789abcdef") != std::string::npos) return {};
    return not_zero(std::move(id));
}

std::string nanoseconds(holdpoint::TimePoint at) {
    return std::to_string(std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count());
}

json::object exception_event(const ErrorInfo& error, holdpoint::TimePoint at) {
    Attributes attributes;
    attributes.add("exception.type", error.type);
    attributes.add("exception.message", error.message);
    if (!error.stack.empty()) attributes.add("exception.stacktrace", fmt::format("{}", fmt::join(error.stack, "\n")));
    return {{"name", "exception"}, {"timeUnixNano", nanoseconds(at)}, {"attributes", attributes.take()}};
}

}  // namespace

TraceHeader parse_trace_header(std::string_view header) {
    return {.trace_id = trace_id_of_root(member(header, "Root")), .is_sampled = member(header, "Sampled") != "0"};
}

std::string trace_id_of(const std::string& execution_arn, holdpoint::TimePoint started_at) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(started_at.time_since_epoch()).count();
    const std::string hash = holdpoint::to_hex(holdpoint::sha256(execution_arn));
    return not_zero(fmt::format("{:08x}", static_cast<std::uint32_t>(seconds)) + hash.substr(0, 24));
}

std::string span_id_of(std::string_view text) {
    return not_zero(holdpoint::to_hex(holdpoint::sha256(text)).substr(0, 16));
}

void Attributes::add(std::string_view name, std::string_view value) {
    list_.push_back({{"key", name}, {"value", {{"stringValue", value}}}});
}

void Attributes::add(std::string_view name, std::int64_t value) {
    list_.push_back({{"key", name}, {"value", {{"intValue", std::to_string(value)}}}});
}

void Attributes::add(std::string_view name, bool value) {
    list_.push_back({{"key", name}, {"value", {{"boolValue", value}}}});
}

std::string to_text(Span span) {
    json::object out{{"traceId", span.trace_id},
                     {"spanId", span.id},
                     {"name", span.name},
                     {"kind", static_cast<int>(span.kind)},
                     {"startTimeUnixNano", nanoseconds(span.started_at)},
                     {"endTimeUnixNano", nanoseconds(span.ended_at)},
                     {"attributes", span.attributes.take()}};
    if (!span.parent_id.empty()) out["parentSpanId"] = span.parent_id;
    if (span.has_failed) {
        constexpr int kError = 2;  // (opentelemetry-proto, Status.StatusCode)
        json::object status{{"code", kError}};
        if (span.error) {
            // No larger than what a checkpoint takes; a callback's error may be.
            const ErrorInfo error = from_wire(to_wire(*span.error));
            status["message"] = error.message;
            out["events"] = json::array{exception_event(error, span.ended_at)};
        }
        out["status"] = std::move(status);
    }
    return json::serialize(out);
}

std::string request_of(std::string_view spans, const OpenTelemetryOptions::Pairs& resource) {
    Attributes attributes;
    for (const auto& [name, value] : resource) attributes.add(name, std::string_view(value));
    return fmt::format(
        R"({{"resourceSpans":[{{"resource":{{"attributes":{}}},"scopeSpans":[{{"scope":{{"name":"durable"}},"spans":[{}]}}]}}]}})",
        json::serialize(attributes.take()), spans);
}

}  // namespace durable::detail::opentelemetry
