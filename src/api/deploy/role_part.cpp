// AWS::IAM::Role: its inline policies, and the managed ones by what they allow.
#include <fmt/format.h>

#include <set>

#include "api/deploy/parts.hpp"
#include "identity/roles.hpp"
#include "stacks/resource_types.hpp"

namespace holdpoint::api {
namespace {

namespace json = boost::json;

Result<RowWrite> decide(const stacks::Resource& wanted) {
    identity::Role role{.name = wanted.name, .policies = {}};
    std::set<std::string> names;
    if (const json::value* policies = wanted.properties.if_contains("Policies")) {
        for (const json::value& policy : policies->as_array()) {
            std::string name(policy.at("PolicyName").as_string());
            if (!names.insert(name).second) {
                return fail("ValidationError", 400,
                            fmt::format("{}: two policies are named {}", wanted.logical_id, name));
            }
            role.policies.emplace_back(std::move(name), json::serialize(policy.at("PolicyDocument")));
        }
    }
    if (const json::value* managed = wanted.properties.if_contains("ManagedPolicyArns")) {
        for (const json::value& arn : managed->as_array()) {
            // stacks has refused those whose meaning is not known.
            const std::string_view text = arn.as_string();
            role.policies.emplace_back(text, *stacks::managed_policy(text));
        }
    }
    auto write = identity::put_role(role);
    if (write) return write;
    Error error = write.error();
    error.message = fmt::format("{}: {}", wanted.logical_id, error.message);
    return std::unexpected(std::move(error));
}

}  // namespace

Result<ChangeKind> create_role(Site& site, const stacks::Resource& wanted) {
    if (site.rows.get(Space::roles, wanted.name)) return already_exists(site, wanted);
    auto write = decide(wanted);
    if (!write) return std::unexpected(write.error());
    site.rows.apply({std::move(*write)});
    return ChangeKind::created;
}

Result<ChangeKind> update_role(Site& site, const stacks::Resource& wanted) {
    auto write = decide(wanted);
    if (!write) return std::unexpected(write.error());
    if (site.rows.get(Space::roles, wanted.name) == write->value) return ChangeKind::unchanged;
    site.rows.apply({std::move(*write)});
    return ChangeKind::updated;
}

}  // namespace holdpoint::api
