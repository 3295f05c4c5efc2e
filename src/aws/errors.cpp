#include "aws/errors.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <boost/json.hpp>

#include "aws/client.hpp"

namespace holdpoint::aws {

namespace {

/// `com.amazonaws.dynamodb.v20120810#Name:http://…` is Name.
std::string bare(std::string_view name) {
    if (const auto hash = name.find('#'); hash != std::string_view::npos) name.remove_prefix(hash + 1);
    return std::string(name.substr(0, name.find(':')));
}

std::string text(const boost::json::object& object, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
        const boost::json::value* value = object.if_contains(name);
        if (value != nullptr && value->is_string()) return std::string(value->get_string());
    }
    return {};
}

}  // namespace

Error read_error(const net::Response& response) {
    Error error;
    error.http_status = response.status;
    error.name = bare(response.header("x-amzn-ErrorType"));
    boost::system::error_code problem;
    const boost::json::value body = boost::json::parse(response.body, problem);
    if (!problem && body.is_object()) {
        if (error.name.empty()) error.name = bare(text(body.get_object(), {"__type", "code", "Code"}));
        error.message = text(body.get_object(), {"message", "Message", "errorMessage"});
        error.details_json = response.body;
    } else {
        error.name = error.name.empty() ? xml_text(response.body, "Code") : error.name;
        error.message = xml_text(response.body, "Message");
    }
    if (error.name.empty()) error.name = fmt::format("HTTP{}", response.status);
    if (error.message.empty()) error.message = fmt::format("The service answered with status {}.", response.status);
    return error;
}

bool is_throttling(const Error& error) {
    // Beside those with "Throttl" in their names. (AWS SDKs and Tools Reference Guide, "Retry behavior")
    constexpr std::string_view kOthers[] = {"ProvisionedThroughputExceededException",
                                            "TooManyRequestsException",
                                            "TransactionInProgressException",
                                            "RequestLimitExceeded",
                                            "BandwidthLimitExceeded",
                                            "PriorRequestNotComplete",
                                            "SlowDown"};
    return error.http_status == 429 || error.name.find("Throttl") != std::string::npos ||
           std::ranges::find(kOthers, error.name) != std::end(kOthers);
}

}  // namespace holdpoint::aws
