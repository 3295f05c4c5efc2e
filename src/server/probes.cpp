#include "server/probes.hpp"

#include <boost/json.hpp>

namespace holdpoint::server {

namespace {

net::Response unhealthy(std::string_view status, std::string_view reason) {
    return {.status = 503,
            .headers = {{"Content-Type", "application/json"}},
            .body = boost::json::serialize(boost::json::object{{"status", status}, {"reason", reason}})};
}

}  // namespace

void Probes::ready(std::function<std::string()> metrics, std::function<std::string()> problem) {
    metrics_ = std::move(metrics);
    problem_ = std::move(problem);
    state_ = State::ready;
}

net::Response Probes::health() const {
    switch (state_.load()) {
        case State::starting:
            return unhealthy("starting", "the server is starting");
        case State::draining:
            return unhealthy("draining", "the server is ending");
        case State::ready:
            break;
    }
    if (const std::string problem = problem_(); !problem.empty()) return unhealthy("failing", problem);
    return {.status = 200, .headers = {{"Content-Type", "application/json"}}, .body = R"({"status":"ready"})"};
}

std::optional<net::Response> Probes::answer(const net::Request& request, bool with_metrics) const {
    const std::string_view path = request.path();
    const bool is_metrics = with_metrics && path == "/metrics";
    if (path != "/health" && !is_metrics) return std::nullopt;
    if (request.method != "GET" && request.method != "HEAD") {
        return net::Response{.status = 405, .headers = {{"Allow", "GET, HEAD"}}, .body = {}};
    }
    if (!is_metrics) return health();
    if (state_ == State::starting) return unhealthy("starting", "the server is starting");
    return net::Response{
        .status = 200, .headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, .body = metrics_()};
}

}  // namespace holdpoint::server
