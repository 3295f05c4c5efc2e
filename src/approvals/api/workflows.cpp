#include "approvals/api/workflows.hpp"

#include "base/encoding.hpp"
#include "durable/json.hpp"

namespace holdpoint::approvals {

using durable::Json;

Result<bool> LambdaWorkflows::is_running(const std::string& execution_arn) {
    aws::RestRequest request;
    request.method = "GET";
    request.path = "/2025-12-01/durable-executions/" + percent_encode(execution_arn);
    request.query = {{"IncludeExecutionData", "false"}};
    const auto response = client_.rest("lambda", request);
    if (!response && response.error().name == "ResourceNotFoundException") return false;
    if (!response) return std::unexpected(response.error());
    const Json body = Json::parse(response->body);
    const Json* status = body.find("Status");
    return status != nullptr && *status == Json(std::string("RUNNING"));
}

Result<void> LambdaWorkflows::resume(const std::string& callback_token, const std::string& decision) {
    aws::RestRequest request;
    request.method = "POST";
    request.path = "/2025-12-01/durable-execution-callbacks/" + percent_encode(callback_token) + "/succeed";
    request.body = Json(Json::Object{{"decision", Json(decision)}}).dump();
    const auto response = client_.rest("lambda", request);
    // It was answered, or timed out, before: the record says what was decided.
    if (!response && response.error().name == "CallbackTimeoutException") return {};
    if (!response) return std::unexpected(response.error());
    return {};
}

}  // namespace holdpoint::approvals
