// ItemRead: what GetItem, BatchGetItem and TransactGetItems share.
#pragma once

#include <optional>
#include <vector>

#include "tables/expression/path.hpp"
#include "tables/members.hpp"

namespace holdpoint::tables {

/// The paths of the ProjectionExpression; nothing when the request has none. `members` must be those of `request`.
[[nodiscard]] Result<std::optional<std::vector<expression::Path>>> parse_projection_of(const json::object& request,
                                                                                       Members& members);

}  // namespace holdpoint::tables
