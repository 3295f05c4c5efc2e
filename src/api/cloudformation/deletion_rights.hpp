// Deletion rights: what a caller must be allowed that deletes a stack, which is done with the caller's own permissions.
// (CloudFormation user guide, "CloudFormation service role": without one, the caller's)
#pragma once

#include <string>
#include <vector>

#include "api/deploy/stack_rows.hpp"
#include "api/service.hpp"

namespace holdpoint::api {

struct DeletionRight {
    std::string action;    // dynamodb:DeleteTable
    std::string resource;  // ARN
};

/// One for everything that remove_stack() removes; nothing for what it retains.
[[nodiscard]] std::vector<DeletionRight> deletion_rights(const Context& context, const Stack& stack);

}  // namespace holdpoint::api
