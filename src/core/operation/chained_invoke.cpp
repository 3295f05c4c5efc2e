#include <fmt/format.h>

#include "core/operation/transition.hpp"

namespace holdpoint::core {

Result<Change> decide_chained_invoke(const Transition& transition) {
    const wire::OperationUpdate& update = transition.update;
    if (update.action != wire::OperationAction::start) {
        return invalid_parameter("Invalid action for the given operation type.");
    }
    if (transition.current != nullptr) {
        return invalid_parameter("Cannot start a CHAINED_INVOKE operation that already exists.");
    }
    if (!update.function_name) {
        return invalid_parameter("Update for CHAINED_INVOKE operation requires ChainedInvokeOptions.");
    }
    const std::size_t max = transition.limits.invoke_payload_bytes;
    if (update.payload && update.payload->size() > max) {
        return invalid_parameter(
            fmt::format("CHAINED_INVOKE input payload size must be less than or equal to {} bytes.", max));
    }
    Change change = make_change(transition, ChangeKind::started);
    change.payload = update.payload;
    change.function = *update.function_name;
    change.tenant_id = update.tenant_id.value_or("");
    change.trace_header = update.trace_header.value_or("");
    return change;
}

}  // namespace holdpoint::core
