// Updates: parsing UpdateExpression and applying it to an item.
#pragma once

#include <string_view>

#include "tables/expression/ast.hpp"
#include "tables/expression/bindings.hpp"

namespace holdpoint::tables::expression {

/// ValidationException in DynamoDB's words; the updated paths are known to be apart.
[[nodiscard]] Result<Update> parse_update(std::string_view text, Bindings& bindings);

/// The item after the update. Everything is read from `item` as it was, and list indexes mean its places before the
/// update, whatever the order of the actions. ValidationException when the item does not suit the update.
[[nodiscard]] Result<Item> apply(const Update& update, const Item& item);

}  // namespace holdpoint::tables::expression
