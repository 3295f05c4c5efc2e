// Legacy: the parameters from before expressions, read as the expressions that took their place. (DynamoDB developer
// guide, "Legacy conditional parameters")
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "tables/expression/ast.hpp"
#include "tables/members.hpp"

namespace holdpoint::tables::legacy {

/// ValidationException when `request` has members of both kinds.
[[nodiscard]] Result<void> check_unmixed(const json::object& request, std::initializer_list<std::string_view> legacy,
                                         std::initializer_list<std::string_view> expressions);

// Each answers nothing when its member is absent, and ValidationException when it is wrong. Names of attributes stand
// for themselves: a dot in one is no path.

/// AttributesToGet, as a projection.
[[nodiscard]] Result<std::optional<std::vector<expression::Path>>> read_attributes_to_get(Members& members);
/// QueryFilter or ScanFilter, and ConditionalOperator, as a filter.
[[nodiscard]] Result<std::optional<expression::Condition>> read_filter(Members& members, std::string_view name);
/// KeyConditions, as the condition that KeyConditionExpression would be.
[[nodiscard]] Result<std::optional<expression::Condition>> read_key_conditions(Members& members);
/// Expected and ConditionalOperator, as a condition.
[[nodiscard]] Result<std::optional<expression::Condition>> read_expected(Members& members);
/// AttributeUpdates, as an update.
[[nodiscard]] Result<std::optional<expression::Update>> read_attribute_updates(Members& members);

}  // namespace holdpoint::tables::legacy
