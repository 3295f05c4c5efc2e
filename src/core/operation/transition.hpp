// Transitions: what an update makes of one operation, one file for each operation type. (AWS API, OperationUpdate)
#pragma once

#include "core/execution.hpp"

namespace holdpoint::core {

/// What a transition may look at: the operation as it is now (nullptr: not there yet), the update, and the instant:
/// `at` for the history, which does not go back, and `now`, from which everything is timed. They differ when the clock
/// was ahead for a while.
struct Transition {
    const OperationState* current = nullptr;
    const wire::OperationUpdate& update;
    TimePoint now;
    TimePoint at;
    const Limits& limits;
};

// Each answers the one change that the update causes, or refuses with InvalidParameterValueException.
[[nodiscard]] Result<Change> decide_step(const Transition& transition);
[[nodiscard]] Result<Change> decide_context(const Transition& transition);
[[nodiscard]] Result<Change> decide_wait(const Transition& transition);
/// `callback_id` is used when the update starts one.
[[nodiscard]] Result<Change> decide_callback(const Transition& transition, std::string callback_id);
[[nodiscard]] Result<Change> decide_chained_invoke(const Transition& transition);

/// InvalidParameterValueException, 400.
[[nodiscard]] std::unexpected<Error> invalid_parameter(std::string message);
/// A change of this kind for the update, with its definition when the operation is new.
[[nodiscard]] Change make_change(const Transition& transition, ChangeKind kind);
/// Payload and error as SUCCEED and FAIL allow them, within the limits.
[[nodiscard]] Result<void> check_outcome(const wire::OperationUpdate& update, std::size_t payload_bytes_max,
                                         const Limits& limits);
[[nodiscard]] Result<void> check_delay(std::string_view member, std::int64_t seconds, std::int64_t max);

}  // namespace holdpoint::core
