// Conditions: parsing ConditionExpression, FilterExpression and KeyConditionExpression, and evaluating them.
#pragma once

#include <string_view>

#include "tables/expression/ast.hpp"
#include "tables/expression/bindings.hpp"

namespace holdpoint::tables::expression {

/// `parameter` is the member's name for the messages. ValidationException in DynamoDB's words.
[[nodiscard]] Result<Condition> parse_condition(std::string_view parameter, std::string_view text, Bindings& bindings);

/// Missing attributes and operands of different types are never an error: they compare as unequal, and in no order.
[[nodiscard]] bool evaluate(const Condition& condition, const Item& item);

/// The paths that a condition looks at.
[[nodiscard]] std::vector<Path> paths_of(const Condition& condition);

}  // namespace holdpoint::tables::expression
