// What each type of resource is made of: the steps behind resources.hpp, one file per type.
#pragma once

#include "api/deploy/resources.hpp"
#include "stacks/stack.hpp"

namespace holdpoint::api {

[[nodiscard]] Result<ChangeKind> create_function(Site& site, const stacks::Resource& wanted);
[[nodiscard]] Result<ChangeKind> update_function(Site& site, const stacks::Resource& wanted);
[[nodiscard]] Result<void> delete_function(Site& site, const stacks::Resource& current);

[[nodiscard]] Result<ChangeKind> create_table(Site& site, const stacks::Resource& wanted);
[[nodiscard]] Result<ChangeKind> update_table(Site& site, const stacks::Resource& wanted);
[[nodiscard]] Result<void> delete_table(Site& site, const stacks::Resource& current);

[[nodiscard]] Result<ChangeKind> create_topic(Site& site, const stacks::Resource& wanted);
[[nodiscard]] Result<ChangeKind> update_topic(Site& site, const stacks::Resource& wanted,
                                              const stacks::Resource& current);
[[nodiscard]] Result<void> delete_topic(Site& site, const stacks::Resource& current);

[[nodiscard]] Result<ChangeKind> create_role(Site& site, const stacks::Resource& wanted);
[[nodiscard]] Result<ChangeKind> update_role(Site& site, const stacks::Resource& wanted);

/// "<what>/<name> already exists", naming the stack that owns it. (CloudFormation, AlreadyExistsException)
[[nodiscard]] std::unexpected<Error> already_exists(const Site& site, const stacks::Resource& wanted);

}  // namespace holdpoint::api
