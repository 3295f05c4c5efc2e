// Tags: what CreateTable and TagResource may say about a table, which means nothing here but is kept.
#pragma once

#include "tables/members.hpp"
#include "tables/table.hpp"

namespace holdpoint::tables {

/// ValidationException for keys of more than 128 bytes or in AWS's own name, values of more than 256, and more than 50
/// of them. (DynamoDB, Tagging restrictions)
[[nodiscard]] Result<Tags> read_tags(const json::array& list);

}  // namespace holdpoint::tables
