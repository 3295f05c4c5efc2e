// PutItem, UpdateItem, DeleteItem and GetItem.
#include "tables/changes.hpp"
#include "tables/errors.hpp"
#include "tables/expression/path.hpp"
#include "tables/expression/projection.hpp"
#include "tables/item_read.hpp"
#include "tables/item_write.hpp"
#include "tables/keys.hpp"
#include "tables/members.hpp"
#include "tables/metrics.hpp"
#include "tables/operations.hpp"

namespace holdpoint::tables {
namespace {

/// The Attributes that ReturnValues asks for; nothing when there are none.
std::optional<Item> returned(const std::string& wanted, const ItemWrite& write, const ItemChange& change) {
    const auto& side = wanted.ends_with("_OLD") ? change.before : change.after;
    if (wanted == "NONE" || !side) return std::nullopt;
    if (wanted.starts_with("ALL_")) return side;
    if (!write.update) return std::nullopt;
    auto attributes = expression::project(*side, write.update->targets());
    return attributes.empty() ? std::nullopt : std::optional(std::move(attributes));
}

Result<Change> write_one(const RowReader& rows, WriteKind kind, const json::object& request) {
    Members members(request);
    const auto wanted = members.one_of("ReturnValues", {"NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"});
    const auto report = read_capacity_report(members);
    const bool metrics = wants_metrics(members);
    if (members.problem()) return std::unexpected(*members.problem());
    const auto write = parse_item_write(kind, request);
    if (!write) return std::unexpected(write.error());
    if (kind != WriteKind::update && wanted != "NONE" && wanted != "ALL_OLD")
        return validation_error("ReturnValues can only be ALL_OLD or NONE");
    const auto table = load_table(rows, write->table);
    if (!table) return std::unexpected(table.error());
    auto decided = decide_write(rows, *table, *write);
    if (!decided) return std::unexpected(decided.error());
    Change change{.answer = {}, .writes = std::move(decided->writes)};
    if (const auto attributes = returned(wanted, *write, *decided)) change.answer["Attributes"] = to_json(*attributes);
    report_capacity(change.answer, write->table, decided->capacity, report);
    if (metrics) {
        if (auto collection = collection_metrics(*table, write->subject))
            change.answer["ItemCollectionMetrics"] = std::move(*collection);
    }
    return change;
}

}  // namespace

Result<Change> put_item(const RowReader& rows, const json::object& request) {
    return write_one(rows, WriteKind::put, request);
}
Result<Change> update_item(const RowReader& rows, const json::object& request) {
    return write_one(rows, WriteKind::update, request);
}
Result<Change> delete_item(const RowReader& rows, const json::object& request) {
    return write_one(rows, WriteKind::remove, request);
}

Result<json::object> get_item(const RowReader& rows, const json::object& request) {
    Members members(request);
    const auto name = members.required_text("TableName");
    const auto key = members.required_item("Key");
    const bool consistent = members.flag("ConsistentRead");
    const auto report = read_capacity_report(members);
    if (members.problem()) return std::unexpected(*members.problem());
    const auto paths = parse_projection_of(request, members);
    if (!paths) return std::unexpected(paths.error());
    const auto table = load_table(rows, name);
    if (!table) return std::unexpected(table.error());
    if (auto checked = check_key(*table, key); !checked) return std::unexpected(checked.error());
    if (*paths) {
        if (auto checked = check_scalar_keys(*table, **paths); !checked) return std::unexpected(checked.error());
    }
    const auto item = read_item(rows, item_key(*table, key));
    json::object answer(json::make_shared_resource<json::monotonic_resource>());
    if (item) {
        answer["Item"] = to_json(*paths ? expression::project(*item, **paths) : *item, answer.storage());
    }
    const Capacity capacity{
        .table = read_units(item ? size_of(*item) : 0, consistent), .global_indexes = {}, .local_indexes = {}};
    report_capacity(answer, name, capacity, report);
    return answer;
}

}  // namespace holdpoint::tables
