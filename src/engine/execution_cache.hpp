// Execution cache: executions as the writer's thread keeps them, folded from their rows, and where each stands: in
// flight, waiting for a time, or at rest.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/execution.hpp"
#include "core/invokes.hpp"
#include "engine/executions.hpp"
#include "store/store.hpp"

namespace holdpoint::engine {

/// A CHAINED_INVOKE that is over while the handler which started it still runs.
struct EndedInvoke {
    std::string operation;
    core::InvokeOutcome outcome;
};

struct CachedExecution {
    explicit CachedExecution(core::Execution value) : execution(std::move(value)) {}

    core::Execution execution;
    bool queued = false;       // with the invoker, not begun yet
    bool must_invoke = false;  // its invocation was lost with the previous server
    bool has_running_row = false;
    bool has_just_ended = false;  // and nobody has seen to that yet
    std::optional<TimePoint> timer_row;
    std::optional<TimePoint> watched;  // in flight: when the timers look at it
    std::vector<std::function<void(Outcome)>> waiters;
    std::vector<EndedInvoke> ended_invokes;  // not journaled yet; see ChainedInvokes::end
    TimePoint end_invokes_at;
    std::size_t counted_bytes = 0;  // the cache's own
};

/// What executions that are kept in memory may have, together; those in flight are kept all the same.
inline constexpr std::size_t kCachedBytesMax = std::size_t{256} * 1024 * 1024;

[[nodiscard]] Outcome outcome_of(const core::Execution& execution);

/// Of two moments the earlier one; one that is missing is none.
[[nodiscard]] std::optional<TimePoint> earlier(std::optional<TimePoint> one, std::optional<TimePoint> other);

/// When an execution that has ended is forgotten.
[[nodiscard]] TimePoint retention_end(const core::Head& head);

/// Used on the writer's thread alone. What it hands out is valid until the end of the command, or until it is erased.
class ExecutionCache {
public:
    explicit ExecutionCache(std::size_t bytes_max = kCachedBytesMax) : bytes_max_(bytes_max) {}

    CachedExecution& add(const core::Head& head);
    /// nullptr when there is no such execution.
    CachedExecution* find(const store::Transaction& rows, std::uint64_t number);
    /// nullptr unless it is an execution of this server.
    CachedExecution* find(const store::Transaction& rows, std::string_view arn);
    /// Writes the changes as one journal entry, or into the newest one, and applies them.
    void journal(store::Transaction& rows, CachedExecution& entry, const std::vector<core::Change>& changes);
    /// The same for changes that cannot end an execution: they are not counted.
    static void append(store::Transaction& rows, CachedExecution& entry, const std::vector<core::Change>& changes);
    /// Brings the rows in line that say where it stands. Answers the time of a timer row that is new.
    static std::optional<TimePoint> write_place(store::Transaction& rows, CachedExecution& entry, bool in_flight,
                                                std::optional<TimePoint> timer);
    /// Ends a command, also one that refused. Of what it found, this drops what is neither in flight nor waited for
    /// when that has ended, or when too many or too large ones are kept.
    void end_command();
    /// Erases one that rests and whose retention is over, without folding it; false when it is no such one.
    bool forget(store::Transaction& rows, std::uint64_t number, TimePoint now);
    /// The same when it is asked for; answers `now`. ResourceConflictException (409) while it runs, while its last
    /// invocation is under way, and until whoever invoked it was told how it ended: a server that was killed in between
    /// would look for it.
    Result<TimePoint> erase(store::Transaction& rows, std::string_view arn, TimePoint now);

    ExecutionMeters meters = {};

private:
    CachedExecution& keep(core::Execution execution);
    void erase(store::Transaction& rows, const core::Head& head);

    std::size_t bytes_max_;
    std::size_t bytes_ = 0;  // of what is kept, as counted when a command with it ended
    std::unordered_map<std::uint64_t, std::unique_ptr<CachedExecution>> entries_;
    std::vector<std::uint64_t> found_;  // by the command that runs
};

}  // namespace holdpoint::engine
