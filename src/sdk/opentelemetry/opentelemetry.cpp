#include "sdk/opentelemetry/opentelemetry.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <thread>
#include <unordered_map>

#include "sdk/opentelemetry/exporter.hpp"
#include "sdk/opentelemetry/spans.hpp"

namespace durable {

namespace detail::opentelemetry {

namespace net = holdpoint::net;
using holdpoint::Clock;
using holdpoint::TimePoint;

namespace {

/// What one invocation may tell of: more than the operations that an execution may have, with an attempt each.
constexpr std::size_t kBytesMax = 16UL * 1024 * 1024;

/// `arn:aws:lambda:us-east-1:123456789012:function:NAME:1/durable-execution/…`
std::string function_name(const std::string& execution_arn) {
    constexpr std::string_view kBefore = ":function:";
    const auto start = execution_arn.find(kBefore);
    if (start == std::string::npos) return "execution";
    const std::string name = execution_arn.substr(start + kBefore.size());
    return name.substr(0, name.find_first_of(":/"));
}

TimePoint milliseconds(OperationInfo::Time time) {
    return std::chrono::floor<std::chrono::milliseconds>(time);
}

/// What a step's body that runs has for its span.
struct Attempt {
    std::string span_id;
    TimePoint started_at;
};

struct Invocation {
    std::string execution_arn;
    std::string request_id;
    std::string trace_id;
    bool is_sampled = true;
    std::string execution_span_id;
    std::string span_id;
    TimePoint started_at;
};

/// Hooks come one at a time.
class OpenTelemetry final : public Plugin {
public:
    OpenTelemetry(Settings settings, std::unique_ptr<net::Transport> transport, std::shared_ptr<const Clock> clock)
        : resource_(settings.resource),
          exporter_(std::move(settings), std::move(transport)),
          clock_(std::move(clock)) {}

    void invocation_start(const InvocationInfo& info) override {
        TraceHeader header = parse_trace_header(info.trace_header);
        now_ = {.execution_arn = info.execution_arn,
                .request_id = info.request_id,
                .trace_id = std::move(header.trace_id),
                .is_sampled = header.is_sampled,
                .execution_span_id = span_id_of("workflow:" + info.execution_arn),
                .span_id = span_id_of(info.execution_arn + ":invocation:" + info.request_id),
                .started_at = clock_->now()};
        if (now_.trace_id.empty()) {
            now_.trace_id = trace_id_of(info.execution_arn, milliseconds(info.execution_started_at));
        }
        attempts_.clear();
        spans_.clear();
        dropped_ = 0;
    }

    void operation_end(const OperationInfo& info) override {
        if (!now_.is_sampled) return;
        Span span =
            make_span(span_of(info.id), info.parent_id.empty() ? now_.execution_span_id : span_of(info.parent_id));
        span.name = !info.name.empty() ? info.name : !info.sub_type.empty() ? info.sub_type : info.type;
        span.ended_at = info.ended_at ? milliseconds(*info.ended_at) : clock_->now();
        span.started_at = info.started_at ? milliseconds(*info.started_at) : span.ended_at;
        describe(span.attributes, info);
        span.attributes.add("durable.operation.status", info.status);
        span.has_failed = info.status != "SUCCEEDED";
        span.error = info.error;
        keep(std::move(span));
    }

    void attempt_start(const AttemptInfo& info) override {
        // A context's body runs again in each invocation; its operation's span tells of all of them.
        if (info.operation.type != "STEP") return;
        // The request is part of the id: an attempt that could not be recorded runs again under its number.
        attempts_[std::this_thread::get_id()] = {
            .span_id = span_id_of(
                fmt::format("{}:{}:{}:{}", now_.execution_arn, info.operation.id, info.attempt, now_.request_id)),
            .started_at = clock_->now()};
    }

    void attempt_end(const AttemptEnd& end) override {
        const auto attempt = attempts_.extract(std::this_thread::get_id());
        if (attempt.empty() || end.attempt.operation.type != "STEP" || !now_.is_sampled) return;
        Span span = make_span(attempt.mapped().span_id, span_of(end.attempt.operation.id));
        span.name = fmt::format("attempt {}", end.attempt.attempt);
        span.started_at = attempt.mapped().started_at;
        describe(span.attributes, end.attempt.operation);
        span.attributes.add("durable.attempt.number", std::int64_t{end.attempt.attempt});
        span.attributes.add("durable.attempt.outcome", to_string(end.outcome));
        span.attributes.add("faas.invocation_id", now_.request_id);
        span.has_failed = end.outcome == AttemptOutcome::failed;
        span.error = end.error;
        keep(std::move(span));
    }

