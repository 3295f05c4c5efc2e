#include "engine/execution_cache.hpp"

#include "core/rows.hpp"

namespace holdpoint::engine {

namespace {

/// Executions at rest that are kept folded in memory; more are folded again when something happens to them.
constexpr std::size_t kCachedMax = 10000;

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
    return *entries_.emplace(head.number, std::make_unique<CachedExecution>(core::Execution(head))).first->second;
}

CachedExecution* ExecutionCache::find(const store::Transaction& rows, std::uint64_t number) {
    if (const auto found = entries_.find(number); found != entries_.end()) return found->second.get();
    auto execution = core::load_execution(rows, number);
    if (!execution) return nullptr;
    auto entry = std::make_unique<CachedExecution>(std::move(*execution));
    entry->has_running_row = rows.get(Space::running, core::number_key(number)).has_value();
    if (!entry->has_running_row) {
        entry->timer_row =
            entry->execution.is_running() ? entry->execution.next_due() : retention_end(entry->execution.head());
    }
    return entries_.emplace(number, std::move(entry)).first->second.get();
}

void ExecutionCache::journal(store::Transaction& rows, CachedExecution& entry,
                             const std::vector<core::Change>& changes) {
    const bool was_running = entry.execution.is_running();
    append(rows, entry, changes);
    const auto status = static_cast<std::size_t>(entry.execution.head().status);
    if (was_running && !entry.execution.is_running()) meters.ended.at(status).add();
}

void ExecutionCache::append(store::Transaction& rows, CachedExecution& entry,
                            const std::vector<core::Change>& changes) {
    if (changes.empty()) return;
    core::Execution& execution = entry.execution;
    const bool was_running = execution.is_running();
    std::vector<RowWrite> writes = {{Space::journal,
                                     core::journal_key(execution.head().number, execution.journal_entries()),
                                     core::encode_changes(changes)}};
    execution.apply(changes);
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

void ExecutionCache::release(const CachedExecution& entry) {
    if (!entry.execution.is_running() || entries_.size() > kCachedMax) entries_.erase(entry.execution.head().number);
}

}  // namespace holdpoint::engine
