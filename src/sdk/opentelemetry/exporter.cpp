#include "sdk/opentelemetry/exporter.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdio>
#include <system_error>
#include <utility>

namespace durable::detail::opentelemetry {

namespace json = boost::json;
namespace net = holdpoint::net;

namespace {

/// What an answer of 200 says was not taken. (opentelemetry-proto, ExportTracePartialSuccess)
std::optional<std::string> refused_part(const net::Response& response) {
    boost::system::error_code problem;
    const json::value body = json::parse(response.body, problem);
    if (problem) return std::nullopt;
    const json::value* rejected = body.find_pointer("/partialSuccess/rejectedSpans", problem);
    if (rejected == nullptr) return std::nullopt;
    const std::string count = rejected->is_string() ? std::string(rejected->get_string()) : json::serialize(*rejected);
    if (count == "0") return std::nullopt;
    return fmt::format("it rejected {} of them: {}", count, response.body.substr(0, 200));
}

}  // namespace

void Exporter::send(std::string body) {
    tell(post(std::move(body)));
}

Exporter::Problem Exporter::post(std::string body) {
    using namespace std::chrono_literals;
    if (sent_.valid() && sent_.wait_for(0ms) != std::future_status::ready) return "an earlier request is under way";
    net::Request request{
        .method = "POST", .target = settings_.target->path, .headers = settings_.headers, .body = std::move(body)};
    // On a thread of its own: asking for the host's address, or an answer that comes byte by byte, keeps no limit.
    try {
        sent_ = std::async(std::launch::async, [this, request = std::move(request)] { return exchange(request); });
    } catch (const std::system_error& error) {
        return fmt::format("no thread can be started: {}", error.what());
    }
    if (sent_.wait_for(settings_.timeout) != std::future_status::ready) {
        return fmt::format("no answer within {} ms", settings_.timeout.count());
    }
    return sent_.get();
}

Exporter::Problem Exporter::exchange(const net::Request& request) const {
    // Longer than whoever waits for it, so that it is always he who says what was too long.
    const auto limit = 2 * settings_.timeout;
    const auto response = transport_->send(settings_.target->endpoint, request, {.connect = limit, .read = limit});
    if (!response) return response.error().message;
    if (response->status == 200) return refused_part(*response);
    if (response->status / 100 == 2) return std::nullopt;
    return fmt::format("status {}: {}", response->status, response->body.substr(0, 200));
}

void Exporter::tell(const Problem& problem) {
    const bool was_refused = std::exchange(is_refused_, problem.has_value());
    if (problem && !was_refused) {
        std::fprintf(stderr, "durable: %s does not take spans (%s). They are lost; you are told when it does again.\n",
                     settings_.url.c_str(), problem->c_str());
    } else if (!problem && was_refused) {
        std::fprintf(stderr, "durable: %s takes spans again.\n", settings_.url.c_str());
    }
}

}  // namespace durable::detail::opentelemetry
