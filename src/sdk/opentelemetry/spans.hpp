// Spans: their ids, which every invocation of an execution comes to again, and how they are written. (OTLP 1.x, JSON
// encoding: hex ids, 64-bit numbers as text)
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "durable/errors.hpp"
#include "sdk/opentelemetry/settings.hpp"

namespace durable::detail::opentelemetry {

/// What AWS X-Ray says of an invocation: `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=…;Sampled=1`.
struct TraceHeader {
    std::string trace_id;  // 32 hex digits; empty: there is none
    bool is_sampled = true;
};
[[nodiscard]] TraceHeader parse_trace_header(std::string_view header);

/// 32 hex digits for an execution that no trace came with.
[[nodiscard]] std::string trace_id_of(const std::string& execution_arn, holdpoint::TimePoint started_at);
/// 16 hex digits: the first of the text's SHA-256.
[[nodiscard]] std::string span_id_of(std::string_view text);

enum class SpanKind { internal = 1, server = 2 };  // (opentelemetry-proto, Span.SpanKind)

/// Names and values, as OTLP has them.
class Attributes {
public:
    void add(std::string_view name, std::string_view value);
    void add(std::string_view name, const char* value) { add(name, std::string_view(value)); }
    void add(std::string_view name, std::int64_t value);
    void add(std::string_view name, bool value);
    [[nodiscard]] boost::json::array take() { return std::move(list_); }

private:
    boost::json::array list_;
};

struct Span {
    std::string trace_id;
    std::string id;
    std::string parent_id;  // empty: the trace's root
    std::string name;
    SpanKind kind = SpanKind::internal;
    holdpoint::TimePoint started_at;
    holdpoint::TimePoint ended_at;
    Attributes attributes;
    bool has_failed = false;
    std::optional<ErrorInfo> error;  // why
};

/// JSON text of one span.
[[nodiscard]] std::string to_text(Span span);
/// The body of a request: ExportTraceServiceRequest. `spans`: their texts with commas between them.
[[nodiscard]] std::string request_of(std::string_view spans, const OpenTelemetryOptions::Pairs& resource);

}  // namespace durable::detail::opentelemetry
