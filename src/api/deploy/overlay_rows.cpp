#include "api/deploy/overlay_rows.hpp"

#include <algorithm>

namespace holdpoint::api {

void OverlayRows::apply(std::vector<RowWrite> writes) {
    for (RowWrite& write : writes) spaces_[write.space].insert_or_assign(std::move(write.key), std::move(write.value));
}

std::vector<RowWrite> OverlayRows::take() {
    std::vector<RowWrite> writes;
    for (auto& [space, changed] : spaces_) {
        for (auto& [key, value] : changed) writes.push_back({.space = space, .key = key, .value = std::move(value)});
    }
    spaces_.clear();
    return writes;
}

std::optional<std::string> OverlayRows::get(Space space, std::string_view key) const {
    if (const auto changed = spaces_.find(space); changed != spaces_.end()) {
        if (const auto found = changed->second.find(key); found != changed->second.end()) return found->second;
    }
    return below_.get(space, key);
}

std::vector<Row> OverlayRows::scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                                   bool reverse) const {
    const auto changed = spaces_.find(space);
    if (changed == spaces_.end() || changed->second.empty()) return below_.scan(space, from, to, limit, reverse);
    const Writes& writes = changed->second;
    // Each erased row may hide one of those below.
    const std::size_t more = limit > SIZE_MAX - writes.size() ? SIZE_MAX : limit + writes.size();
    std::map<std::string, std::string> merged;
    for (Row& row : below_.scan(space, from, to, more, reverse)) {
        if (!writes.contains(row.key)) merged.emplace(std::move(row.key), std::move(row.value));
    }
    for (auto write = writes.lower_bound(from); write != writes.end() && (to.empty() || write->first < to); ++write) {
        if (write->second) merged.emplace(write->first, *write->second);
    }
    std::vector<Row> rows;
    rows.reserve(merged.size());
    for (auto& [key, value] : merged) rows.push_back({.key = key, .value = std::move(value)});
    if (reverse) std::ranges::reverse(rows);
    if (rows.size() > limit) rows.resize(limit);
    return rows;
}

}  // namespace holdpoint::api
