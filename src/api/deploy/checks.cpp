#include "api/deploy/checks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "identity/roles.hpp"

namespace holdpoint::api {

bool has_resource(const Stack& stack, std::string_view type, std::string_view physical_id) {
    return std::ranges::any_of(stack.resources, [&](const StackResource& resource) {
        return resource.type == type && resource.physical_id == physical_id;
    });
}

Result<void> check_names(const Stack& stack) {
    std::map<std::pair<std::string, std::string>, std::string> owners;
    for (const StackResource& resource : stack.resources) {
        const auto [owner, is_new] = owners.try_emplace({resource.type, resource.physical_id}, resource.logical_id);
        if (is_new) continue;
        return fail("ValidationError", 400,
                    fmt::format("{}: {} is the name of {} already; give it another one.", resource.logical_id,
                                resource.physical_id, owner->second));
    }
    return {};
}

Result<void> check_owners(const RowReader& rows, const Stack& stack) {
    for (const Stack& other : list_stacks(rows)) {
        if (other.name == stack.name) continue;
        for (const StackResource& resource : stack.resources) {
            if (!has_resource(other, resource.type, resource.physical_id)) continue;
            return fail("ValidationError", 400,
                        fmt::format("{}: {} already exists in the stack {}; give it another name, or delete it there.",
                                    resource.logical_id, resource.physical_id, other.name));
        }
    }
    return {};
}

Result<void> check_made_here(const Applied& applied, const std::optional<Stack>& before) {
    constexpr std::string_view kTypes[] = {"AWS::Serverless::Function", "AWS::SNS::Topic", "AWS::IAM::Role"};
    for (std::size_t i = 0; i < applied.stack.resources.size(); ++i) {
        const StackResource& resource = applied.stack.resources[i];
        const bool is_ours = applied.changes[i].second == "created" ||
                             (before && has_resource(*before, resource.type, resource.physical_id));
        if (is_ours || std::ranges::find(kTypes, resource.type) == std::end(kTypes)) continue;
        return fail(
            "ValidationError", 400,
            fmt::format("{}: {} already exists, and no stack made it; give it another name, or delete it first.",
                        resource.logical_id, resource.physical_id));
    }
    return {};
}

Result<void> check_roles(const RowReader& rows, const stacks::Plan& plan, const std::string& account) {
    for (const auto& function : plan.functions) {
        const std::string name(identity::role_name_of(function.role_arn));
        if (name.empty()) {
            return fail("ValidationError", 400,
                        fmt::format("{}: Role '{}' is no role's ARN.", function.logical_id, function.role_arn));
        }
        if (function.role_arn == identity::role_arn(account, name) && rows.get(Space::roles, name)) continue;
        return fail("ValidationError", 400,
                    fmt::format("{}: there is no role {} on this server.", function.logical_id, function.role_arn));
    }
    return {};
}

}  // namespace holdpoint::api
