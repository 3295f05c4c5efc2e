// What a deployment is refused for once it is known what it makes of the stack.
#pragma once

#include <string>

#include "api/deploy/apply.hpp"

namespace holdpoint::api {

[[nodiscard]] bool has_resource(const Stack& stack, std::string_view type, std::string_view physical_id);

/// The second of two would be what the first is, changed.
[[nodiscard]] Result<void> check_names(const Stack& stack);
/// A resource belongs to one stack: another one that took it over would lose it when the first is deleted.
[[nodiscard]] Result<void> check_owners(const RowReader& rows, const Stack& stack);
/// What was made otherwise would go with the stack. Tables are taken over: what a stack left is its next one's.
[[nodiscard]] Result<void> check_made_here(const Applied& applied, const std::optional<Stack>& before);
/// Once what goes is gone. The session of a function without a role may do nothing.
[[nodiscard]] Result<void> check_roles(const RowReader& rows, const stacks::Plan& plan, const std::string& account);

}  // namespace holdpoint::api
