// ItemWrite: one change to one item, as PutItem, UpdateItem, DeleteItem, batches and transactions share it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tables/capacity.hpp"
#include "tables/expression/ast.hpp"
#include "tables/table.hpp"

namespace holdpoint::tables {

enum class WriteKind { put, update, remove, check };

/// A change with its expressions parsed; what it means for a table is decided later.
struct ItemWrite {
    WriteKind kind = WriteKind::put;
    std::string table;  // name or ARN
    Item subject;       // put: the item; otherwise the key
    std::optional<expression::Condition> condition;
    std::optional<expression::Update> update;
    bool answer_old_on_failure = false;
};

/// Reads the members TableName, Item or Key, the expressions or what was used before them, and
/// ReturnValuesOnConditionCheckFailure.
[[nodiscard]] Result<ItemWrite> parse_item_write(WriteKind kind, const json::object& request);

/// What a write does to a table's item.
struct ItemChange {
    std::string row_key;
    std::optional<Item> before;
    std::optional<Item> after;
    Capacity capacity;
    std::vector<RowWrite> writes;
};

/// The item's row key, once its key is known to suit the table.
[[nodiscard]] Result<std::string> target_of(const Table& table, const ItemWrite& write);
/// ConditionalCheckFailedException (with the Item when asked for), or ValidationException.
[[nodiscard]] Result<ItemChange> decide_write(const RowReader& rows, const Table& table, const ItemWrite& write);

}  // namespace holdpoint::tables
