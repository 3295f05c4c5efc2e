#include "tables/changes.hpp"

#include "tables/keys.hpp"

namespace holdpoint::tables {
namespace {

/// Erases the old row and puts the new one, unless they are the same.
void move_row(std::vector<RowWrite>& writes, Space space, std::optional<std::string> from,
              std::optional<std::string> to, const std::string& value) {
    if (from == to) return;
    if (from) writes.push_back({.space = space, .key = std::move(*from), .value = std::nullopt});
    if (to) writes.push_back({.space = space, .key = std::move(*to), .value = value});
}

}  // namespace

std::optional<Item> read_item(const RowReader& rows, std::string_view row_key) {
    const auto row = rows.get(Space::items, row_key);
    return row ? std::optional(decode_item(*row)) : std::nullopt;
}

std::vector<RowWrite> item_changes(const Table& table, const Item* before, const Item* after) {
    std::vector<RowWrite> writes;
    if (before == nullptr && after == nullptr) return writes;
    const auto row_key = item_key(table, before != nullptr ? *before : *after);
    writes.push_back({.space = Space::items,
                      .key = row_key,
                      .value = after != nullptr ? std::optional(encode_item(*after)) : std::nullopt});
    for (const auto& index : table.indexes) {
        move_row(writes, Space::index_items, before != nullptr ? index_entry_key(table, index, *before) : std::nullopt,
                 after != nullptr ? index_entry_key(table, index, *after) : std::nullopt, row_key);
    }
    const auto expiry = [&](const Item* item) -> std::optional<std::string> {
        const auto due = item != nullptr ? expiry_of(table, *item) : std::nullopt;
        return due ? std::optional(expiry_key(*due, row_key)) : std::nullopt;
    };
    move_row(writes, Space::item_expiry, expiry(before), expiry(after), "");
    return writes;
}

Item projected(const Table& table, const Index& index, const Item& item) {
    if (index.projection == Projection::all) return item;
    Item result;
    for (const auto& attribute : item) {
        if (Table::projects(table, index, attribute.first)) result.insert(attribute);
    }
    return result;
}

std::optional<std::uint64_t> expiry_of(const Table& table, const Item& item) {
    if (!table.ttl_attribute) return std::nullopt;
    const auto found = item.find(*table.ttl_attribute);
    const auto* number = found != item.end() ? found->second.as<Number>() : nullptr;
    if (number == nullptr) return std::nullopt;
    const auto due = number->to_int64();
    return due > 0 ? std::optional(static_cast<std::uint64_t>(due)) : std::nullopt;
}

std::string expiry_key(std::uint64_t due, std::string_view row_key) {
    std::string key;
    append_key_number(key, due);
    key += row_key;
    return key;
}

}  // namespace holdpoint::tables
