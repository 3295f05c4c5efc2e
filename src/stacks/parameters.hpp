// Parameters: a template's parameters, their limits, and the values they get. (AWS CloudFormation, "Parameters")
#pragma once

#include <map>
#include <string>

#include "stacks/node.hpp"
#include "stacks/problems.hpp"

namespace holdpoint::stacks {

struct Parameter {
    std::string text;     // as given; a list's elements stand between commas
    Node value;           // what Ref means: a text, or a list of texts
    bool hidden = false;  // NoEcho
};

using Parameters = std::map<std::string, Parameter>;

/// The value of each parameter: what `given` says, else its default. Everything that does not fit goes to `problems`.
[[nodiscard]] Parameters read_parameters(const Node& root, const std::map<std::string, std::string>& given,
                                         Problems& problems);

}  // namespace holdpoint::stacks
