#include "base/overlay_rows.hpp"

#include <algorithm>

namespace holdpoint {

void OverlayRows::write(const std::vector<RowWrite>& writes) {
    for (const RowWrite& write : writes) changed_[{write.space, write.key}] = write.value;
}

std::vector<RowWrite> OverlayRows::writes() const {
    std::vector<RowWrite> result;
    result.reserve(changed_.size());
    for (const auto& [place, value] : changed_) result.push_back({place.first, place.second, value});
    return result;
}

std::optional<std::string> OverlayRows::get(Space space, std::string_view key) const {
    const auto found = changed_.find({space, std::string(key)});
    return found != changed_.end() ? found->second : base_.get(space, key);
}

std::vector<Row> OverlayRows::scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                                   bool reverse) const {
    std::map<std::string, std::string> rows;
    // What is erased on top may hide rows of the page below.
    const std::size_t wanted = limit > SIZE_MAX - changed_.size() ? SIZE_MAX : limit + changed_.size();
    for (Row& row : base_.scan(space, from, to, wanted, reverse))
        rows.emplace(std::move(row.key), std::move(row.value));
    for (const auto& [place, value] : changed_) {
        if (place.first != space || place.second < from || (!to.empty() && place.second >= to)) continue;
        if (value) {
            rows[place.second] = *value;
        } else {
            rows.erase(place.second);
        }
    }
    std::vector<Row> result;
    result.reserve(rows.size());
    for (auto& [key, value] : rows) result.push_back({key, value});
    if (reverse) std::reverse(result.begin(), result.end());
    if (result.size() > limit) result.resize(limit);
    return result;
}

}  // namespace holdpoint
