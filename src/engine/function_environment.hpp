// The environment of a function's process: its own variables, and what Lambda sets. (Lambda developer guide, "Defined
// runtime environment variables")
#pragma once

#include <string>
#include <vector>

#include "engine/code_place.hpp"
#include "engine/function_process.hpp"
#include "engine/invoker.hpp"

namespace holdpoint::engine {

/// `NAME=value` each. `spec` says where the process logs to.
[[nodiscard]] std::vector<std::string> function_environment(const functions::Function& function,
                                                            const InvokerOptions& options,
                                                            const ProcessCredentials& credentials,
                                                            const CodePlace& place, const ProcessSpec& spec,
                                                            const ProcessName& name);

}  // namespace holdpoint::engine
