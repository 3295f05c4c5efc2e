#include "stacks/resource_checks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stacks/resource_types.hpp"

namespace holdpoint::stacks {
namespace {

namespace json = boost::json;

int line_of(const Node& node, std::string_view member) {
    const Node* found = node.find(member);
    return found == nullptr ? node.line : found->line;
}

void check_time_to_live(const Resource& resource, const Node& node, const std::string& path, Problems& problems) {
    const json::value* ttl = resource.properties.if_contains("TimeToLiveSpecification");
    const json::object* specification = ttl == nullptr ? nullptr : ttl->if_object();
    if (specification == nullptr || specification->contains("AttributeName")) return;
    const json::value* enabled = specification->if_contains("Enabled");
    if (enabled != nullptr && enabled->is_bool() && enabled->get_bool()) {
        problems.add(path + ".TimeToLiveSpecification", line_of(node, "TimeToLiveSpecification"),
                     "needs AttributeName while Enabled is true");
    }
}

void check_managed_policies(const Resource& resource, const Node& node, const std::string& path, Problems& problems) {
    const json::value* arns = resource.properties.if_contains("ManagedPolicyArns");
    if (arns == nullptr || !arns->is_array()) return;
    for (const json::value& arn : arns->get_array()) {
        if (!arn.is_string() || managed_policy(arn.get_string())) continue;
        problems.add(path + ".ManagedPolicyArns", line_of(node, "ManagedPolicyArns"),
                     fmt::format("{} is not supported; {} are", std::string_view(arn.get_string()),
                                 fmt::join(managed_policies(), ", ")));
    }
}

/// `value` is the text, or a list with it.
bool has_text(const json::value* value, std::string_view text) {
    if (value == nullptr) return false;
    if (value->is_string()) return value->get_string() == text;
    return value->is_array() &&
           std::ranges::any_of(value->get_array(), [&](const json::value& one) { return has_text(&one, text); });
}

bool lambda_may_assume(const json::object& role) {
    const json::value* document = role.if_contains("AssumeRolePolicyDocument");
    const json::value* statements =
        document == nullptr || !document->is_object() ? nullptr : document->get_object().if_contains("Statement");
    if (statements == nullptr) return false;
    const json::array one = {*statements};
    return std::ranges::any_of(statements->is_array() ? statements->get_array() : one, [](const json::value& value) {
        const json::object* statement = value.if_object();
        if (statement == nullptr || !has_text(statement->if_contains("Effect"), "Allow")) return false;
        const json::value* principal = statement->if_contains("Principal");
        const json::object* services = principal == nullptr ? nullptr : principal->if_object();
        return has_text(statement->if_contains("Action"), "sts:AssumeRole") && services != nullptr &&
               has_text(services->if_contains("Service"), "lambda.amazonaws.com");
    });
}

}  // namespace

void check_resource_properties(const Resource& resource, const Node& node, Problems& problems) {
    const std::string path = fmt::format("Resources.{}.Properties", resource.logical_id);
    if (resource.type == kTable) check_time_to_live(resource, node, path, problems);
    if (resource.type == kRole) check_managed_policies(resource, node, path, problems);
}

void check_roles(std::span<const Resource> resources, const Target& target, Problems& problems) {
    for (const Resource& function : resources) {
        const json::value* role = function.properties.if_contains("Role");
        if (function.type != kFunction || role == nullptr || !role->is_string()) continue;
        const std::string path = fmt::format("Resources.{}.Properties.Role", function.logical_id);
        const std::string_view arn = role->get_string();
        if (!arn.starts_with(fmt::format("arn:aws:iam::{}:role/", target.account))) {
            problems.add(path, 0, fmt::format("'{}' is no ARN of a role in account {}", arn, target.account));
            continue;
        }
        for (const Resource& other : resources) {
            if (other.type != kRole || !arn.ends_with(fmt::format(":role/{}", other.name))) continue;
            if (!lambda_may_assume(other.properties)) {
                problems.add(path, 0, "The role defined for the function cannot be assumed by Lambda.");
            }
        }
    }
}

}  // namespace holdpoint::stacks
