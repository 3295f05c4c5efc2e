// SAM: what AWS's serverless transform adds to a template before it is read: Globals, and roles that are not written.
#pragma once

#include "stacks/node.hpp"
#include "stacks/problems.hpp"

namespace holdpoint::stacks {

/// The Resources section with Globals.Function merged into each function (mappings merge, lists concatenate, the
/// function's own value wins), and for each function without a Role a resource `<function>Role` made from its Policies.
/// (AWS SAM, "Globals section", AWS::Serverless::Function)
[[nodiscard]] Node expand_sam(const Node& root, Problems& problems);

}  // namespace holdpoint::stacks
