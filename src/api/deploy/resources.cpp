#include "api/deploy/resources.hpp"

#include <fmt/format.h>

#include "api/deploy/parts.hpp"
#include "base/assert.hpp"
#include "identity/roles.hpp"
#include "stacks/resource_types.hpp"

namespace holdpoint::api {

std::string_view change_name(ChangeKind kind) {
    switch (kind) {
        case ChangeKind::created:
            return "created";
        case ChangeKind::updated:
            return "updated";
        case ChangeKind::replaced:
            return "replaced";
        case ChangeKind::adopted:
            return "adopted";
        case ChangeKind::unchanged:
            return "unchanged";
        case ChangeKind::deleted:
            return "deleted";
        case ChangeKind::retained:
            return "retained";
    }
    std::unreachable();
}

std::unexpected<Error> already_exists(const Site& site, const stacks::Resource& wanted) {
    const auto owner = stacks::owner_of(site.rows, wanted.type, wanted.name);
    return fail("AlreadyExistsException", 400,
                fmt::format("{}: {} {} already exists{}", wanted.logical_id, wanted.type, wanted.name,
                            owner ? fmt::format(" in stack {} as {}", owner->first, owner->second) : ""));
}

Result<ChangeKind> create_resource(Site& site, const stacks::Resource& wanted) {
    if (wanted.type == stacks::kFunction) return create_function(site, wanted);
    if (wanted.type == stacks::kTable) return create_table(site, wanted);
    if (wanted.type == stacks::kTopic) return create_topic(site, wanted);
    if (wanted.type == stacks::kRole) return create_role(site, wanted);
    HOLDPOINT_ASSERT(wanted.type == stacks::kLogGroup, "every type of a plan is known here");
    if (stacks::owner_of(site.rows, wanted.type, wanted.name)) return already_exists(site, wanted);
    site.effects.log_groups_created.push_back(wanted.name);
    return ChangeKind::created;
}

Result<ChangeKind> update_resource(Site& site, const stacks::Resource& wanted, const stacks::Resource& current) {
    if (wanted.type == stacks::kFunction) return update_function(site, wanted);
    if (wanted.type == stacks::kTable) return update_table(site, wanted);
    if (wanted.type == stacks::kTopic) return update_topic(site, wanted, current);
    if (wanted.type == stacks::kRole) return update_role(site, wanted);
    HOLDPOINT_ASSERT(wanted.type == stacks::kLogGroup, "every type of a plan is known here");
    site.effects.log_groups_created.push_back(wanted.name);  // it may have been deleted by hand
    return ChangeKind::unchanged;
}

Result<void> delete_resource(Site& site, const stacks::Resource& current) {
    if (current.type == stacks::kFunction) return delete_function(site, current);
    if (current.type == stacks::kTable) return delete_table(site, current);
    if (current.type == stacks::kTopic) return delete_topic(site, current);
    if (current.type == stacks::kRole) {
        site.rows.apply({identity::erase_role(current.name)});
        return {};
    }
    HOLDPOINT_ASSERT(current.type == stacks::kLogGroup, "every type of a plan is known here");
    site.effects.log_groups_deleted.push_back(current.name);
    return {};
}

}  // namespace holdpoint::api
