// CloudFormation: the Query/XML surface over deployed stacks: describing, listing, deleting. Deploying is `holdpoint
// deploy`. (AWS API, CloudFormation 2010-05-15)
#pragma once

#include <memory>

#include "api/deploy/deploy.hpp"
#include "api/service.hpp"

namespace holdpoint::api {

/// DescribeStacks, DescribeStackResources, ListStackResources, ListStacks, GetTemplate, DeleteStack. DeleteStack does
/// not ask whether executions are open, as on AWS; what the template retains stays.
[[nodiscard]] std::unique_ptr<Service> make_cloudformation_service(const Context& context, DeployOptions options);

}  // namespace holdpoint::api
