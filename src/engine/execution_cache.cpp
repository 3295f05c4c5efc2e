#include "engine/execution_cache.hpp"

#include <fmt/format.h>

#include "core/rows.hpp"

namespace holdpoint::engine {

namespace {

/// Executions at rest that are kept folded in memory; more are folded again when something happens to them.
constexpr std::size_t kCachedMax = 10000;

/// About: what was written, and what each operation takes besides.
std::size_t size_of(const core::Execution& execution) {
    return execution.bytes_written() + execution.operations().size() * sizeof(core::OperationState);
}

std::unexpected<Error> conflict(std::string_view arn, std::string_view why) {
    return fail("ResourceConflictException", 409, fmt::format("Cannot delete {}: {}.", arn, why));
}

}  // namespace

std::optional<TimePoint> earlier(std::optional<TimePoint> one, std::optional<TimePoint> other) {
    if (!one || !other) return one ? one : other;
    return std::min(one, other);
}

TimePoint retention_end(const core::Head& head) {
    return *head.ended_at + std::chrono::days(head.retention_days);
}

Outcome outcome_of(const core::Execution& execution) {
    return {.status = execution.head().status, .result = execution.result(), .error = execution.error()};
}

CachedExecution& ExecutionCache::add(const core::Head& head) {
    meters.started.add();
    return keep(core::Execution(head));
}

CachedExecution& ExecutionCache::keep(core::Execution execution) {
    const std::uint64_t number = execution.head().number;
    found_.push_back(number);
    return *entries_.emplace(number, std::make_unique<CachedExecution>(std::move(execution))).first->second;
}

CachedExecution* ExecutionCache::find(const store::Transaction& rows, std::uint64_t number) {
    if (const auto known = entries_.find(number); known != entries_.end()) {
        found_.push_back(number);
        return known->second.get();
    }
    auto execution = core::load_execution(rows, number);
    if (!execution) return nullptr;
    CachedExecution& entry = keep(std::move(*execution));
    entry.has_running_row = rows.get(Space::running, core::number_key(number)).has_value();
    if (!entry.has_running_row) {
        entry.timer_row =
            entry.execution.is_running() ? entry.execution.next_due() : retention_end(entry.execution.head());
    }
    return &entry;
}

CachedExecution* ExecutionCache::find(const store::Transaction& rows, std::string_view arn) {
    const auto number = core::number_of_arn(arn);
    CachedExecution* entry = number ? find(rows, *number) : nullptr;
    return entry != nullptr && entry->execution.head().arn == arn ? entry : nullptr;
}

void ExecutionCache::journal(store::Transaction& rows, CachedExecution& entry,
                             const std::vector<core::Change>& changes) {
    const bool was_running = entry.execution.is_running();
    append(rows, entry, changes);
    const auto status = static_cast<std::size_t>(entry.execution.head().status);
    if (!was_running || entry.execution.is_running()) return;
    meters.ended.at(status).add();
    entry.has_just_ended = true;
}

void ExecutionCache::append(store::Transaction& rows, CachedExecution& entry,
                            const std::vector<core::Change>& changes) {
    if (changes.empty()) return;
    core::Execution& execution = entry.execution;
    const bool was_running = execution.is_running();
    const auto rewritten = execution.with_newest_entry(changes);
    const std::uint64_t place = execution.journal_entries() - (rewritten ? 1 : 0);
    std::vector<RowWrite> writes = {{Space::journal, core::journal_key(execution.head().number, place),
                                     core::encode_changes(rewritten ? *rewritten : changes)}};
    rewritten ? execution.apply_to_newest_entry(changes) : execution.apply(changes);
    if (was_running && !execution.is_running()) {
        writes.push_back(
            {Space::executions, core::number_key(execution.head().number), core::encode_head(execution.head())});
    }
    rows.apply(writes);
}

std::optional<TimePoint> ExecutionCache::write_place(store::Transaction& rows, CachedExecution& entry, bool in_flight,
                                                     std::optional<TimePoint> timer) {
    const std::uint64_t number = entry.execution.head().number;
    std::vector<RowWrite> writes;
    std::optional<TimePoint> added;
    if (in_flight != entry.has_running_row) {
        writes.push_back(
            {Space::running, core::number_key(number), in_flight ? std::optional<std::string>("") : std::nullopt});
        entry.has_running_row = in_flight;
    }
    if (timer != entry.timer_row) {
        if (entry.timer_row) {
            writes.push_back({Space::timers, core::timer_key(*entry.timer_row, number), std::nullopt});
        }
        if (timer) writes.push_back({Space::timers, core::timer_key(*timer, number), std::string()});
        added = timer;
        entry.timer_row = timer;
    }
    if (!writes.empty()) rows.apply(writes);
    return added;
}

bool ExecutionCache::forget(store::Transaction& rows, std::uint64_t number, TimePoint now) {
    const auto known = entries_.find(number);
    if (known != entries_.end() && known->second->execution.is_running()) return false;
    const auto head = core::read_head(rows, number);
    if (!head || head->status == wire::ExecutionStatus::running || retention_end(*head) > now) return false;
    if (rows.get(Space::running, core::number_key(number))) return false;
    erase(rows, *head);
    return true;
}

Result<TimePoint> ExecutionCache::erase(store::Transaction& rows, std::string_view arn, TimePoint now) {
    const auto head = core::find_execution(rows, arn);
    if (!head) return std::unexpected(head.error());
    if (head->status == wire::ExecutionStatus::running) return conflict(arn, "it has not ended; stop it first");
    if (rows.get(Space::running, core::number_key(head->number)))
        return conflict(arn, "its last invocation is still under way; try again later");
    if (head->parent) {
        const CachedExecution* caller = find(rows, head->parent->execution);
        const core::OperationState* invoke = caller == nullptr ? nullptr : caller->execution.find(head->parent->id);
        if (invoke != nullptr && caller->execution.is_running() && !core::is_terminal(invoke->operation.status)) {
            return conflict(arn, "the execution that invoked it was not told yet; try again later");
        }
    }
    erase(rows, *head);
    return now;
}

void ExecutionCache::erase(store::Transaction& rows, const core::Head& head) {
    rows.apply(core::erase_writes(rows, head));
    rows.apply({{Space::timers, core::timer_key(retention_end(head), head.number), std::nullopt}});
    if (const auto known = entries_.find(head.number); known != entries_.end()) {
        bytes_ -= known->second->counted_bytes;
        entries_.erase(known);
    }
    meters.forgotten.add();
}

void ExecutionCache::end_command() {
    for (const std::uint64_t number : found_) {
        const auto found = entries_.find(number);
        if (found == entries_.end()) continue;
        CachedExecution& entry = *found->second;
        const std::size_t bytes = size_of(entry.execution);
        bytes_ += bytes - std::exchange(entry.counted_bytes, bytes);
        const bool is_needed = entry.queued || entry.execution.invocation() || !entry.waiters.empty();
        const bool has_room = entries_.size() <= kCachedMax && bytes_ <= bytes_max_;
        if (is_needed || (entry.execution.is_running() && has_room)) continue;
        bytes_ -= bytes;
        entries_.erase(found);
    }
    found_.clear();
    meters.in_memory = entries_.size();
}

}  // namespace holdpoint::engine
