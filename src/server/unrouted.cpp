#include "server/unrouted.hpp"

#include <fmt/format.h>

#include "api/query.hpp"
#include "api/respond.hpp"
#include "base/encoding.hpp"
#include "server/routing.hpp"

namespace holdpoint::server {

namespace {

Error unknown(std::string name, int http_status, std::string_view what) {
    return {.name = std::move(name),
            .http_status = http_status,
            .message = fmt::format("{} is an operation of no AWS service that this server has.", what),
            .details_json = {}};
}

}  // namespace

net::Response refuse_unrouted(const net::Request& request, std::string_view request_id) {
    if (const auto target = request.header("X-Amz-Target"); !target.empty()) {
        const bool first = request.header("Content-Type") == "application/x-amz-json-1.0";
        return api::json_error(first ? api::JsonVersion::v1_0 : api::JsonVersion::v1_1,
                               unknown("UnknownOperationException", 400, target), request_id);
    }
    if (request.header("Content-Type").starts_with("application/x-www-form-urlencoded")) {
        // STS alone has actions that are not signed.
        const auto scope = credential_scope_service(request.header("Authorization"));
        const auto service = scope.empty() ? std::string_view("sts") : scope;
        const auto action = api::query_parameter(request, "Action");
        return api::query_error(unknown("InvalidAction", 400, fmt::format("{} ({})", action, service)), request_id,
                                as_utf8(fmt::format("https://{}.amazonaws.com/doc/{}/", service,
                                                    api::query_parameter(request, "Version"))));
    }
    return api::rest_json_error(
        unknown("UnknownOperationException", 404, fmt::format("{} {}", request.method, request.path())), request_id);
}

}  // namespace holdpoint::server
