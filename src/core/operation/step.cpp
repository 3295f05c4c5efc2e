// Steps, and wait-for-condition, which is a step that is polled: its polls are retries that carry the state.
#include "core/operation/transition.hpp"

namespace holdpoint::core {

namespace {

using wire::OperationAction;
using wire::OperationStatus;

bool may_close(const OperationState* current) {
    return current == nullptr || current->operation.status == OperationStatus::started ||
           current->operation.status == OperationStatus::ready;
}

std::int64_t ended_attempt(const Transition& transition) {
    return (transition.current == nullptr ? 0 : transition.current->operation.attempt) + 1;
}

Result<Change> retry(const Transition& transition) {
    const wire::OperationUpdate& update = transition.update;
    if (!may_close(transition.current)) return invalid_parameter("Invalid current STEP state to re-attempt.");
    if (!update.has_step_options || !update.next_attempt_delay_seconds) {
        return invalid_parameter("Invalid StepOptions for the given action.");
    }
    if (update.payload && update.error) {
        return invalid_parameter("Cannot provide both error and payload to RETRY a STEP.");
    }
    const std::int64_t delay = *update.next_attempt_delay_seconds;
    if (auto ok = check_delay("NextAttemptDelaySeconds", delay, transition.limits.delay_seconds); !ok) {
        return std::unexpected(ok.error());
    }
    Change change = make_change(transition, ChangeKind::retried);
    change.payload = update.payload;
    change.error = update.error;
    change.seconds = delay;
    change.due = transition.now + std::chrono::seconds(delay);
    change.attempt = ended_attempt(transition);
    return change;
}

}  // namespace

Result<Change> decide_step(const Transition& transition) {
    const wire::OperationUpdate& update = transition.update;
    if (auto ok = check_outcome(update, transition.limits.operation_payload_bytes, transition.limits); !ok) {
        return std::unexpected(ok.error());
    }
    if (update.action == OperationAction::retry) return retry(transition);
    if (update.has_step_options) return invalid_parameter("Invalid StepOptions for the given action.");
    if (update.action == OperationAction::start) {
        if (transition.current != nullptr && transition.current->operation.status != OperationStatus::ready) {
            return invalid_parameter("Invalid current STEP state to start.");
        }
        return make_change(transition, ChangeKind::started);
    }
    if (update.action == OperationAction::cancel) {
        return invalid_parameter("Invalid action for the given operation type.");
    }
    if (!may_close(transition.current)) return invalid_parameter("Invalid current STEP state to close.");
    const bool succeeded = update.action == OperationAction::succeed;
    Change change = make_change(transition, succeeded ? ChangeKind::succeeded : ChangeKind::failed);
    change.payload = update.payload;
    change.error = update.error;
    change.attempt = ended_attempt(transition);
    return change;
}

}  // namespace holdpoint::core
