#include "api/respond.hpp"

#include <fmt/format.h>
#include <array>
#include <boost/json.hpp>

#include "base/encoding.hpp"
#include "base/text.hpp"

namespace holdpoint::api {
namespace {

namespace json = boost::json;

/// Of what this server wrote itself; items of tables are the deepest.
constexpr std::size_t kDetailsDepthMax = 160;

std::string_view content_type(JsonVersion version) {
    switch (version) {
        case JsonVersion::v1_0:
            return "application/x-amz-json-1.0";
        case JsonVersion::v1_1:
            return "application/x-amz-json-1.1";
    }
    std::unreachable();
}

net::Response response(int status, std::string_view type, std::string_view request_id, std::string body) {
    return {.status = status,
            .headers = {{"Content-Type", std::string(type)}, {"x-amzn-RequestId", std::string(request_id)}},
            .body = std::move(body)};
}

net::Response json_response(int status, JsonVersion version, std::string_view request_id, std::string body) {
    auto made = response(status, content_type(version), request_id, std::move(body));
    // SDKs compare it with the body they got. (DynamoDB, Low-level API: response header contents)
    if (version == JsonVersion::v1_0) made.headers.emplace_back("x-amz-crc32", std::to_string(crc32(made.body)));
    return made;
}

json::object details_of(const Error& error) {
    if (error.details_json.empty()) return {};
    json::parse_options options;
    options.max_depth = kDetailsDepthMax;
    const auto parsed = json::parse(error.details_json, {}, options);
    return parsed.is_object() ? parsed.get_object() : json::object{};
}

/// Adds the message unless the details brought it under the spelling that their shape wants. It may quote a path or
/// header, whose bytes need not be text.
void add_message(json::object& body, std::string_view member, const std::string& message) {
    if (!body.contains("message") && !body.contains("Message")) body[member] = as_utf8(message);
}

/// Lambda's shapes disagree on the spelling; these are the ones with a small letter. (AWS API model, Lambda 2015-03-31)
std::string_view lambda_message_member(std::string_view name) {
    constexpr std::array<std::string_view, 15> kSmall = {
        "CapacityProviderLimitExceededException",
        "CodeStorageExceededException",
        "InvalidParameterValueException",
        "InvalidRequestContentException",
        "PolicyLengthExceededException",
        "PreconditionFailedException",
        "ProvisionedConcurrencyConfigNotFoundException",
        "RequestTooLargeException",
        "ResourceConflictException",
        "ResourceNotReadyException",
        "SerializationException",
        "SerializedRequestEntityTooLargeException",
        "TooManyRequestsException",
        "UnsupportedMediaTypeException",
        "ValidationException",
    };
    return std::ranges::find(kSmall, name) != kSmall.end() ? "message" : "Message";
}

}  // namespace

net::Response json_answer(JsonVersion version, const json::object& answer, std::string_view request_id) {
    return json_response(200, version, request_id, json::serialize(answer));
}

net::Response json_error(JsonVersion version, const Error& error, std::string_view request_id,
                         std::string_view type_prefix) {
    json::object body{{"__type", fmt::format("{}{}", type_prefix, error.name)}};
    for (const auto& member : details_of(error)) body[member.key()] = member.value();
    add_message(body, "message", error.message);
    return json_response(error.http_status, version, request_id, json::serialize(body));
}

net::Response rest_json_answer(int status, const json::value& answer, std::string_view request_id) {
    return rest_json_text(status, json::serialize(answer), request_id);
}

net::Response rest_json_text(int status, std::string answer, std::string_view request_id) {
    return response(status, "application/json", request_id, std::move(answer));
}

net::Response rest_json_error(const Error& error, std::string_view request_id) {
    json::object body{{"Type", error.http_status >= 500 ? "Service" : "User"}};
    for (const auto& member : details_of(error)) body[member.key()] = member.value();
    add_message(body, lambda_message_member(error.name), error.message);
    auto answer = response(error.http_status, "application/json", request_id, json::serialize(body));
    answer.headers.emplace_back("x-amzn-ErrorType", error.name);
    // Seconds: what is throttled here is free again soon. (AWS API model, TooManyRequestsException)
    if (error.http_status == 429) answer.headers.emplace_back("Retry-After", "1");
    return answer;
}

net::Response query_answer(std::string_view action, std::string_view result_xml, std::string_view request_id,
                           std::string_view xml_namespace) {
    return response(200, "text/xml", request_id,
                    fmt::format("<{0}Response xmlns=\"{1}\"><{0}Result>{2}</{0}Result>"
                                "<ResponseMetadata><RequestId>{3}</RequestId></ResponseMetadata></{0}Response>",
                                action, xml_escape(xml_namespace), result_xml, xml_escape(request_id)));
}

net::Response query_empty_answer(std::string_view action, std::string_view request_id, std::string_view xml_namespace) {
    return response(200, "text/xml", request_id,
                    fmt::format("<{0}Response xmlns=\"{1}\"><ResponseMetadata><RequestId>{2}</RequestId>"
                                "</ResponseMetadata></{0}Response>",
                                action, xml_escape(xml_namespace), xml_escape(request_id)));
}

net::Response query_error(const Error& error, std::string_view request_id, std::string_view xml_namespace) {
    return response(error.http_status, "text/xml", request_id,
                    fmt::format("<ErrorResponse xmlns=\"{}\"><Error><Type>{}</Type><Code>{}</Code>"
                                "<Message>{}</Message></Error><RequestId>{}</RequestId></ErrorResponse>",
                                xml_escape(xml_namespace), error.http_status >= 500 ? "Receiver" : "Sender",
                                xml_escape(error.name), xml_escape(as_utf8(error.message)), xml_escape(request_id)));
}

std::string xml_element(std::string_view name, std::string_view text) {
    return fmt::format("<{0}>{1}</{0}>", name, xml_escape(text));
}

}  // namespace holdpoint::api
