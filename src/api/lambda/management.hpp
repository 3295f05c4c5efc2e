// Managing functions: reading them, versions, aliases, configuration, deletion. (AWS API, Lambda 2015-03-31)
#pragma once

#include <boost/json.hpp>

#include "api/service.hpp"
#include "functions/function.hpp"

namespace holdpoint::api {

/// False: the request is none of these operations.
[[nodiscard]] bool handle_management(const Context& context, Call& call);

/// FunctionConfiguration; with `qualified` the ARN names the version.
[[nodiscard]] boost::json::object function_configuration(const Context& context, const functions::Function& function,
                                                         bool qualified);

}  // namespace holdpoint::api
