#include "server/routing.hpp"

#include "api/http_api/http_apis.hpp"

namespace holdpoint::server {

std::string_view credential_scope_service(std::string_view authorization) {
    constexpr std::string_view kStart = "Credential=";
    const auto start = authorization.find(kStart);
    if (start == std::string_view::npos) return {};
    std::string_view scope = authorization.substr(start + kStart.size());
    scope = scope.substr(0, scope.find_first_of(", "));
    for (int part = 0; part < 3; ++part) {
        const auto slash = scope.find('/');
        if (slash == std::string_view::npos) return {};
        scope.remove_prefix(slash + 1);
    }
    return scope.substr(0, scope.find('/'));
}

namespace {

/// Of the header, or of a presigned URL's query.
std::string scope_service(const net::Request& request) {
    if (const auto header = request.header("Authorization"); !header.empty()) {
        return std::string(credential_scope_service(header));
    }
    if (request.raw_query().find("X-Amz-Credential=") == std::string_view::npos) return {};
    for (const auto& [name, value] : request.query()) {
        if (name == "X-Amz-Credential") return std::string(credential_scope_service("Credential=" + value));
    }
    return {};
}

}  // namespace

std::optional<ServiceId> route(const net::Request& request) {
    const std::string_view path = request.path();
    // First: everything on such a host is the API's.
    if (!api::api_id_of(request).empty()) return ServiceId::http_api;
    if (path.starts_with("/runtime/")) return ServiceId::runtime;
    if (path.starts_with("/holdpoint/")) return ServiceId::stacks;
    if (path.starts_with("/2015-03-31/") || path.starts_with("/2025-12-01/")) return ServiceId::lambda;

    const std::string_view target = request.header("X-Amz-Target");
    if (target.starts_with("DynamoDB_20120810.")) return ServiceId::dynamodb;
    if (target.starts_with("Logs_20140328.")) return ServiceId::logs;

    const std::string service = scope_service(request);
    if (service == "sns") return ServiceId::sns;
    if (service == "cloudformation") return ServiceId::cloudformation;
    if (service == "sts") return ServiceId::sts;
    if (service == "lambda") return ServiceId::lambda;
    if (service == "dynamodb") return ServiceId::dynamodb;
    if (service == "logs") return ServiceId::logs;
    // The links in SNS messages (SubscribeURL, UnsubscribeURL) are followed without a signature.
    if (request.method == "GET" && path == "/" && request.raw_query().find("TopicArn=") != std::string_view::npos)
        return ServiceId::sns;
    if (request.method == "GET" && path == "/" &&
        request.raw_query().find("Action=Unsubscribe") != std::string_view::npos)
        return ServiceId::sns;
    return std::nullopt;
}

bool stores_code(ServiceId service, const net::Request& request) {
    if (service == ServiceId::stacks) return true;
    if (service != ServiceId::lambda) return false;
    const std::string_view path = request.path();
    if (request.method == "PUT") return path.ends_with("/code");
    return request.method == "POST" && (path.ends_with("/functions") || path.ends_with("/functions/"));
}

std::string_view signing_name(ServiceId service) {
    switch (service) {
        case ServiceId::lambda:
            return "lambda";
        case ServiceId::dynamodb:
            return "dynamodb";
        case ServiceId::sns:
            return "sns";
        case ServiceId::logs:
            return "logs";
        case ServiceId::cloudformation:
            return "cloudformation";
        case ServiceId::sts:
            return "sts";
        case ServiceId::stacks:
            return "holdpoint";
        case ServiceId::http_api:
            return "execute-api";
        case ServiceId::runtime:
            return "";
    }
    std::unreachable();
}

bool takes_presigned(ServiceId service) {
    return service == ServiceId::lambda || service == ServiceId::sns || service == ServiceId::cloudformation ||
           service == ServiceId::sts;
}

}  // namespace holdpoint::server
