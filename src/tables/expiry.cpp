// Expiry: deleting items whose time to live has passed, and what else is kept for a time only.
#include <algorithm>
#include <map>

#include "tables/changes.hpp"
#include "tables/operations.hpp"
#include "tables/tokens.hpp"

namespace holdpoint::tables {
namespace {

/// Items that claim to have expired longer ago stay: such a number is more likely a mistake. (DynamoDB, Time to Live)
constexpr std::chrono::seconds kOldestExpiry = std::chrono::years{5};

struct Entry {
    std::uint64_t due = 0;
    std::string row_key;
    std::string table;
};

std::optional<Entry> read_entry(std::string_view key) {
    const auto due = take_key_number(key);
    if (!due) return std::nullopt;
    Entry entry{.due = *due, .row_key = std::string(key), .table = {}};
    auto table = take_key_part(key);
    if (!table) return std::nullopt;
    entry.table = std::move(*table);
    return entry;
}

}  // namespace

std::vector<RowWrite> expired(const RowReader& rows, TimePoint now, std::size_t limit) {
    std::vector<RowWrite> writes = old_tokens(rows, now, limit);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
    std::string end;
    append_key_number(end, static_cast<std::uint64_t>(std::max<std::int64_t>(0, seconds.count() + 1)));
    std::map<std::string, std::optional<Table>> tables;
    for (const auto& row : rows.scan(Space::item_expiry, "", end, limit)) {
        // The entry goes in any case: its item is deleted, or it was changed or deleted without it (with its table, or
        // while expiry was off), or it will never expire.
        writes.push_back({.space = Space::item_expiry, .key = row.key, .value = std::nullopt});
        const auto entry = read_entry(row.key);
        if (!entry) continue;
        auto known = tables.find(entry->table);
        if (known == tables.end()) {
            auto loaded = load_table(rows, entry->table);
            known = tables.emplace(entry->table, loaded ? std::optional(std::move(*loaded)) : std::nullopt).first;
        }
        const auto& table = known->second;
        const auto item = table ? read_item(rows, entry->row_key) : std::nullopt;
        if (!item || expiry_of(*table, *item) != entry->due) continue;
        if (static_cast<std::int64_t>(entry->due) < (seconds - kOldestExpiry).count()) continue;
        for (auto& write : item_changes(*table, &*item, nullptr)) {
            if (write.space != Space::item_expiry) writes.push_back(std::move(write));
        }
    }
    return writes;
}

}  // namespace holdpoint::tables
