// Resolver: replaces the intrinsic functions of a template by what they mean. (AWS CloudFormation, "Intrinsic
// functions")
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "stacks/node.hpp"
#include "stacks/parameters.hpp"
#include "stacks/problems.hpp"

namespace holdpoint::stacks {

/// Where a stack is deployed.
struct Target {
    std::string stack_name;
    std::string stack_id;  // ARN
    std::string region;
    std::string account;
};

/// What others may refer to in a resource.
struct Attributes {
    std::string reference;                     // Ref
    std::map<std::string, std::string> named;  // Fn::GetAtt
};

class Resolver {
public:
    /// `conditions` is the template's Conditions section, or nothing. All references outlive the resolver.
    Resolver(const Target& target, const Parameters& parameters, const Node* conditions, Problems& problems);

    /// From now on the resource can be referred to.
    void add(const std::string& resource, Attributes attributes);
    /// A resource whose own problems have been told: references to it are unknown without a further problem.
    void add_unknown(const std::string& resource);

    /// `node` without intrinsic functions. What cannot be resolved becomes Kind::unknown, and its problem is told.
    [[nodiscard]] Node resolve(const Node& node, const std::string& path);
    /// The value of a condition; false when it cannot be told, and then its problem is told.
    [[nodiscard]] bool condition(const std::string& name, int line, const std::string& path);

private:
    Node call(const std::string& name, const Node& argument, const std::string& path);
    Node reference(const std::string& name, int line, const std::string& path);
    Node attribute(const std::string& resource, const std::string& name, int line, const std::string& path);
    Node substitute(const Node& argument, const std::string& path);
    Node join(const Node& argument, const std::string& path);
    Node choose(const Node& argument, const std::string& path);
    std::optional<bool> evaluate(const Node& node, const std::string& path);
    std::optional<bool> evaluate_all(const std::string& name, const Node& arguments, const std::string& path);
    std::optional<bool> evaluate_equals(const Node& arguments, const std::string& path);
    [[nodiscard]] std::optional<std::string> pseudo_parameter(const std::string& name) const;
    Node refuse(const std::string& path, int line, std::string message);

    const Target& target_;
    const Parameters& parameters_;
    const Node* conditions_;
    Problems& problems_;
    std::map<std::string, Attributes> resources_;
    std::set<std::string> unknown_;
    std::set<std::string> under_way_;  // conditions being evaluated, to find circles
};

}  // namespace holdpoint::stacks
