// KeyCondition: what a KeyConditionExpression means for a key schema: one partition, and a range of sort keys.
#pragma once

#include <string>

#include "tables/expression/ast.hpp"
#include "tables/table.hpp"

namespace holdpoint::tables {

/// Row keys with from <= key < to.
struct KeyRange {
    std::string from;
    std::string to;
};

/// The rows below `prefix` (of the table's items or the index's entries) that the condition selects.
/// ValidationException in DynamoDB's words when it is not a condition on the key.
[[nodiscard]] Result<KeyRange> key_range(const expression::Condition& condition, const KeySchema& key,
                                         std::string_view prefix);

}  // namespace holdpoint::tables
