// Keys: the row keys of items and index entries, in DynamoDB's order, and DynamoDB's rules for key attributes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tables/expression/path.hpp"
#include "tables/table.hpp"

namespace holdpoint::tables {

inline constexpr std::size_t kPartitionKeyBytesMax = 2048;
inline constexpr std::size_t kSortKeyBytesMax = 1024;

/// What every item's row key (Space::items) of the table starts with.
[[nodiscard]] std::string items_prefix(const Table& table);
/// What every entry's row key (Space::index_items) of the index starts with.
[[nodiscard]] std::string index_prefix(const Table& table, const Index& index);

/// Appends a string, number or binary so that keys order as the values do; none is the beginning of another.
void append_key_value(std::string& key, const Value& value);
/// The start that all strings (or binaries) beginning with `value` share.
void append_key_beginning(std::string& key, const Value& value);

/// The item's row key; `item` must have the key attributes with the right types.
[[nodiscard]] std::string item_key(const Table& table, const Item& item);
/// The entry's row key; nothing when the item lacks one of the index's attributes, or has it with
/// another type (as it may when the index is younger), and so is not in the index.
[[nodiscard]] std::optional<std::string> index_entry_key(const Table& table, const Index& index, const Item& item);

/// The partition key's bytes in a row key that starts with `prefix`.
[[nodiscard]] std::string_view partition_of(const KeySchema& key, std::string_view prefix, std::string_view row_key);

/// Only the attributes of these schemas.
[[nodiscard]] Item key_of(const KeySchema& key, const Item& item);

/// A Key member: exactly the key attributes, with their types, neither empty nor too long.
[[nodiscard]] Result<void> check_key(const Table& table, const Item& key);
/// An item to put: it has its key; attributes of index keys have their types.
[[nodiscard]] Result<void> check_new_item(const Table& table, const Item& item);
/// Keys of tables and indexes are scalars: no path of an expression leads into one.
[[nodiscard]] Result<void> check_scalar_keys(const Table& table, std::span<const expression::Path> paths);
/// The attributes of index keys after an update.
[[nodiscard]] Result<void> check_index_keys(const Table& table, const Item& item);

}  // namespace holdpoint::tables
