// Execution: one durable execution as its journal folds to. Everything here is pure: who calls brings time and chance.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/change.hpp"
#include "core/limits.hpp"
#include "wire/durable.hpp"

namespace holdpoint::core {

/// The CHAINED_INVOKE operation that started an execution.
struct ParentOperation {
    std::uint64_t execution = 0;  // number
    std::string id;
    friend bool operator==(const ParentOperation&, const ParentOperation&) = default;
};

/// What is known of an execution besides its journal; stored as one small row, written at its start and its end.
struct Head {
    std::uint64_t number = 0;  // in order of start, unique on this server
    std::string id;            // UUID; its first 48 bits are the number
    std::string name;
    std::string arn;
    std::string function;
    std::string version;  // pinned: `$LATEST` or a number
    TimePoint started_at;
    std::int64_t timeout_seconds = 0;
    std::int64_t retention_days = 14;
    bool synchronous = false;  // a caller waits: larger results are allowed
    std::string input_digest;  // SHA-256 of the input, for idempotent starts
    std::string trace_header;
    std::string tenant_id;
    std::optional<ParentOperation> parent;  // it was invoked by another execution
    wire::ExecutionStatus status = wire::ExecutionStatus::running;
    std::optional<TimePoint> ended_at;
    friend bool operator==(const Head&, const Head&) = default;
};

/// One operation with what the service alone knows of it.
struct OperationState {
    wire::Operation operation;
    std::int64_t seconds = 0;               // wait: its length; callback: its timeout; step: the last retry delay
    std::int64_t heartbeat_seconds = 0;     // callback
    std::optional<TimePoint> timeout_at;    // callback
    std::optional<TimePoint> heartbeat_at;  // callback
    std::string function;                   // invoke
    std::string tenant_id;                  // invoke
    std::string trace_header;               // invoke
    std::string version;                    // invoke: what its reference meant when it started
    std::string invoked_arn;                // invoke of a durable function
    std::optional<std::string> payload;     // invoke, while it is under way
    std::uint64_t changed = 0;              // number of the change that touched it last
};

/// The invocation in flight. Kept in memory only: a restart loses the function's process with it.
struct Invocation {
    std::string request_id;
    TimePoint started_at;
    std::uint64_t sequence = 0;   // accepted checkpoints
    bool token_withheld = false;  // the service takes nothing more from it
    bool was_told = false;        // an answer told it of what the service had changed meanwhile
    std::string last_client_token;
    std::string last_token;   // the token that the last accepted checkpoint came with
    std::string last_answer;  // its answer, byte for byte
    friend bool operator==(const Invocation&, const Invocation&) = default;
};

class Execution {
public:
    explicit Execution(Head head) : head_(std::move(head)) {}

    [[nodiscard]] const Head& head() const { return head_; }
    [[nodiscard]] bool is_running() const { return head_.status == wire::ExecutionStatus::running; }
    [[nodiscard]] const OperationState* find(std::string_view id) const;
    /// In order of their first appearance, without the EXECUTION operation.
    [[nodiscard]] const std::vector<OperationState>& operations() const { return operations_; }
    /// The EXECUTION operation, which stands first in every list. (AWS API, Operation)
    [[nodiscard]] wire::Operation execution_operation() const;

    [[nodiscard]] const std::optional<std::string>& input() const { return input_; }
    [[nodiscard]] const std::optional<std::string>& result() const { return result_; }
    [[nodiscard]] const std::optional<wire::ErrorObject>& error() const { return error_; }
    [[nodiscard]] TimePoint deadline() const { return head_.started_at + std::chrono::seconds(head_.timeout_seconds); }
    [[nodiscard]] TimePoint last_change_at() const { return last_change_at_; }
    [[nodiscard]] std::uint64_t journal_entries() const { return entries_; }
    [[nodiscard]] std::uint64_t events() const { return events_; }
    [[nodiscard]] std::int64_t billed_operations() const { return billed_operations_; }
    [[nodiscard]] std::size_t bytes_written() const { return bytes_written_; }
    [[nodiscard]] int consecutive_failures() const { return consecutive_failures_; }
    [[nodiscard]] bool was_invoked() const { return was_invoked_; }
    /// When a failed invocation is tried again; nothing when none is planned.
    [[nodiscard]] std::optional<TimePoint> invocation_retry_at() const { return invocation_retry_at_; }

