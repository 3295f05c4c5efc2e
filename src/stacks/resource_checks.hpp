// Resource checks: what a schema cannot say about a resource's properties.
#pragma once

#include <span>

#include "stacks/plan.hpp"
#include "stacks/problems.hpp"

namespace holdpoint::stacks {

/// `node` is where the properties stand, for lines.
void check_resource_properties(const Resource& resource, const Node& node, Problems& problems);

/// Each function's role, when it is the template's own, must let Lambda assume it; a role of another account cannot be
/// had. (AWS API, CreateFunction: "The role defined for the function cannot be assumed by Lambda.")
void check_roles(std::span<const Resource> resources, const Target& target, Problems& problems);

}  // namespace holdpoint::stacks
