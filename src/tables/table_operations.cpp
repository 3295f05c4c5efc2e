// What can be done with tables besides creating them: describe, delete, list, time to live.
#include <fmt/format.h>

#include "tables/describe.hpp"
#include "tables/errors.hpp"
#include "tables/jobs.hpp"
#include "tables/members.hpp"
#include "tables/operations.hpp"

namespace holdpoint::tables {
namespace {

Result<Table> named_table(const RowReader& rows, const json::object& request) {
    Members members(request);
    const auto name = members.required_text("TableName");
    if (members.problem()) return std::unexpected(*members.problem());
    return load_described_table(rows, name);
}

std::string_view status_of(const Table& table) {
    if (table.is_deleting()) return "DELETING";
    return table.is_updating() ? "UPDATING" : "ACTIVE";
}

json::object specification(bool enabled, const std::string& attribute) {
    return {{"TimeToLiveSpecification", json::object{{"Enabled", enabled}, {"AttributeName", attribute}}}};
}

Result<void> check_unprotected(const Table& table) {
    if (!table.deletion_protection) return {};
    return validation_error(
        fmt::format("Resource cannot be deleted as it is currently protected against deletion. Disable deletion "
                    "protection first. Table: {}",
                    table.name));
}

std::vector<RowWrite> erase_table(const RowReader& rows, Table table) {
    // Expiry entries stay: the sweeper drops those whose item is gone.
    table.jobs = {{.kind = JobKind::erase_entries}, {.kind = JobKind::erase_items}};
    table.reached.clear();
    return save_with_jobs(rows, std::move(table));
}

}  // namespace

Result<json::object> describe_table(const RowReader& rows, const json::object& request) {
    const auto table = named_table(rows, request);
    if (!table) return std::unexpected(table.error());
    return json::object{{"Table", description(*table, status_of(*table), count_items(rows, *table))}};
}

Result<Change> delete_table(const RowReader& rows, const json::object& request) {
    Members members(request);
    const auto name = members.required_text("TableName");
    if (members.problem()) return std::unexpected(*members.problem());
    const auto table = load_table_to_change(rows, name);
    if (!table) return std::unexpected(table.error());
    if (auto ok = check_unprotected(*table); !ok) return std::unexpected(ok.error());
    if (auto ok = check_not_updating(*table); !ok) return std::unexpected(ok.error());
    return Change{.answer = {{"TableDescription", description(*table, "DELETING", {})}},
                  .writes = erase_table(rows, *table)};
}

Result<std::vector<RowWrite>> delete_table_of_stack(const RowReader& rows, std::string_view name) {
    const auto table = load_table_to_change(rows, name);
    if (!table) return std::vector<RowWrite>();
    if (auto ok = check_unprotected(*table); !ok) return std::unexpected(ok.error());
    return erase_table(rows, *table);
}

Result<json::object> list_tables(const RowReader& rows, const json::object& request) {
    Members members(request);
    const auto start = members.text("ExclusiveStartTableName");
    const auto limit = static_cast<std::size_t>(members.integer("Limit", 1, 100).value_or(100));
    if (members.problem()) return std::unexpected(*members.problem());
    const auto page = rows.scan(Space::tables, start ? *start + '\0' : "", "", limit + 1);
    json::array names;
    for (const auto& row : page) {
        if (names.size() < limit) names.emplace_back(row.key);
    }
    json::object answer;
    if (page.size() > limit) answer["LastEvaluatedTableName"] = names.back();
    answer["TableNames"] = std::move(names);
    return answer;
}

Result<Change> update_time_to_live(const RowReader& rows, const json::object& request) {
    Members members(request);
    const auto name = members.required_text("TableName");
    Members wanted(members.required_object("TimeToLiveSpecification"));
    const auto attribute = wanted.required_text("AttributeName");
    const bool enabled = wanted.flag("Enabled");
    if (members.problem()) return std::unexpected(*members.problem());
    if (wanted.problem()) return std::unexpected(*wanted.problem());
    if (attribute.empty() || attribute.size() > 255) {
        return constraint_error(attribute, "timeToLiveSpecification.attributeName",
                                "Member must have length between 1 and 255");
    }
    auto table = load_table_to_change(rows, name);
    if (!table) return std::unexpected(table.error());
    if (enabled && table->ttl_attribute) return validation_error("TimeToLive is already enabled");
    if (!enabled && !table->ttl_attribute) return validation_error("TimeToLive is already disabled");
    if (!enabled && *table->ttl_attribute != attribute) {
        return validation_error(fmt::format(
            "TimeToLive is active on a different AttributeName: current AttributeName is {}", *table->ttl_attribute));
    }
    table->ttl_attribute = enabled ? std::optional(attribute) : std::nullopt;
    // Where it ends, the sweeper drops the entries that are left.
    if (enabled)
        table->jobs.push_back({.kind = JobKind::fill_expiry});
    else
        table->drop_jobs([](const Job& job) { return job.kind == JobKind::fill_expiry; });
    return Change{.answer = specification(enabled, attribute), .writes = save_with_jobs(rows, *table)};
}

Result<json::object> describe_time_to_live(const RowReader& rows, const json::object& request) {
    const auto table = named_table(rows, request);
    if (!table) return std::unexpected(table.error());
    json::object answer{{"TimeToLiveStatus", !table->ttl_attribute         ? "DISABLED"
                                             : table->is_enabling_expiry() ? "ENABLING"
                                                                           : "ENABLED"}};
    if (table->ttl_attribute) answer["AttributeName"] = *table->ttl_attribute;
    return json::object{{"TimeToLiveDescription", std::move(answer)}};
}

Result<json::object> describe_limits(const RowReader&, const json::object&) {
    constexpr int kAccountMax = 80'000;
    constexpr int kTableMax = 40'000;
    return json::object{{"AccountMaxReadCapacityUnits", kAccountMax},
                        {"AccountMaxWriteCapacityUnits", kAccountMax},
                        {"TableMaxReadCapacityUnits", kTableMax},
                        {"TableMaxWriteCapacityUnits", kTableMax}};
}

}  // namespace holdpoint::tables