    /// True when something happened that the handler has not been told yet.
    [[nodiscard]] bool has_unseen_change() const { return last_service_change_ > seen_; }
    /// True when an operation is left that the service will move on by itself.
    [[nodiscard]] bool has_pending_operation() const { return pending_ > 0; }
    /// What is due by then: by due time, and in order of start where that is the same.
    [[nodiscard]] std::vector<const OperationState*> due_by(TimePoint now) const;
    /// The next instant at which something is due; nothing when closed.
    [[nodiscard]] std::optional<TimePoint> next_due() const;
    /// What changed since the handler saw the state last, in order of change; marks it as seen.
    [[nodiscard]] std::vector<wire::Operation> take_unseen();
    /// All operations that replay needs (children of closed contexts only when they asked for it), in order of start,
    /// with the EXECUTION operation first.
    [[nodiscard]] std::vector<wire::Operation> replay_state() const;
    /// Visits the same from a position on (0: the EXECUTION operation), until `visit` answers false.
    void visit_replay_state(std::size_t from, const std::function<bool(const wire::Operation&)>& visit) const;
    /// Where in the order of start an operation stands, the EXECUTION operation first; nothing when there is none.
    [[nodiscard]] std::optional<std::size_t> position_of(std::string_view id) const;

    /// To be called after the journal was folded: what is at rest was seen by the handler.
    void rest();
    /// Folds one journal entry.
    void apply(const std::vector<Change>& entry);
    /// The newest journal entry together with these changes, when both are heartbeats alone: that takes its place, for
    /// a callback may be sent millions of them. Nothing: they are an entry of their own.
    [[nodiscard]] std::optional<std::vector<Change>> with_newest_entry(const std::vector<Change>& changes) const;
    /// Folds changes that were written into the newest entry.
    void apply_to_newest_entry(const std::vector<Change>& changes);

    [[nodiscard]] const std::optional<Invocation>& invocation() const { return invocation_; }
    [[nodiscard]] std::optional<Invocation>& invocation() { return invocation_; }
    /// A new invocation sees everything; answers the operations that the service changed since the previous one began.
    std::vector<std::string> begin_invocation(std::string request_id, TimePoint now);

private:
    void apply(const Change& change);
    void apply_to_operation(const Change& change);
    void mark_all_seen();

    Head head_;
    std::optional<std::string> input_;
    std::optional<std::string> result_;
    std::optional<wire::ErrorObject> error_;
    std::vector<OperationState> operations_;
    std::unordered_map<std::string, std::size_t> index_;
    std::uint64_t entries_ = 0;
    std::uint64_t events_ = 0;
    std::uint64_t changes_ = 0;
    // Kept with each change, so that a checkpoint costs the same however long the history is.
    std::size_t pending_ = 0;                          // operations that the service will move on by itself
    std::set<std::pair<TimePoint, std::size_t>> due_;  // when, which operation
    std::map<std::uint64_t, std::size_t> unseen_;      // number of the change, which operation
    std::uint64_t seen_ = 0;
    std::uint64_t last_service_change_ = 0;
    std::vector<std::string> updated_;  // by the service, since the last invocation began
    std::int64_t billed_operations_ = 1;
    std::size_t bytes_written_ = 0;
    TimePoint last_change_at_;
    std::vector<Change> newest_heartbeats_;  // the newest journal entry, when it has nothing else
    int consecutive_failures_ = 0;
    bool was_invoked_ = false;
    std::optional<TimePoint> invocation_retry_at_;
    std::optional<Invocation> invocation_;
};

/// What one change makes of an operation; `state` is new when the change defines it.
void apply_change(OperationState& state, const Change& change);

[[nodiscard]] constexpr bool is_terminal(wire::OperationStatus status) {
    return status != wire::OperationStatus::started && status != wire::OperationStatus::pending &&
           status != wire::OperationStatus::ready;
}

}  // namespace holdpoint::core
