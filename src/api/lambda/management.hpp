// Managing functions: creating and reading them, code, configuration, versions, aliases, deletion. (AWS API, Lambda
// 2015-03-31)
#pragma once

#include "api/lambda/lambda.hpp"

namespace holdpoint::api {

/// False: the request is none of these operations.
[[nodiscard]] bool handle_management(const Context& context, const LambdaEngine& engine, Call& call);

}  // namespace holdpoint::api
