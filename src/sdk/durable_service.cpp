#include "sdk/durable_service.hpp"

#include <boost/json.hpp>

#include "base/encoding.hpp"
#include "wire/durable_json.hpp"

namespace durable::detail {

using holdpoint::Result;
namespace wire = holdpoint::wire;

namespace {

std::string path_of(const std::string& execution_arn, std::string_view action) {
    return "/2025-12-01/durable-executions/" + holdpoint::percent_encode(execution_arn) + "/" + std::string(action);
}

Result<boost::json::value> parse(const holdpoint::net::Response& response) {
    boost::system::error_code problem;
    boost::json::value value = boost::json::parse(response.body, problem);
    if (problem) return holdpoint::fail("InvalidResponse", 502, "The service answered something that is not JSON.");
    return value;
}

}  // namespace

Result<wire::CheckpointResponse> LambdaDurableService::checkpoint(const std::string& execution_arn,
                                                                  const wire::CheckpointRequest& request) {
    wire::CheckpointRequest once = request;
    once.client_token = random_.uuid();
    const auto response = client_.rest("lambda", {.method = "POST",
                                                  .path = path_of(execution_arn, "checkpoint"),
                                                  .query = {},
                                                  .headers = {{"Content-Type", "application/json"}},
                                                  .body = boost::json::serialize(wire::to_json(once))});
    if (!response) return std::unexpected(response.error());
    const auto json = parse(*response);
    if (!json) return std::unexpected(json.error());
    return wire::read_checkpoint_response(*json);
}

Result<wire::CheckpointResponse> LambdaDurableService::get_state(const std::string& execution_arn,
                                                                 const std::string& checkpoint_token,
                                                                 const std::string& marker) {
    const auto response = client_.rest(
        "lambda", {.method = "GET",
                   .path = path_of(execution_arn, "state"),
                   .query = {{"CheckpointToken", checkpoint_token}, {"Marker", marker}, {"MaxItems", "1000"}},
                   .headers = {},
                   .body = {}});
    if (!response) return std::unexpected(response.error());
    const auto json = parse(*response);
    if (!json) return std::unexpected(json.error());
    // The page has the members that a checkpoint's NewExecutionState has.
    return wire::read_checkpoint_response(boost::json::object{{"NewExecutionState", *json}});
}

}  // namespace durable::detail
