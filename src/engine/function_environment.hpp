// The environment of a function's process: its own variables, and what Lambda sets. (Lambda developer guide, "Defined
// runtime environment variables")
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/code_place.hpp"
#include "engine/invoker.hpp"

namespace holdpoint::engine {

/// `NAME=value` each. `spec` says where the process logs to; `secret` is its own part of the Runtime API's address.
[[nodiscard]] std::vector<std::string> function_environment(const functions::Function& function,
                                                            const InvokerOptions& options,
                                                            const ProcessCredentials& credentials,
                                                            const CodePlace& place, const ProcessSpec& spec,
                                                            std::string_view secret);

}  // namespace holdpoint::engine
