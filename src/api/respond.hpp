// Respond: answers and errors on the wire, in one place for each of AWS's protocols.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/http.hpp"

namespace holdpoint::api {

// JSON 1.0 (DynamoDB) and JSON 1.1 (CloudWatch Logs). (Smithy: AWS JSON 1.0 and 1.1 protocols)

enum class JsonVersion { v1_0, v1_1 };

[[nodiscard]] net::Response json_answer(JsonVersion version, const boost::json::object& answer,
                                        std::string_view request_id);
/// `{"__type":"<prefix><name>","message":…}` with the members of `details_json`; `type_prefix` is such as
/// "com.amazonaws.dynamodb.v20120810#", or empty.
[[nodiscard]] net::Response json_error(JsonVersion version, const Error& error, std::string_view request_id,
                                       std::string_view type_prefix = {});

// REST-JSON (Lambda). (Smithy: AWS restJson1 protocol)

[[nodiscard]] net::Response rest_json_answer(int status, const boost::json::value& answer, std::string_view request_id);
/// The same of an answer that is JSON text already.
[[nodiscard]] net::Response rest_json_text(int status, std::string answer, std::string_view request_id);
/// The name goes into x-amzn-ErrorType; the body has Type, the message and the members of `details_json`.
[[nodiscard]] net::Response rest_json_error(const Error& error, std::string_view request_id);

// Query/XML (SNS, CloudFormation, STS). (Smithy: AWS query protocol)

/// `result_xml` is the inside of `<ActionResult>`, already escaped; `xml_namespace` the service's own.
[[nodiscard]] net::Response query_answer(std::string_view action, std::string_view result_xml,
                                         std::string_view request_id, std::string_view xml_namespace);
/// For actions whose answer has no result element (such as SNS SetTopicAttributes).
[[nodiscard]] net::Response query_empty_answer(std::string_view action, std::string_view request_id,
                                               std::string_view xml_namespace);
[[nodiscard]] net::Response query_error(const Error& error, std::string_view request_id,
                                        std::string_view xml_namespace);

/// `<name>escaped text</name>`
[[nodiscard]] std::string xml_element(std::string_view name, std::string_view text);

}  // namespace holdpoint::api
