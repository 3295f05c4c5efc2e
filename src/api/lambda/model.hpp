// Model: what Lambda's API model says of members that stand in a request's path, query or headers. (AWS API model,
// Lambda 2015-03-31)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "wire/durable.hpp"

namespace holdpoint::api {

// Each is refused with a ValidationException in AWS's words.

[[nodiscard]] Result<void> check_execution_arn(std::string_view arn);
[[nodiscard]] Result<void> check_callback_id(std::string_view id);
/// Empty: none was given.
[[nodiscard]] Result<void> check_execution_name(std::string_view name);
[[nodiscard]] Result<void> check_log_type(std::string_view type);

enum class InvocationType { request_response, event, dry_run };

/// RequestResponse when none was given.
[[nodiscard]] Result<InvocationType> read_invocation_type(std::string_view type);
/// Those that an execution of this server may have: none is paused or being deleted.
[[nodiscard]] Result<std::vector<wire::ExecutionStatus>> read_statuses(const std::vector<std::string>& names);

}  // namespace holdpoint::api
