#include "api/deploy/stack_changes.hpp"

#include <algorithm>
#include <ranges>

namespace holdpoint::api {
namespace {

using stacks::Resource;
using stacks::StackResource;

Site make_site(OverlayRows& rows, const Occasion& occasion) {
    return {.rows = rows,
            .region = occasion.region,
            .account = occasion.account,
            .now = occasion.now,
            .nonce = occasion.nonce};
}

ResourceChange change_of(const Resource& resource, ChangeKind kind) {
    return {
        .logical_id = resource.logical_id, .type = resource.type, .physical_id = resource.physical_id, .kind = kind};
}

bool is_same_thing(const Resource& a, const Resource& b) {
    return a.type == b.type && a.name == b.name;
}

/// A resource as it is after the deploy, and what happened to it.
struct Applied {
    StackResource resource;
    ChangeKind kind = ChangeKind::unchanged;
};

Result<Applied> apply(Site& site, const Resource& wanted, const StackResource* current) {
    const bool exists = current != nullptr && is_same_thing(current->resource, wanted);
    const auto kind = exists ? update_resource(site, wanted, current->resource) : create_resource(site, wanted);
    if (!kind) return std::unexpected(kind.error());
    Applied applied{.resource = {.resource = wanted, .updated_at = site.now, .was_updated = current != nullptr},
                    .kind = *kind};
    if (current != nullptr && !exists) applied.kind = ChangeKind::replaced;
    if (applied.kind == ChangeKind::unchanged) {
        applied.resource.updated_at = current->updated_at;
        applied.resource.was_updated = current->was_updated;
    }
    return applied;
}

/// What the plan replaced or dropped, last made first.
Result<std::vector<ResourceChange>> remove_rest(Site& site, const stacks::Stack& before, const stacks::Plan& plan) {
    std::vector<ResourceChange> changes;
    for (const StackResource& item : before.resources | std::views::reverse) {
        const Resource& old = item.resource;
        const auto wanted = std::ranges::find(plan.resources, old.logical_id, &Resource::logical_id);
        const bool replaced = wanted != plan.resources.end();
        if (replaced && is_same_thing(*wanted, old)) continue;
        const bool retain = replaced ? old.retain_on_replace : old.retain_on_delete;
        if (!retain) {
            if (auto deleted = delete_resource(site, old); !deleted) return std::unexpected(deleted.error());
        }
        changes.push_back(change_of(old, retain ? ChangeKind::retained : ChangeKind::deleted));
    }
    return changes;
}

}  // namespace

Result<Decided<StackChange>> deploy_stack(const RowReader& rows, const Deployment& deployment,
                                          const Occasion& occasion) {
    OverlayRows overlay(rows);
    Site site = make_site(overlay, occasion);
    site.code = deployment.code;
    const auto before = stacks::find_stack(rows, deployment.stack_name);
    StackChange result;
    result.stack = {.name = deployment.stack_name,
                    .id = deployment.stack_id,
                    .description = deployment.plan.description,
                    .template_text = deployment.template_text,
                    .parameters = deployment.plan.parameters,
                    .resources = {},
                    .outputs = deployment.plan.outputs,
                    .created_at = before ? before->created_at : occasion.now,
                    .updated_at = before ? std::optional(occasion.now) : std::nullopt};
    for (const Resource& wanted : deployment.plan.resources) {
        auto applied = apply(site, wanted, before ? before->find(wanted.logical_id) : nullptr);
        if (!applied) return std::unexpected(applied.error());
        result.changes.push_back(change_of(wanted, applied->kind));
        result.stack.resources.push_back(std::move(applied->resource));
    }
    if (before) {
        auto removed = remove_rest(site, *before, deployment.plan);
        if (!removed) return std::unexpected(removed.error());
        std::ranges::move(*removed, std::back_inserter(result.changes));
    }
    overlay.apply({stacks::save_stack(result.stack)});
    result.warnings = std::move(site.warnings);
    result.effects = std::move(site.effects);
    return Decided<StackChange>{.answer = std::move(result), .writes = overlay.take()};
}

Result<Decided<StackChange>> delete_stack(const RowReader& rows, const stacks::Stack& stack, bool with_retained,
                                          const Occasion& occasion) {
    OverlayRows overlay(rows);
    Site site = make_site(overlay, occasion);
    StackChange result;
    result.stack = stack;
    for (const StackResource& item : stack.resources | std::views::reverse) {
        const bool retain = item.resource.retain_on_delete && !with_retained;
        if (!retain) {
            if (auto deleted = delete_resource(site, item.resource); !deleted) return std::unexpected(deleted.error());
        }
        result.changes.push_back(change_of(item.resource, retain ? ChangeKind::retained : ChangeKind::deleted));
    }
    overlay.apply({stacks::erase_stack(stack.name)});
    result.warnings = std::move(site.warnings);
    result.effects = std::move(site.effects);
    return Decided<StackChange>{.answer = std::move(result), .writes = overlay.take()};
}

}  // namespace holdpoint::api
