// Contexts: child contexts, and the groups that other operations are made of.
#include "core/operation/transition.hpp"

namespace holdpoint::core {

Result<Change> decide_context(const Transition& transition) {
    const wire::OperationUpdate& update = transition.update;
    if (update.action == wire::OperationAction::start) {
        if (transition.current != nullptr) return invalid_parameter("Cannot start a CONTEXT that already exist.");
        return make_change(transition, ChangeKind::started);
    }
    const bool succeeded = update.action == wire::OperationAction::succeed;
    if (!succeeded && update.action != wire::OperationAction::fail) {
        return invalid_parameter("Invalid action for the given operation type.");
    }
    if (auto ok = check_outcome(update, transition.limits.operation_payload_bytes, transition.limits); !ok) {
        return std::unexpected(ok.error());
    }
    if (transition.current != nullptr && transition.current->operation.status != wire::OperationStatus::started) {
        return invalid_parameter("Invalid current CONTEXT state to close.");
    }
    Change change = make_change(transition, succeeded ? ChangeKind::succeeded : ChangeKind::failed);
    change.payload = update.payload;
    change.error = update.error;
    change.replay_children = update.replay_children.value_or(false);
    return change;
}

}  // namespace holdpoint::core
