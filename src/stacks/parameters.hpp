// Parameters: a template's parameters with their limits, and the values that a deployment gives them.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <string>

#include "stacks/problems.hpp"

namespace holdpoint::stacks {

/// A value (text, number, or list of texts) for each parameter of `document`: given, or its default. What is missing,
/// unknown or outside its limits goes to `problems`.
[[nodiscard]] std::map<std::string, boost::json::value> resolve_parameters(
    const Document& document, const std::map<std::string, std::string>& given, Problems& problems);

}  // namespace holdpoint::stacks
