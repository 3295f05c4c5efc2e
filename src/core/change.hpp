// Change: one thing that happened to an execution. The journal is a list of changes in commit order; state is what they
// fold to, and the history that users see is a rendering of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/durable.hpp"

namespace holdpoint::core {

enum class ChangeKind {
    execution_started,
    execution_closed,
    started,    // an operation's START
    succeeded,  // …, or a wait that is over, or a callback that was answered
    failed,
    retried,  // a step's attempt ended and another one is planned
    ready,    // the planned attempt is due
    cancelled,
    timed_out,
    heartbeat,             // a callback's heartbeat deadline moved
    invocation_completed,  // with error: it failed
    stopped,               // what was invoked was stopped
};

/// What defines an operation; carried by the first change that mentions it.
struct Definition {
    wire::OperationType type = wire::OperationType::step;
    std::optional<std::string> parent_id;
    std::optional<std::string> name;
    std::optional<std::string> sub_type;
    friend bool operator==(const Definition&, const Definition&) = default;
};

/// Which members mean something depends on the kind.
struct Change {
    ChangeKind kind = ChangeKind::started;
    TimePoint at;
    std::string id;  // the operation's; empty for changes of the execution itself
    std::optional<Definition> definition;
    std::optional<std::string> payload;  // input or result
    std::optional<wire::ErrorObject> error;
    bool replay_children = false;
    std::int64_t seconds = 0;            // length of a wait, delay of a retry, timeout of a callback or execution
    std::int64_t heartbeat_seconds = 0;  // of a callback
    std::int64_t attempt = 0;            // of a step: the attempt that this change ended
    std::optional<TimePoint> due;        // end of a wait, next attempt, next invocation, heartbeat deadline
    std::string callback_id;
    std::optional<TimePoint> timed_from;  // of a callback that starts: its timeouts count from here; nothing: from `at`
    // Of an invoke that starts: what is invoked, for which tenant, with which trace (empty: the caller's), its version,
    // and its execution when it is durable.
    std::string function;
    std::string tenant_id;
    std::string trace_header;
    std::string version;
    std::string invoked_arn;
    wire::ExecutionStatus status = wire::ExecutionStatus::running;  // execution_closed
    std::string request_id;                                         // invocation_completed
    TimePoint invocation_started_at;                                // invocation_completed
    friend bool operator==(const Change&, const Change&) = default;
};

/// True when users see it in the history, and so count an event id for it.
[[nodiscard]] constexpr bool is_event(ChangeKind kind) {
    return kind != ChangeKind::ready && kind != ChangeKind::heartbeat;
}

/// One journal row's value: JSON text.
[[nodiscard]] std::string encode_changes(const std::vector<Change>& changes);
/// Throws std::runtime_error when `text` is not what encode_changes writes: the database is damaged.
[[nodiscard]] std::vector<Change> decode_changes(std::string_view text);

}  // namespace holdpoint::core
