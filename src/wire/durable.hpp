// The shapes of AWS Lambda durable executions: what SDK and service say to each other. (AWS API, Lambda 2015-03-31)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace holdpoint::wire {

enum class OperationType { execution, context, step, wait, callback, chained_invoke };
enum class OperationAction { start, succeed, fail, retry, cancel };
enum class OperationStatus { started, pending, ready, succeeded, failed, cancelled, timed_out, stopped };
enum class ExecutionStatus { running, succeeded, failed, timed_out, stopped };

/// Why something failed. (AWS API, ErrorObject)
struct ErrorObject {
    std::optional<std::string> message;
    std::optional<std::string> type;
    std::optional<std::string> data;
    std::optional<std::vector<std::string>> stack_trace;
    friend bool operator==(const ErrorObject&, const ErrorObject&) = default;
};

/// One change that a handler asks for. Durations are whole seconds. (AWS API, OperationUpdate)
struct OperationUpdate {
    std::string id;
    std::optional<std::string> parent_id;
    std::optional<std::string> name;
    OperationType type = OperationType::step;
    std::optional<std::string> sub_type;
    OperationAction action = OperationAction::start;
    std::optional<std::string> payload;
    std::optional<ErrorObject> error;
    std::optional<bool> replay_children;                     // ContextOptions
    std::optional<std::int64_t> next_attempt_delay_seconds;  // StepOptions
    std::optional<std::int64_t> wait_seconds;                // WaitOptions
    std::optional<std::int64_t> callback_timeout_seconds;    // CallbackOptions
    std::optional<std::int64_t> callback_heartbeat_seconds;  // CallbackOptions
    bool has_step_options = false;
    bool has_callback_options = false;
    std::optional<std::string> function_name;  // ChainedInvokeOptions
    std::optional<std::string> tenant_id;      // ChainedInvokeOptions
    std::optional<std::string> trace_header;   // ChainedInvokeOptions
    friend bool operator==(const OperationUpdate&, const OperationUpdate&) = default;
};

/// One durable record of an execution. (AWS API, Operation)
struct Operation {
    std::string id;
    std::optional<std::string> parent_id;
    std::optional<std::string> name;
    OperationType type = OperationType::step;
    std::optional<std::string> sub_type;
    OperationStatus status = OperationStatus::started;
    TimePoint started_at;
    std::optional<TimePoint> ended_at;
    std::optional<std::string> input;           // ExecutionDetails.InputPayload
    std::optional<std::string> result;          // the details' Result
    std::optional<ErrorObject> error;           // the details' Error
    bool replay_children = false;               // ContextDetails
    std::int64_t attempt = 0;                   // StepDetails: finished attempts
    std::optional<TimePoint> next_attempt_at;   // StepDetails, while pending
    std::optional<TimePoint> scheduled_end_at;  // WaitDetails
    std::optional<std::string> callback_id;     // CallbackDetails
    friend bool operator==(const Operation&, const Operation&) = default;
};

/// What the service hands to a function at the start of an invocation.
struct InvocationInput {
    std::string execution_arn;
    std::string checkpoint_token;
    std::vector<Operation> operations;
    std::string next_marker;  // empty: nothing more
    std::vector<std::string> updated_operation_ids;
    friend bool operator==(const InvocationInput&, const InvocationInput&) = default;
};

enum class InvocationStatus { succeeded, failed, pending };

/// What a function answers at the end of an invocation.
struct InvocationOutput {
    InvocationStatus status = InvocationStatus::pending;
    std::optional<std::string> result;
    std::optional<ErrorObject> error;
    friend bool operator==(const InvocationOutput&, const InvocationOutput&) = default;
};

struct CheckpointRequest {
    std::string checkpoint_token;
    std::vector<OperationUpdate> updates;
    std::optional<std::string> client_token;
    friend bool operator==(const CheckpointRequest&, const CheckpointRequest&) = default;
};

struct CheckpointResponse {
    std::optional<std::string> checkpoint_token;  // absent: the service takes nothing more from this invocation
    std::vector<Operation> operations;
    std::string next_marker;
    friend bool operator==(const CheckpointResponse&, const CheckpointResponse&) = default;
};

}  // namespace holdpoint::wire
