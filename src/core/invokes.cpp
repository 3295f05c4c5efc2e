#include "core/invokes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "core/sizes.hpp"

namespace holdpoint::core {

namespace {

bool is_open(const OperationState& state) {
    return state.operation.type == wire::OperationType::chained_invoke &&
           state.operation.status == wire::OperationStatus::started;
}

/// Without a type where no operation of the API refused anything.
wire::ErrorObject error_of(std::optional<std::string> type, std::string message) {
    return {.message = std::move(message), .type = std::move(type), .data = {}, .stack_trace = {}};
}

ChangeKind kind_of(wire::ExecutionStatus status) {
    switch (status) {
        case wire::ExecutionStatus::succeeded:
            return ChangeKind::succeeded;
        case wire::ExecutionStatus::timed_out:
            return ChangeKind::timed_out;
        case wire::ExecutionStatus::stopped:
            return ChangeKind::stopped;
        case wire::ExecutionStatus::failed:
        case wire::ExecutionStatus::running:
            break;
    }
    return ChangeKind::failed;
}

}  // namespace

std::vector<Change> decide_invoke_ended(const Execution& execution, std::string_view operation_id,
                                        InvokeOutcome outcome, TimePoint now, const Limits& limits) {
    const OperationState* state = execution.find(operation_id);
    if (!execution.is_running() || state == nullptr || !is_open(*state)) return {};
    Change change;
    change.kind = kind_of(outcome.status);
    change.at = std::max(now, execution.last_change_at());
    change.id = operation_id;
    if (change.kind == ChangeKind::timed_out) {
        change.error = error_of("ChainedInvoke.Timeout",
                                fmt::format("CHAINED_INVOKE timed out after {} seconds.", outcome.timeout_seconds));
    } else if (change.kind != ChangeKind::succeeded) {
        change.error = fitting(std::move(outcome.error).value_or(wire::ErrorObject{}), limits);
    } else if (outcome.result && outcome.result->size() > limits.invoke_payload_bytes) {
        change.kind = ChangeKind::failed;
        change.error =
            error_of({}, fmt::format("CHAINED_INVOKE output payload size must be less than or equal to {} bytes.",
                                     limits.invoke_payload_bytes));
    } else if (outcome.result && !is_utf8(*outcome.result)) {
        change.kind = ChangeKind::failed;
        change.error = error_of({}, "CHAINED_INVOKE response could not be decoded as UTF-8.");
    } else {
        change.payload = std::move(outcome.result);
    }
    if (const auto ok = check_data(execution.bytes_written() + size_of(change), limits); !ok) {
        change.kind = ChangeKind::failed;
        change.payload.reset();
        change.error = error_of(ok.error().name, ok.error().message);
    }
    return {change};
}

InvokeOutcome outcome_of_child(const Execution& child) {
    return {.status = child.head().status,
            .result = child.result(),
            .error = child.error(),
            .timeout_seconds = child.head().timeout_seconds};
}

Change refused_invoke(std::string operation_id, const Error& reason, TimePoint now) {
    Change change;
    change.kind = ChangeKind::failed;
    change.at = now;
    change.id = std::move(operation_id);
    change.error = error_of(reason.name, reason.message);
    return change;
}

Change started_invoke(const OperationState& state) {
    Change change;
    change.id = state.operation.id;
    change.payload = state.payload;
    change.function = state.function;
    change.tenant_id = state.tenant_id;
    change.trace_header = state.trace_header;
    change.version = state.version;
    return change;
}

}  // namespace holdpoint::core
