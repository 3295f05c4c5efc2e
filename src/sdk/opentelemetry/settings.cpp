#include "sdk/opentelemetry/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/encoding.hpp"
#include "base/text.hpp"

namespace durable::detail::opentelemetry {

namespace {

using Pairs = OpenTelemetryOptions::Pairs;

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

/// `a=1,b=2`, percent-encoded where need be. (W3C Baggage)
Pairs parse_pairs(std::string_view text) {
    Pairs pairs;
    while (!text.empty()) {
        const auto comma = text.find(',');
        const std::string_view pair = text.substr(0, comma);
        if (const auto equals = pair.find('='); equals != std::string_view::npos) {
            pairs.emplace_back(holdpoint::percent_decode(trimmed(pair.substr(0, equals))),
                               holdpoint::percent_decode(trimmed(pair.substr(equals + 1))));
        }
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
    return pairs;
}

void set(Pairs& pairs, const std::string& name, const std::string& value) {
    const auto found = std::ranges::find(pairs, name, &Pairs::value_type::first);
    if (found == pairs.end()) {
        pairs.emplace_back(name, value);
    } else {
        found->second = value;
    }
}

void set_unless_empty(Pairs& pairs, const std::string& name, const std::string& value) {
    if (!value.empty()) set(pairs, name, value);
}

bool is_header(const Pairs::value_type& header) {
    const auto is_printable = [](char c) { return c >= ' ' && c != '\x7f'; };
    return !header.first.empty() && header.first.find_first_of(" :") == std::string::npos &&
           std::ranges::all_of(header.first, is_printable) && std::ranges::all_of(header.second, is_printable);
}

class Reader {
public:
    Reader(const OpenTelemetryOptions& options, const Environment& environment)
        : options_(options), environment_(environment) {}

    Settings read() {
        settings_.is_disabled = environment_("OTEL_SDK_DISABLED") == "true";
        read_target();
        read_headers();
        read_timeout();
        read_resource();
        return std::move(settings_);
    }

private:
    /// The variable for traces, or that for all signals.
    [[nodiscard]] std::string exporter(const std::string& name) const {
        std::string value = environment_("OTEL_EXPORTER_OTLP_TRACES_" + name);
        return value.empty() ? environment_("OTEL_EXPORTER_OTLP_" + name) : value;
    }

    void read_target() {
        std::string& url = settings_.url;
        url = options_.endpoint;
        if (url.empty()) url = environment_("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
        if (url.empty()) {
            url = environment_("OTEL_EXPORTER_OTLP_ENDPOINT");
            if (url.empty()) url = "http://localhost:4318";
            if (url.ends_with('/')) url.pop_back();
            url += "/v1/traces";
        }
        settings_.target = parse_target(url);
        if (!settings_.target) {
            settings_.problems.push_back(
                fmt::format("the endpoint '{}' is no http:// or https:// address; no spans are sent", url));
        }
    }

    void read_headers() {
        Pairs headers = parse_pairs(exporter("HEADERS"));
        for (const auto& [name, value] : options_.headers) set(headers, name, value);
        for (auto& header : headers) {
            if (is_header(header)) {
                settings_.headers.push_back(std::move(header));
            } else {
                settings_.problems.push_back(fmt::format("the header '{}' is none, and is not sent", header.first));
            }
        }
        settings_.headers.emplace_back("Content-Type", "application/json");
    }

    void read_timeout() {
        const std::string text = exporter("TIMEOUT");
        const auto milliseconds = holdpoint::read_number<int>(text);
        const bool is_number = milliseconds && *milliseconds > 0;
        if (is_number) settings_.timeout = std::chrono::milliseconds(*milliseconds);
        if (!text.empty() && !is_number) {
            settings_.problems.push_back(fmt::format("the timeout '{}' is no number of milliseconds; it is {} ms", text,
                                                     settings_.timeout.count()));
        }
        if (options_.timeout.count() > 0) settings_.timeout = options_.timeout;
    }

    void read_resource() {
        Pairs& resource = settings_.resource;
        const std::string function = environment_("AWS_LAMBDA_FUNCTION_NAME");
        set(resource, "service.name", function.empty() ? "unknown_service" : function);
        set_unless_empty(resource, "faas.name", function);
        set_unless_empty(resource, "faas.version", environment_("AWS_LAMBDA_FUNCTION_VERSION"));
        set_unless_empty(resource, "cloud.region", environment_("AWS_REGION"));
        for (const auto& [name, value] : parse_pairs(environment_("OTEL_RESOURCE_ATTRIBUTES"))) {
            set(resource, name, value);
        }
        set_unless_empty(resource, "service.name", environment_("OTEL_SERVICE_NAME"));
        for (const auto& [name, value] : options_.resource_attributes) set(resource, name, value);
        set_unless_empty(resource, "service.name", options_.service_name);
        const auto is_text = [](const auto& pair) {
            return holdpoint::is_utf8(pair.first) && holdpoint::is_utf8(pair.second);
        };
        if (std::erase_if(resource, std::not_fn(is_text)) > 0) {
            settings_.problems.emplace_back("resource attributes that are not UTF-8 are not sent");
        }
    }

    const OpenTelemetryOptions& options_;
    const Environment& environment_;
    Settings settings_;
};

}  // namespace

std::optional<Target> parse_target(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme == std::string_view::npos) return std::nullopt;
    const auto slash = url.find('/', scheme + 3);
    const auto endpoint = holdpoint::net::parse_endpoint(url.substr(0, slash));
    if (!endpoint) return std::nullopt;
    const std::string_view path = slash == std::string_view::npos ? "/" : url.substr(slash);
    if (!std::ranges::all_of(path, [](char c) { return c > ' ' && c < '\x7f'; })) return std::nullopt;
    return Target{.endpoint = *endpoint, .path = std::string(path)};
}

Settings make_settings(const OpenTelemetryOptions& options, const Environment& environment) {
    return Reader(options, environment).read();
}

}  // namespace durable::detail::opentelemetry
