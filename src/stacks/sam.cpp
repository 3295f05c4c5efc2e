#include "stacks/sam.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "stacks/resource_types.hpp"

namespace holdpoint::stacks {
namespace {

/// Those of Globals.Function that this server reads or knows as AWS only.
constexpr std::array<std::string_view, 13> kGlobals = {
    "Architectures", "AutoPublishAlias", "Description", "DurableConfig", "Environment", "EphemeralStorage",
    "KmsKeyArn",     "LoggingConfig",    "MemorySize",  "PropagateTags", "Tags",        "Timeout",
    "Tracing"};

bool is_type(const Node& resource, std::string_view type) {
    const Node* found = resource.find("Type");
    return found != nullptr && found->text == type;
}

bool is_plain_map(const Node& node) {
    return node.is_map() && node.intrinsic() == nullptr;
}

Node merge(const Node& global, const Node& own) {
    if (is_plain_map(global) && is_plain_map(own)) {
        Node merged = own;
        for (const auto& [key, value] : global.members) {
            if (Node* found = merged.find(key)) {
                *found = merge(value, *found);
            } else {
                merged.members.emplace_back(key, value);
            }
        }
        return merged;
    }
    if (global.is_list() && own.is_list()) {
        Node merged = global;
        merged.elements.insert(merged.elements.end(), own.elements.begin(), own.elements.end());
        return merged;
    }
    return own;
}

Node read_globals(const Node& root, Problems& problems) {
    const Node* globals = root.find("Globals");
    if (globals == nullptr) return Node::make_map({}, 0);
    Node function = Node::make_map({}, globals->line);
    for (const auto& [section, value] : globals->members) {
        if (section != "Function" || !value.is_map()) {
            problems.add("Globals." + section, value.line, "is not supported; Function is");
            continue;
        }
        for (const auto& member : value.members) {
            if (std::ranges::find(kGlobals, member.first) == kGlobals.end()) {
                problems.add("Globals.Function." + member.first, member.second.line, "is not supported");
            } else {
                function.members.push_back(member);
            }
        }
    }
    return function;
}

/// Policies of a function, as those of a role: statements inline, managed policies by ARN or name.
void add_policies(const std::string& function, const Node& policies, Node& inline_policies, Node& managed,
                  Problems& problems) {
    const std::string path = fmt::format("Resources.{}.Properties.Policies", function);
    const std::vector<Node> one = {policies};
    std::size_t number = 0;
    for (const Node& policy : policies.is_list() ? policies.elements : one) {
        if (policy.is_text()) {
            const auto known = std::ranges::find_if(managed_policies(), [&](std::string_view arn) {
                return arn == policy.text || arn.substr(arn.rfind('/') + 1) == policy.text;
            });
            managed.elements.push_back(
                Node::make_text(known == managed_policies().end() ? policy.text : std::string(*known), policy.line));
        } else if (policy.find("Statement") != nullptr) {
            Node entry = Node::make_map(
                {{"PolicyName", Node::make_text(fmt::format("{}RolePolicy{}", function, number++), policy.line)},
                 {"PolicyDocument", policy}},
                policy.line);
            inline_policies.elements.push_back(std::move(entry));
        } else {
            const std::string name = policy.members.empty() ? "" : policy.members.front().first;
            problems.add(
                path, policy.line,
                fmt::format("'{}' is not supported; a policy has a Statement, or is a managed policy's ARN", name));
        }
    }
}

Node text_map(std::initializer_list<std::pair<std::string, std::string>> texts, int line) {
    Node map = Node::make_map({}, line);
    for (const auto& [key, value] : texts) map.members.emplace_back(key, Node::make_text(value, line));
    return map;
}

/// The role that SAM writes for a function without one.
Node make_role(const std::string& function, const Node& properties, Problems& problems) {
    const int line = properties.line;
    Node inline_policies = Node::make_list({}, line);
    const std::size_t basic = properties.find("DurableConfig") != nullptr ? 1 : 0;
    Node managed = Node::make_list({Node::make_text(std::string(managed_policies()[basic]), line)}, line);
    if (const Node* policies = properties.find("Policies"))
        add_policies(function, *policies, inline_policies, managed, problems);
    Node statement = text_map({{"Effect", "Allow"}, {"Action", "sts:AssumeRole"}}, line);
    statement.members.emplace_back("Principal", text_map({{"Service", "lambda.amazonaws.com"}}, line));
    Node trust = text_map({{"Version", "2012-10-17"}}, line);
    trust.members.emplace_back("Statement", Node::make_list({std::move(statement)}, line));
    Node role_properties = Node::make_map({{"AssumeRolePolicyDocument", std::move(trust)},
                                           {"ManagedPolicyArns", std::move(managed)},
                                           {"Policies", std::move(inline_policies)}},
                                          line);
    return Node::make_map(
        {{"Type", Node::make_text(std::string(kRole), line)}, {"Properties", std::move(role_properties)}}, line);
}

}  // namespace

Node expand_sam(const Node& root, Problems& problems) {
    const Node* resources = root.find("Resources");
    if (resources == nullptr || !resources->is_map() || resources->members.empty()) {
        problems.add("Resources", root.line, "At least one Resources member must be defined.");
        return Node::make_map({}, root.line);
    }
    const Node globals = read_globals(root, problems);
    Node expanded = Node::make_map({}, resources->line);
    for (const auto& [name, resource] : resources->members) {
        expanded.members.emplace_back(name, resource);
        Node* properties = expanded.members.back().second.find("Properties");
        if (!is_type(resource, kFunction) || properties == nullptr || !properties->is_map()) continue;
        *properties = merge(globals, *properties);
        if (properties->find("Role") != nullptr) {
            if (const Node* policies = properties->find("Policies")) {
                problems.add(fmt::format("Resources.{}.Properties.Policies", name), policies->line,
                             "has no effect beside Role: write the policies into the role");
            }
        } else {
            const std::string role = name + "Role";
            if (resources->find(role) != nullptr)
                problems.add("Resources." + role, resource.line, fmt::format("{} needs this name for its role", name));
            Node made = make_role(name, *properties, problems);
            properties->members.emplace_back(
                "Role", Node::make_map({{"Fn::GetAtt", Node::make_list({Node::make_text(role, resource.line),
                                                                        Node::make_text("Arn", resource.line)},
                                                                       resource.line)}},
                                       resource.line));
            expanded.members.emplace_back(role, std::move(made));
        }
        std::erase_if(expanded.find(name)->find("Properties")->members,
                      [](const auto& member) { return member.first == "Policies"; });
    }
    return expanded;
}

}  // namespace holdpoint::stacks
