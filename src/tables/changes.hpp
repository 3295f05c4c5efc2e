// Changes: the rows that change when one item does: the item, its index entries, its expiry.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/rows.hpp"
#include "tables/table.hpp"

namespace holdpoint::tables {

/// The stored item; nothing when there is none.
[[nodiscard]] std::optional<Item> read_item(const RowReader& rows, std::string_view row_key);

/// Everything to write when `before` becomes `after` (nullptr: no item). Index entries hold the item's row key alone:
/// they are written only when an item moves in the index, and what an index shows is always the item as it is.
[[nodiscard]] std::vector<RowWrite> item_changes(const Table& table, const Item* before, const Item* after);

/// What the index shows of an item.
[[nodiscard]] Item projected(const Table& table, const Index& index, const Item& item);

/// When the item expires, in seconds since the epoch; nothing when it does not. (DynamoDB, Time to Live)
[[nodiscard]] std::optional<std::uint64_t> expiry_of(const Table& table, const Item& item);
/// The key in Space::item_expiry.
[[nodiscard]] std::string expiry_key(std::uint64_t due, std::string_view row_key);

}  // namespace holdpoint::tables
