#include "api/deploy/table_changes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/overlay_rows.hpp"
#include "tables/index_changes.hpp"
#include "tables/jobs.hpp"
#include "tables/operations.hpp"

namespace holdpoint::api {

Result<tables::Table> wanted_table(const stacks::TablePlan& plan, const stacks::Target& target, TimePoint now,
                                   Random& random) {
    const tables::Location location{.region = target.region, .account = target.account};
    boost::json::object request = plan.create_table;
    request["DeletionProtectionEnabled"] = plan.deletion_protection.value_or(false);
    const auto created = tables::create_table(NoRows(), request, location, now, random.uuid());
    if (!created) {
        Error error = created.error();
        error.message = fmt::format("{}: {}", plan.logical_id, error.message);
        return std::unexpected(std::move(error));
    }
    const NoRows none;
    OverlayRows rows(none);
    rows.write(created->writes);
    return tables::load_table(rows, plan.name);
}

Result<std::vector<RowWrite>> change_table(const RowReader& rows, const stacks::TablePlan& plan,
                                           const tables::Table& known, const tables::Table& wanted) {
    const bool is_protected = plan.deletion_protection.value_or(known.deletion_protection);
    if (wanted.key != known.key) {
        return fail("ValidationError", 400,
                    fmt::format("{}: the table {} exists with another key, which cannot be changed; give it another "
                                "TableName, or delete it first.",
                                plan.logical_id, plan.name));
    }
    if (wanted.indexes == known.indexes && is_protected == known.deletion_protection) return std::vector<RowWrite>();
    auto changed = tables::change_indexes(known, wanted.indexes);
    if (!changed) return fail("ValidationError", 400, fmt::format("{}: {}.", plan.logical_id, changed.error().message));
    changed->deletion_protection = is_protected;
    return tables::save_with_jobs(rows, std::move(*changed));
}

std::vector<RowWrite> add_indexes(const RowReader& rows, const stacks::Plan& plan, const stacks::Target& target,
                                  TimePoint now, Random& random) {
    OverlayRows changed(rows);
    for (const stacks::TablePlan& each : plan.tables) {
        const auto known = tables::load_table(rows, each.name);
        const auto wanted = wanted_table(each, target, now, random);
        if (!known || !wanted) continue;
        std::vector<tables::Index> all = known->indexes;
        for (const tables::Index& index : wanted->indexes) {
            if (std::ranges::find(all, index.name, &tables::Index::name) == all.end()) all.push_back(index);
        }
        if (all.size() == known->indexes.size()) continue;
        if (auto after = tables::change_indexes(*known, all))
            changed.write(tables::save_with_jobs(changed, std::move(*after)));
    }
    return changed.writes();
}

}  // namespace holdpoint::api
