// JSON of the durable execution shapes, both directions, as AWS writes them.
#pragma once

#include <boost/json.hpp>

#include "base/result.hpp"
#include "wire/durable.hpp"

namespace holdpoint::wire {

/// Envelope times are epoch milliseconds, API times epoch seconds; readers take either, and ISO 8601 text.
enum class TimeFormat { api_seconds, envelope_milliseconds };

[[nodiscard]] std::string_view to_string(OperationType value);
[[nodiscard]] std::string_view to_string(OperationAction value);
[[nodiscard]] std::string_view to_string(OperationStatus value);
[[nodiscard]] std::string_view to_string(ExecutionStatus value);
[[nodiscard]] std::string_view to_string(InvocationStatus value);
/// Nothing when `name` is no execution status.
[[nodiscard]] std::optional<ExecutionStatus> read_execution_status(std::string_view name);

// With a `memory` of its own a value is cheap to make and to drop, which each checkpoint does.
[[nodiscard]] boost::json::value to_json(const ErrorObject& value);
[[nodiscard]] boost::json::value to_json(const OperationUpdate& value, const boost::json::storage_ptr& memory = {});
[[nodiscard]] boost::json::value to_json(const Operation& value, TimeFormat format,
                                         const boost::json::storage_ptr& memory = {});
[[nodiscard]] boost::json::value to_json(const InvocationInput& value);
[[nodiscard]] boost::json::value to_json(const InvocationOutput& value);
[[nodiscard]] boost::json::value to_json(const CheckpointRequest& value, const boost::json::storage_ptr& memory = {});
[[nodiscard]] boost::json::value to_json(const CheckpointResponse& value, const boost::json::storage_ptr& memory = {});

// Each reader fails with SerializationException (wrong JSON type) or ValidationException (missing member, unknown
// enumerator), naming the member's path. Unknown members are ignored. Constraints (lengths, patterns, ranges) are
// checked by core, not here.
[[nodiscard]] Result<ErrorObject> read_error_object(const boost::json::value& json);
[[nodiscard]] Result<OperationUpdate> read_operation_update(const boost::json::value& json);
[[nodiscard]] Result<Operation> read_operation(const boost::json::value& json);
[[nodiscard]] Result<InvocationInput> read_invocation_input(const boost::json::value& json);
[[nodiscard]] Result<InvocationOutput> read_invocation_output(const boost::json::value& json);
[[nodiscard]] Result<InvocationOutput> parse_invocation_output(std::string_view text);
[[nodiscard]] Result<CheckpointRequest> read_checkpoint_request(const boost::json::value& json);
[[nodiscard]] Result<CheckpointResponse> read_checkpoint_response(const boost::json::value& json);
/// GetDurableExecutionState's answer, which has the members of a checkpoint's NewExecutionState, and no token.
[[nodiscard]] Result<CheckpointResponse> read_state_page(const boost::json::value& json);

}  // namespace holdpoint::wire
