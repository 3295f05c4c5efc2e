// Plan: what a template means on this server: its resources in the order of their making, with resolved properties, and
// its outputs. (AWS SAM and CloudFormation template reference)
#pragma once

#include <boost/json.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "stacks/resolver.hpp"

namespace holdpoint::stacks {

struct Resource {
    std::string logical_id;
    std::string type;         // one of resource_types.hpp
    std::string name;         // the name that the service knows it by
    std::string physical_id;  // what Ref answers: the name, or a topic's ARN
    /// Checked and resolved; without what means something on AWS only. The name property is always there.
    boost::json::object properties;
    std::string executable;          // functions: Metadata.HoldpointExecutable
    bool retain_on_delete = false;   // DeletionPolicy: Retain
    bool retain_on_replace = false;  // UpdateReplacePolicy: Retain
    friend bool operator==(const Resource&, const Resource&) = default;
};

struct Output {
    std::string key;
    std::string value;
    std::string description;
    friend bool operator==(const Output&, const Output&) = default;
};

struct PlannedParameter {
    std::string value;
    bool hidden = false;  // NoEcho: shown as ****
    friend bool operator==(const PlannedParameter&, const PlannedParameter&) = default;
};

struct Plan {
    std::string description;
    std::map<std::string, PlannedParameter> parameters;
    std::vector<Resource> resources;
    std::vector<Output> outputs;
    /// "Resource.Property" (or "Outputs.X.Export"): accepted, but it means something on AWS only.
    std::vector<std::string> aws_only;
};

/// ValidationError with everything that is wrong or not supported, each with its path and line (Problems::error()).
[[nodiscard]] Result<Plan> make_plan(std::string_view template_text,
                                     const std::map<std::string, std::string>& parameters, const Target& target);

/// The names of the parameters that a template has; empty when it cannot be read.
[[nodiscard]] std::vector<std::string> parameter_names(std::string_view template_text);

}  // namespace holdpoint::stacks
