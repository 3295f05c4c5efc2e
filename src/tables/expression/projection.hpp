// Projections: parsing ProjectionExpression; path.hpp's project() applies it.
#pragma once

#include <string_view>
#include <vector>

#include "tables/expression/bindings.hpp"
#include "tables/expression/path.hpp"

namespace holdpoint::tables::expression {

/// ValidationException in DynamoDB's words; the paths are known to be apart.
[[nodiscard]] Result<std::vector<Path>> parse_projection(std::string_view text, Bindings& bindings);

}  // namespace holdpoint::tables::expression
