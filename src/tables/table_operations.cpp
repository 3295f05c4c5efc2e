// What can be done with tables besides creating them: describe, delete, list, time to live.
#include <fmt/format.h>

#include "tables/changes.hpp"
#include "tables/describe.hpp"
#include "tables/errors.hpp"
#include "tables/keys.hpp"
#include "tables/members.hpp"
#include "tables/operations.hpp"

namespace holdpoint::tables {
namespace {

constexpr std::size_t kPageRows = 500;

/// Calls `each` with every row that starts with `prefix`, a page at a time.
template <class Each>
void for_each_row(const RowReader& rows, Space space, const std::string& prefix, Each each) {
    const auto end = prefix_end(prefix);
    std::string from = prefix;
    while (true) {
        const auto page = rows.scan(space, from, end, kPageRows);
        for (const auto& row : page) each(row);
        if (page.size() < kPageRows) return;
        from = page.back().key + '\0';
    }
}

Result<Table> named_table(const RowReader& rows, const json::object& request) {
    Members members(request);
    const auto name = members.required_text("TableName");
    if (members.problem()) return std::unexpected(*members.problem());
    return load_described_table(rows, name);
}

json::object specification(bool enabled, const std::string& attribute) {
    return {{"TimeToLiveSpecification", json::object{{"Enabled", enabled}, {"AttributeName", attribute}}}};
}

}  // namespace

Result<json::object> describe_table(const RowReader& rows, const json::object& request) {
    const auto table = named_table(rows, request);
    if (!table) return std::unexpected(table.error());
    return json::object{{"Table", description(*table, "ACTIVE", count_items(rows, *table))}};
}

Result<Change> delete_table(const RowReader& rows, const json::object& request) {
    const auto table = named_table(rows, request);
    if (!table) return std::unexpected(table.error());
    if (table->deletion_protection) {
        return validation_error(
            fmt::format("Resource cannot be deleted as it is currently protected against deletion. Disable deletion "
                        "protection first. Table: {}",
                        table->name));
    }
    Change change{.answer = {{"TableDescription", description(*table, "DELETING", {})}}, .writes = {}};
    change.writes.push_back({.space = Space::tables, .key = table->name, .value = std::nullopt});
    // Expiry entries stay: the sweeper drops those whose item is gone.
    for (const auto space : {Space::items, Space::index_items}) {
        for_each_row(rows, space, items_prefix(*table), [&](const Row& row) {
            change.writes.push_back({.space = space, .key = row.key, .value = std::nullopt});
        });
    }
    return change;
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
    auto table = load_described_table(rows, name);
    if (!table) return std::unexpected(table.error());
    if (enabled && table->ttl_attribute) return validation_error("TimeToLive is already enabled");
    if (!enabled && !table->ttl_attribute) return validation_error("TimeToLive is already disabled");
    if (!enabled && *table->ttl_attribute != attribute) {
        return validation_error(fmt::format(
            "TimeToLive is active on a different AttributeName: current AttributeName is {}", *table->ttl_attribute));
    }
    Change change{.answer = specification(enabled, attribute), .writes = {}};
    table->ttl_attribute = enabled ? std::optional(attribute) : std::nullopt;
    change.writes.push_back(save_table(*table));
    if (!enabled) return change;  // the sweeper drops the entries that are left
    for_each_row(rows, Space::items, items_prefix(*table), [&](const Row& row) {
        if (const auto due = expiry_of(*table, decode_item(row.value)))
            change.writes.push_back({.space = Space::item_expiry, .key = expiry_key(*due, row.key), .value = ""});
    });
    return change;
}

Result<json::object> describe_time_to_live(const RowReader& rows, const json::object& request) {
    const auto table = named_table(rows, request);
    if (!table) return std::unexpected(table.error());
    json::object answer{{"TimeToLiveStatus", table->ttl_attribute ? "ENABLED" : "DISABLED"}};
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
