#include "aws/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <thread>

#include "aws/errors.hpp"
#include "base/encoding.hpp"

namespace holdpoint::aws {

namespace {

constexpr std::chrono::milliseconds kFirstPause{50};
constexpr std::chrono::milliseconds kLongestPause{20000};

std::string environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::string() : std::string(value);
}

std::string query_text(const Parameters& query) {
    std::string text;
    for (const auto& [name, value] : query) {
        text += text.empty() ? "" : "&";
        text += percent_encode(name) + "=" + percent_encode(value);
    }
    return text;
}

}  // namespace

Result<Configuration> configuration_from_environment() {
    Configuration configuration;
    const auto missing = [](std::string_view name) {
        return fail(
            "ConfigurationError", 0,
            fmt::format("{} is not set in the environment; with a local server, run: eval \"$(holdpoint env)\"", name));
    };
    configuration.credentials.access_key_id = environment("AWS_ACCESS_KEY_ID");
    configuration.credentials.secret_access_key = environment("AWS_SECRET_ACCESS_KEY");
    configuration.credentials.session_token = environment("AWS_SESSION_TOKEN");
    configuration.region = environment("AWS_REGION");
    if (configuration.region.empty()) configuration.region = environment("AWS_DEFAULT_REGION");
    configuration.endpoint_url = environment("AWS_ENDPOINT_URL");
    if (!configuration.endpoint_url.empty()) configuration.socket_path = environment("HOLDPOINT_FUNCTIONS_SOCKET");
    if (configuration.credentials.access_key_id.empty()) return missing("AWS_ACCESS_KEY_ID");
    if (configuration.credentials.secret_access_key.empty()) return missing("AWS_SECRET_ACCESS_KEY");
    if (configuration.region.empty()) return missing("AWS_REGION (or AWS_DEFAULT_REGION)");
    return configuration;
}

Client::Client(Configuration configuration, net::Transport& transport, const Clock& clock, Random& random)
    : Client(std::move(configuration), transport, clock, random,
             [](std::chrono::milliseconds pause) { std::this_thread::sleep_for(pause); }) {}

Client::Client(Configuration configuration, net::Transport& transport, const Clock& clock, Random& random, Pause pause)
    : configuration_(std::move(configuration)),
      transport_(transport),
      clock_(clock),
      random_(random),
      pause_(std::move(pause)) {}

Result<boost::json::object> Client::json(std::string_view service, std::string_view target,
                                         const boost::json::object& body, bool idempotent) {
    net::Request request;
    request.method = "POST";
    request.target = "/";
    request.headers = {
        {"Content-Type", service == "logs" ? "application/x-amz-json-1.1" : "application/x-amz-json-1.0"},
        {"X-Amz-Target", std::string(target)}};
    request.body = boost::json::serialize(body);
    auto response = send(service, std::move(request), idempotent, configuration_.timeouts);
    if (!response) return std::unexpected(response.error());
    boost::system::error_code problem;
    boost::json::value value = boost::json::parse(response->body, problem);
    if (problem || !value.is_object()) {
        return fail("InvalidResponse", response->status,
                    fmt::format("{} answered something that is not a JSON object.", target));
    }
    return std::move(value.get_object());
}

Result<std::string> Client::query(std::string_view service, std::string_view version, std::string_view action,
                                  const Parameters& parameters, bool idempotent) {
    net::Request request;
    request.method = "POST";
    request.target = "/";
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
    Parameters all = {{"Action", std::string(action)}, {"Version", std::string(version)}};
    all.insert(all.end(), parameters.begin(), parameters.end());
    request.body = query_text(all);
    auto response = send(service, std::move(request), idempotent, configuration_.timeouts);
    if (!response) return std::unexpected(response.error());
    return std::move(response->body);
}

Result<net::Response> Client::rest(std::string_view service, RestRequest rest) {
    net::Request request{.method = std::move(rest.method),
                         .target = std::move(rest.path),
                         .headers = std::move(rest.headers),
                         .body = std::move(rest.body)};
    if (!rest.query.empty()) request.target += "?" + query_text(rest.query);
    net::Timeouts timeouts = configuration_.timeouts;
    if (rest.read_timeout.count() > 0) timeouts.read = rest.read_timeout;
    return send(service, std::move(request), rest.idempotent, timeouts);
}

Result<net::Response> Client::send(std::string_view service, net::Request request, bool idempotent,
                                   const net::Timeouts& timeouts) {
    const std::string url = endpoint_of(service);
    auto endpoint = net::parse_endpoint(url);
    if (!endpoint) {
        return fail("ConfigurationError", 0,
                    fmt::format("'{}' is no endpoint URL; expected http(s)://host[:port]", url));
    }
    endpoint->socket = configuration_.socket_path;
    request.headers.reserve(request.headers.size() + 6);
    request.headers.emplace_back("Host", net::host_header(*endpoint));
    request.once = !idempotent;
    const std::size_t unsigned_headers = request.headers.size();
    for (int attempt = 1;; ++attempt) {
        request.headers.resize(unsigned_headers);  // each attempt is signed anew, because its time is
        for (auto& header : proof(request, service)) request.headers.push_back(std::move(header));
        // Not signed: proxies may change it.
        request.headers.emplace_back("User-Agent", "holdpoint/1");
        auto response = transport_.send(*endpoint, request, timeouts);
        Error error;
        bool again = false;
        if (!response) {
            error = {.name = "TransportError",
                     .http_status = 0,
                     .message = fmt::format("{} at {}: {}", service, url, response.error().message),
                     .details_json = {}};
            again = idempotent || !response.error().request_was_sent;
        } else if (response->status >= 200 && response->status < 300) {
            return std::move(*response);
        } else {
            error = read_error(*response);
            again = is_throttling(error) || (error.http_status >= 500 && idempotent);
        }
        if (!again || attempt >= configuration_.attempts_max) return std::unexpected(std::move(error));
        pause(attempt, kLongestPause);
    }
}

void Client::pause(int tries, std::chrono::milliseconds longest) {
    constexpr int kDoublingsMax = 20;
    const auto most = std::min(kFirstPause * (1 << std::min(tries - 1, kDoublingsMax)), longest);
    pause_(std::chrono::milliseconds(static_cast<std::int64_t>(random_.unit() * static_cast<double>(most.count()))));
}

net::Headers Client::proof(const net::Request& request, std::string_view service) const {
    if (!configuration_.socket_path.empty()) {
        return identity::state(configuration_.credentials, configuration_.region, service);
    }
    return identity::sign(
        {.method = request.method, .target = request.target, .headers = request.headers, .body = request.body},
        configuration_.credentials, configuration_.region, service, clock_.now());
}

std::string Client::endpoint_of(std::string_view service) const {
    if (!configuration_.endpoint_url.empty()) return configuration_.endpoint_url;
    return fmt::format("https://{}.{}.amazonaws.com", service, configuration_.region);
}

std::string text_of(const boost::json::object& object, std::string_view name) {
    const boost::json::value* value = object.if_contains(name);
    if (value == nullptr || value->is_null()) return {};
    return value->is_string() ? std::string(value->get_string()) : boost::json::serialize(*value);
}

std::string text_of(const boost::json::value& value, std::string_view name) {
    const boost::json::object* object = value.if_object();
    return object == nullptr ? std::string() : text_of(*object, name);
}

}  // namespace holdpoint::aws
