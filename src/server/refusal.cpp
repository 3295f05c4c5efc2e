#include "server/refusal.hpp"

#include "api/http_api/event.hpp"
#include "api/respond.hpp"

namespace holdpoint::server {

namespace {

bool is_query(ServiceId service) {
    return service == ServiceId::sns || service == ServiceId::cloudformation || service == ServiceId::sts;
}

bool is_json_rpc(ServiceId service) {
    return service == ServiceId::dynamodb || service == ServiceId::logs;
}

/// Clients of an HTTP API know no names of errors.
std::string_view http_api_words(const Error& error) {
    switch (error.http_status) {
        case 413:
            return "Request Entity Too Large";
        case 429:
            return "Too Many Requests";
        case 500:
            return "Internal Server Error";
        default:
            return error.message;
    }
}

}  // namespace

Error in_words_of(ServiceId service, Error error) {
    if (is_query(service)) {
        error.http_status = error.name == "IncompleteSignature" ? 400 : 403;
        if (service == ServiceId::sns && error.name == "AccessDenied") error.name = "AuthorizationError";
        return error;
    }
    error.http_status = is_json_rpc(service) ? 400 : 403;
    if (error.name == "MissingAuthenticationToken") error.name = "MissingAuthenticationTokenException";
    if (error.name == "IncompleteSignature") error.name = "IncompleteSignatureException";
    if (error.name == "InvalidClientTokenId") error.name = "UnrecognizedClientException";
    if (error.name == "SignatureDoesNotMatch") error.name = "InvalidSignatureException";
    if (error.name == "ExpiredToken") error.name = "ExpiredTokenException";
    if (error.name == "AccessDenied") error.name = "AccessDeniedException";
    return error;
}

Error throttled(ServiceId service) {
    switch (service) {
        case ServiceId::dynamodb:
            return {.name = "ThrottlingException",
                    .message = "Rate of requests exceeds the allowed throughput.",
                    .details_json = {}};
        case ServiceId::logs:
            return {.name = "ThrottlingException", .message = "Rate exceeded", .details_json = {}};
        case ServiceId::sns:
            return {.name = "Throttled", .http_status = 429, .message = "Rate exceeded", .details_json = {}};
        case ServiceId::cloudformation:
        case ServiceId::sts:
            return {.name = "Throttling", .message = "Rate exceeded", .details_json = {}};
        case ServiceId::lambda:
        case ServiceId::stacks:
        case ServiceId::runtime:
        case ServiceId::http_api:
            break;
    }
    return {.name = "TooManyRequestsException",
            .http_status = 429,
            .message = "Rate Exceeded.",
            .details_json = R"({"Reason":"CallerRateLimitExceeded"})"};
}

Error service_exception(ServiceId service) {
    const char* name = service == ServiceId::dynamodb ? "InternalServerError"
                       : service == ServiceId::logs   ? "ServiceUnavailableException"
                       : service == ServiceId::sns    ? "InternalError"
                       : is_query(service)            ? "InternalFailure"
                                                      : "ServiceException";
    return {.name = name, .http_status = 500, .message = "The server failed; its log says why.", .details_json = {}};
}

net::Response refuse(ServiceId service, const Error& error, std::string_view request_id) {
    switch (service) {
        case ServiceId::dynamodb:
            return api::json_error(api::JsonVersion::v1_0, error, request_id, "com.amazon.coral.service#");
        case ServiceId::logs:
            return api::json_error(api::JsonVersion::v1_1, error, request_id);
        case ServiceId::sns:
            return api::query_error(error, request_id, "http://sns.amazonaws.com/doc/2010-03-31/");
        case ServiceId::cloudformation:
            return api::query_error(error, request_id, "http://cloudformation.amazonaws.com/doc/2010-05-15/");
        case ServiceId::sts:
            return api::query_error(error, request_id, "https://sts.amazonaws.com/doc/2011-06-15/");
        case ServiceId::http_api:
            return api::message_response(error.http_status, http_api_words(error));
        case ServiceId::lambda:
        case ServiceId::stacks:
        case ServiceId::runtime:
            break;
    }
    return api::rest_json_error(error, request_id);
}

}  // namespace holdpoint::server