    void invocation_end(const InvocationEnd& end) override {
        if (!now_.is_sampled) return;
        Span invocation = make_span(now_.span_id, now_.execution_span_id);
        invocation.name = "invocation";
        invocation.kind = SpanKind::server;
        invocation.started_at = now_.started_at;
        invocation.attributes.add("faas.invocation_id", now_.request_id);
        invocation.attributes.add("durable.invocation.status", to_string(end.status));
        invocation.attributes.add("durable.invocation.first", end.invocation.is_first_invocation);
        invocation.has_failed = end.error.has_value();
        invocation.error = end.error;
        append(to_text(std::move(invocation)));
        if (end.status == InvocationStatus::succeeded || end.status == InvocationStatus::failed) {
            Span execution = make_span(now_.execution_span_id, {});
            execution.name = function_name(now_.execution_arn);
            execution.started_at = milliseconds(end.invocation.execution_started_at);
            execution.attributes.add("durable.execution.status", to_string(end.status));
            execution.has_failed = end.status == InvocationStatus::failed;
            execution.error = end.error;
            append(to_text(std::move(execution)));
        }
        if (dropped_ > 0) {
            std::fprintf(stderr, "durable: an invocation had more spans than are sent at once; %zu are lost.\n",
                         dropped_);
        }
        exporter_.send(request_of(spans_, resource_));
    }

    void enrich_log(Logger::Fields& fields) override {
        const auto attempt = attempts_.find(std::this_thread::get_id());
        fields.emplace_back("trace_id", now_.trace_id);
        fields.emplace_back("span_id", attempt == attempts_.end() ? now_.span_id : attempt->second.span_id);
    }

private:
    [[nodiscard]] std::string span_of(const std::string& operation_id) const {
        return span_id_of(now_.execution_arn + ":" + operation_id);
    }

    /// It ends now, unless something else is said.
    [[nodiscard]] Span make_span(std::string id, std::string parent_id) const {
        Span span;
        span.trace_id = now_.trace_id;
        span.id = std::move(id);
        span.parent_id = std::move(parent_id);
        span.ended_at = clock_->now();
        span.attributes.add("durable.execution.arn", now_.execution_arn);
        return span;
    }

    static void describe(Attributes& attributes, const OperationInfo& info) {
        attributes.add("durable.operation.id", info.id);
        attributes.add("durable.operation.type", info.type);
        if (!info.name.empty()) attributes.add("durable.operation.name", info.name);
        if (!info.sub_type.empty()) attributes.add("durable.operation.subtype", info.sub_type);
    }

    void keep(Span span) {
        if (spans_.size() >= kBytesMax) {
            ++dropped_;
        } else {
            append(to_text(std::move(span)));
        }
    }

    void append(std::string_view text) {
        if (!spans_.empty()) spans_ += ',';
        spans_ += text;
    }

    OpenTelemetryOptions::Pairs resource_;
    Exporter exporter_;
    std::shared_ptr<const Clock> clock_;
    Invocation now_;                                         // the one under way
    std::unordered_map<std::thread::id, Attempt> attempts_;  // by the thread that runs it
    std::string spans_;                                      // texts of those that are over, with commas between them
    std::size_t dropped_ = 0;
};

}  // namespace

std::shared_ptr<Plugin> make_plugin(Settings settings, std::unique_ptr<net::Transport> transport,
                                    std::shared_ptr<const Clock> clock) {
    if (settings.is_disabled) return std::make_shared<Plugin>();
    for (const std::string& problem : settings.problems) {
        std::fprintf(stderr, "durable: OpenTelemetry: %s.\n", problem.c_str());
    }
    if (!settings.target) return std::make_shared<Plugin>();
    return std::make_shared<OpenTelemetry>(std::move(settings), std::move(transport), std::move(clock));
}

}  // namespace detail::opentelemetry

std::shared_ptr<Plugin> opentelemetry(const OpenTelemetryOptions& options) {
    const auto environment = [](const std::string& name) -> std::string {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? "" : value;
    };
    return detail::opentelemetry::make_plugin(detail::opentelemetry::make_settings(options, environment),
                                              holdpoint::net::make_transport(),
                                              std::make_shared<holdpoint::SystemClock>());
}

}  // namespace durable
