// Index changes: a table gets other global indexes while it has items. (CloudFormation does the same when a template's
// indexes change; DynamoDB developer guide, "Managing Global Secondary Indexes")
#pragma once

#include <vector>

#include "tables/table.hpp"

namespace holdpoint::tables {

/// The table with these indexes, and the jobs that give the new ones their entries and take those of the ones that
/// went. ValidationError when a local index would change: those are made with their table.
[[nodiscard]] Result<Table> change_indexes(const Table& table, const std::vector<Index>& wanted);

}  // namespace holdpoint::tables
