// Resources: makes one resource of a plan what it should be, or removes it, by the rooms' own operations.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "api/deploy/code_store.hpp"
#include "api/deploy/overlay_rows.hpp"
#include "base/clock.hpp"
#include "stacks/plan.hpp"

namespace holdpoint::api {

enum class ChangeKind { created, updated, replaced, adopted, unchanged, deleted, retained };
[[nodiscard]] std::string_view change_name(ChangeKind kind);

/// What must happen beside the rows, after the commit.
struct Effects {
    std::vector<std::string> log_groups_created;
    std::vector<std::string> log_groups_deleted;
    std::vector<std::string> functions_changed;
    bool deliveries_added = false;
};

/// What a deploy or a deletion works on.
struct Site {
    OverlayRows& rows;
    std::string region;
    std::string account;
    TimePoint now;
    std::string nonce;                      // secret, never repeated: ids derive from it
    std::map<std::string, Code> code = {};  // by the executable's name
    Effects effects = {};
    std::vector<std::string> warnings = {};
};

/// Makes a resource that the stack did not have. An error when something of that name exists; only a table that the
/// template retains is taken over, when no stack owns it and its keys are the same.
[[nodiscard]] Result<ChangeKind> create_resource(Site& site, const stacks::Resource& wanted);
/// Brings a resource of the same type and name from what it was to what is wanted.
[[nodiscard]] Result<ChangeKind> update_resource(Site& site, const stacks::Resource& wanted,
                                                 const stacks::Resource& current);
/// One that is gone already is no error.
[[nodiscard]] Result<void> delete_resource(Site& site, const stacks::Resource& current);

}  // namespace holdpoint::api
