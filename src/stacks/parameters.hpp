// Parameters: a template's parameters with their limits, and the values that a deployment gives them.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <set>
#include <string>

#include "stacks/problems.hpp"

namespace holdpoint::stacks {

/// What a deployment says about parameters.
struct ParameterValues {
    std::map<std::string, std::string> given;
    /// Of the deployment before; kept where nothing is given, as `sam deploy` does.
    std::map<std::string, std::string> previous = {};
};

/// A value (text, or list of texts) for each parameter of `document`: given, or the previous one, or its
/// default. What is missing, unknown or outside its limits goes to `problems`.
[[nodiscard]] std::map<std::string, boost::json::value> resolve_parameters(const Document& document,
                                                                           const ParameterValues& deployment,
                                                                           Problems& problems);

/// The parameters with NoEcho, whose values nobody is shown.
[[nodiscard]] std::set<std::string> hidden_parameters(const Document& document);

}  // namespace holdpoint::stacks
