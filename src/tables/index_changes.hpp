// Index changes: a table gets other global indexes while it has items. (CloudFormation does the same when a template's
// indexes change; DynamoDB developer guide, "Managing Global Secondary Indexes")
#pragma once

#include <vector>

#include "base/rows.hpp"
#include "tables/table.hpp"

namespace holdpoint::tables {

/// The table with these indexes, the entries of every item in those that are new, and none of those that went.
/// ValidationError when a local index would change: those are made with their table.
[[nodiscard]] Result<std::vector<RowWrite>> change_indexes(const RowReader& rows, const Table& table,
                                                           const std::vector<Index>& wanted);

}  // namespace holdpoint::tables
