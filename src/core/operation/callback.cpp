#include <fmt/format.h>

#include "core/operation/transition.hpp"

namespace holdpoint::core {

Result<Change> decide_callback(const Transition& transition, std::string callback_id) {
    const wire::OperationUpdate& update = transition.update;
    if (update.action != wire::OperationAction::start) {
        return invalid_parameter("Invalid action for the given operation type.");
    }
    if (transition.current != nullptr) return invalid_parameter("Cannot start a CALLBACK that already exist.");
    const std::int64_t max = transition.limits.callback_timeout_seconds;
    const std::int64_t timeout = update.callback_timeout_seconds.value_or(0);
    const std::int64_t heartbeat = update.callback_heartbeat_seconds.value_or(0);
    if (timeout < 0 || timeout > max || heartbeat < 0 || heartbeat > max) {
        return invalid_parameter(
            fmt::format("TimeoutSeconds and HeartbeatTimeoutSeconds must be between 0 and {}, but are {} and {}.", max,
                        timeout, heartbeat));
    }
    Change change = make_change(transition, ChangeKind::started);
    change.seconds = timeout;
    change.heartbeat_seconds = heartbeat;
    change.callback_id = std::move(callback_id);
    if (change.at != transition.now) change.timed_from = transition.now;
    return change;
}

}  // namespace holdpoint::core
