// Invokes: how a CHAINED_INVOKE ends when what it invoked has. (AWS API, CheckpointDurableExecution)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/execution.hpp"

namespace holdpoint::core {

/// How what was invoked ended.
struct InvokeOutcome {
    wire::ExecutionStatus status = wire::ExecutionStatus::succeeded;
    std::optional<std::string> result;
    std::optional<wire::ErrorObject> error;
    std::int64_t timeout_seconds = 0;  // of the execution that timed out
};

/// Closes the operation; empty when the execution or the operation is closed already. A result above the limit is a
/// failure.
[[nodiscard]] std::vector<Change> decide_invoke_ended(const Execution& execution, std::string_view operation_id,
                                                      InvokeOutcome outcome, TimePoint now, const Limits& limits);

/// How an execution that was invoked ended.
[[nodiscard]] InvokeOutcome outcome_of_child(const Execution& child);

/// The change that closes an operation which could not be started at all.
[[nodiscard]] Change refused_invoke(std::string operation_id, const Error& reason, TimePoint now);

/// The change that started an invoke which is under way, from what is known of it.
[[nodiscard]] Change started_invoke(const OperationState& state);

}  // namespace holdpoint::core
