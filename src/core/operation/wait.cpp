#include "core/operation/transition.hpp"

namespace holdpoint::core {

Result<Change> decide_wait(const Transition& transition) {
    const wire::OperationUpdate& update = transition.update;
    if (update.action == wire::OperationAction::cancel) {
        if (transition.current == nullptr || transition.current->operation.status != wire::OperationStatus::started) {
            return invalid_parameter("Cannot cancel a WAIT that does not exist or has already completed.");
        }
        Change change = make_change(transition, ChangeKind::cancelled);
        change.error = update.error;
        return change;
    }
    if (update.action != wire::OperationAction::start) {
        return invalid_parameter("Invalid action for the given operation type.");
    }
    if (transition.current != nullptr) return invalid_parameter("Cannot start a WAIT that already exist.");
    if (!update.wait_seconds) return invalid_parameter("Update for WAIT operation requires WaitOptions.");
    if (auto ok = check_delay("WaitSeconds", *update.wait_seconds, transition.limits.delay_seconds); !ok) {
        return std::unexpected(ok.error());
    }
    Change change = make_change(transition, ChangeKind::started);
    change.seconds = *update.wait_seconds;
    change.due = transition.now + std::chrono::seconds(change.seconds);
    return change;
}

}  // namespace holdpoint::core
