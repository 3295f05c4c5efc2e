// Events of HTTP APIs: a request as a function gets it, and its answer as a response; payload format 2.0 both ways.
// (API Gateway developer guide, "Lambda integrations for HTTP APIs")
#pragma once

#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "api/service.hpp"
#include "base/clock.hpp"
#include "net/http.hpp"
#include "stacks/plan.hpp"

namespace holdpoint::api {

/// What a request is about, besides itself.
struct EventContext {
    const stacks::HttpApiPlan& api;
    const stacks::RoutePlan& route;
    const std::map<std::string, std::string>& parameters;
    std::string path;  // with the stage, unless that is $default; decoded
    std::string region;
    const Caller& caller;  // without an ARN: nobody known
    std::string account;
    std::string request_id;
    TimePoint now;
};

/// JSON text of the event.
[[nodiscard]] std::string http_event(const net::Request& request, const EventContext& context);

/// What is wrong with it when the function's answer is no response: API Gateway answers 500 then.
[[nodiscard]] std::expected<net::Response, std::string> http_response(std::string_view answer);

/// The answer to a preflight request; nothing when it is none, or the API has no CORS.
[[nodiscard]] std::optional<net::Response> preflight_response(const stacks::CorsPlan& cors,
                                                              const net::Request& request);
/// Puts the API's CORS headers in place of the function's own.
void add_cors(const stacks::CorsPlan& cors, const net::Request& request, net::Response& response);

/// `{"message":"Not Found"}` and the like.
[[nodiscard]] net::Response message_response(int status, std::string_view message);

}  // namespace holdpoint::api
