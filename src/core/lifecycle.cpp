#include "core/lifecycle.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/sizes.hpp"

namespace holdpoint::core {

namespace {

using wire::ErrorObject;
using wire::OperationStatus;
using wire::OperationType;

ErrorObject make_error(std::optional<std::string> type, std::optional<std::string> message) {
    return {.message = std::move(message), .type = std::move(type), .data = {}, .stack_trace = {}};
}

Change closed(wire::ExecutionStatus status, TimePoint at) {
    Change change;
    change.kind = ChangeKind::execution_closed;
    change.at = at;
    change.status = status;
    return change;
}

std::optional<Change> due_change(const OperationState& state, TimePoint now, TimePoint at) {
    const wire::Operation& operation = state.operation;
    Change change;
    change.at = at;
    change.id = operation.id;
    if (operation.type == OperationType::step && operation.status == OperationStatus::pending) {
        if (*operation.next_attempt_at > now) return std::nullopt;
        change.kind = ChangeKind::ready;
        return change;
    }
    if (operation.status != OperationStatus::started) return std::nullopt;
    if (operation.type == OperationType::wait && *operation.scheduled_end_at <= now) {
        change.kind = ChangeKind::succeeded;
        return change;
    }
    if (operation.type != OperationType::callback) return std::nullopt;
    const bool timeout = state.timeout_at && *state.timeout_at <= now;
    const bool heartbeat = state.heartbeat_at && *state.heartbeat_at <= now;
    if (!timeout && !heartbeat) return std::nullopt;
    change.kind = ChangeKind::timed_out;
    const bool heartbeat_first = heartbeat && (!timeout || *state.heartbeat_at < *state.timeout_at);
    change.error = heartbeat_first ? make_error("Callback.Heartbeat", "Callback timed out on heartbeat")
                                   : make_error("Callback.Timeout", "Callback timed out");
    return change;
}

Change completed(const Execution& execution, TimePoint now) {
    Change change;
    change.kind = ChangeKind::invocation_completed;
    change.at = std::max(now, execution.last_change_at());
    change.request_id = execution.invocation()->request_id;
    change.invocation_started_at = execution.invocation()->started_at;
    return change;
}

/// What is wrong with an answer; nothing when the service accepts it.
std::optional<std::string> problem_of(const Execution& execution, const wire::InvocationOutput& output,
                                      const Limits& limits) {
    const std::size_t max = execution.head().synchronous ? limits.sync_result_bytes : limits.async_result_bytes;
    switch (output.status) {
        case wire::InvocationStatus::succeeded:
            if (output.error) return "Cannot provide an Error for SUCCEEDED status.";
            if (output.result && output.result->size() > max) {
                return fmt::format("Execution output payload size must be less than or equal to {} bytes.", max);
            }
            return std::nullopt;
        case wire::InvocationStatus::failed:
            if (output.result) return "Cannot provide a Result for FAILED status.";
            if (!output.error) return std::nullopt;
            if (auto ok = check_error(*output.error, limits); !ok) return ok.error().message;
            return std::nullopt;
        case wire::InvocationStatus::pending:
            // It may have made up its mind to wait just before it was told that nothing is left to wait for.
            if (execution.has_pending_operation() || execution.has_unseen_change() ||
                execution.invocation()->token_withheld || execution.invocation()->was_told) {
                return std::nullopt;
            }
            return "Cannot return PENDING status with no pending operations.";
    }
    return std::nullopt;
}

}  // namespace

std::vector<Change> decide_start(const Head& head, std::optional<std::string> input) {
    Change change;
    change.kind = ChangeKind::execution_started;
    change.at = head.started_at;
    change.payload = std::move(input);
    change.seconds = head.timeout_seconds;
    return {change};
}

std::vector<Change> decide_due(const Execution& execution, TimePoint now) {
    std::vector<Change> changes;
    if (!execution.is_running()) return changes;
    const TimePoint at = std::max(now, execution.last_change_at());
    if (execution.deadline() <= now) {
        Change change = closed(wire::ExecutionStatus::timed_out, at);
        change.error =
            make_error({}, fmt::format("Execution timed out after {} seconds.", execution.head().timeout_seconds));
        changes.push_back(std::move(change));
        return changes;
    }
    for (const OperationState* state : execution.due_by(now)) {
        if (auto change = due_change(*state, now, at)) changes.push_back(std::move(*change));
    }
    return changes;
}

std::vector<Change> decide_invocation_answered(const Execution& execution, const Result<wire::InvocationOutput>& output,
                                               TimePoint now, const Limits& limits) {
    Change done = completed(execution, now);
    if (!execution.is_running()) return {done};  // closed by a checkpoint, a stop or its timeout: that outcome stands
    std::optional<std::string> problem =
        output ? problem_of(execution, *output, limits) : std::optional<std::string>(output.error().message);
    if (problem) {
        Change end = closed(wire::ExecutionStatus::failed, done.at);
        end.error = make_error("InvalidParameterValueException", std::move(problem));
        done.error = end.error;
        return {done, end};
    }
    if (output->status == wire::InvocationStatus::pending) return {done};
    const bool succeeded = output->status == wire::InvocationStatus::succeeded;
    Change end = closed(succeeded ? wire::ExecutionStatus::succeeded : wire::ExecutionStatus::failed, done.at);
    end.payload = output->result;
    if (!succeeded) {
        end.error = output->error.value_or(ErrorObject{});
        done.error = end.error;
    }
    return {done, end};
}

std::vector<Change> decide_invocation_failed(const Execution& execution, ErrorObject error, TimePoint now,
                                             const Limits& limits) {
    Change done = completed(execution, now);
    done.error = fitting(std::move(error), limits);
    if (!execution.is_running()) return {done};
    const int failures = execution.consecutive_failures() + 1;
    if (failures >= limits.consecutive_failures) {
        Change end = closed(wire::ExecutionStatus::failed, done.at);
        end.error = done.error;
        return {done, end};
    }
    done.due = now + invocation_backoff(failures);
    return {done};
}

std::vector<Change> decide_stop(const Execution& execution, ErrorObject error, TimePoint now) {
    if (!execution.is_running()) return {};
    Change change = closed(wire::ExecutionStatus::stopped, std::max(now, execution.last_change_at()));
    change.error = std::move(error);
    return {change};
}

std::chrono::seconds invocation_backoff(int failures) {
    return std::chrono::seconds(failures >= 7 ? 60 : 1 << (failures - 1));
}

}  // namespace holdpoint::core
