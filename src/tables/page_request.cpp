// What a Query or a Scan asks for, and whether its table can answer that.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <memory>

#include "tables/errors.hpp"
#include "tables/expression/condition.hpp"
#include "tables/expression/projection.hpp"
#include "tables/keys.hpp"
#include "tables/legacy.hpp"
#include "tables/page.hpp"

namespace holdpoint::tables {
namespace {

Result<void> check_select(const PageRequest& request) {
    if (request.select == "SPECIFIC_ATTRIBUTES" && !request.projection) {
        return validation_error(
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES");
    }
    if (!request.select.empty() && request.select != "SPECIFIC_ATTRIBUTES" && request.projection) {
        return validation_error(
            fmt::format("Cannot specify the {} when choosing to get {}", request.projection_member, request.select));
    }
    if (request.select == "ALL_PROJECTED_ATTRIBUTES" && !request.index)
        return validation_error("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
    return {};
}

/// A global index answers nothing that it does not show, and never consistently.
Result<void> check_global(const Table& table, const Index& index, const PageRequest& request) {
    if (!index.global) return {};
    if (request.consistent) return validation_error("Consistent reads are not supported on global secondary indexes");
    if (request.select == "ALL_ATTRIBUTES" && index.projection != Projection::all) {
        return invalid_values(
            fmt::format("Select type ALL_ATTRIBUTES is not supported for global secondary index {} because its "
                        "projection type is not ALL",
                        index.name));
    }
    if (!request.projection) return {};
    std::vector<std::string> missing;
    for (const auto& path : *request.projection) {
        if (!Table::projects(table, index, path.attribute())) missing.push_back(path.attribute());
    }
    if (missing.empty()) return {};
    return invalid_values(
        fmt::format("Global secondary index {} does not project [{}]", index.name, fmt::join(missing, ", ")));
}

Result<void> check_filter(const KeySchema& key, const PageRequest& request) {
    for (const auto& path : expression::paths_of(*request.filter)) {
        if (!key.has(path.attribute())) continue;
        return validation_error(
            fmt::format("{} can only contain non-primary key attributes: Primary key attribute: {}",
                        request.filter_member == "FilterExpression" ? "Filter Expression" : request.filter_member,
                        path.attribute()));
    }
    return {};
}

bool has_exactly(const Item& start, const std::vector<KeyAttribute>& attributes) {
    std::size_t matching = 0;
    for (const auto& [name, value] : start) {
        const auto found = std::ranges::find(attributes, name, &KeyAttribute::name);
        if (found == attributes.end() || found->type != value.type()) return false;
        ++matching;
    }
    std::vector<std::string> names;
    names.reserve(attributes.size());
    for (const auto& attribute : attributes) names.push_back(attribute.name);
    std::ranges::sort(names);
    const auto distinct = std::ranges::distance(names.begin(), std::ranges::unique(names).begin());
    return matching == static_cast<std::size_t>(distinct);
}

/// What was used before expressions.
Result<void> read_legacy(Members& members, std::string_view filter_member, PageRequest& request) {
    auto projection = legacy::read_attributes_to_get(members);
    if (!projection) return std::unexpected(projection.error());
    if (*projection) request.projection_member = "AttributesToGet";
    request.projection = std::move(*projection);
    auto filter = legacy::read_filter(members, filter_member);
    if (!filter) return std::unexpected(filter.error());
    if (*filter) request.filter_member = filter_member;
    request.filter = std::move(*filter);
    return {};
}

}  // namespace

Result<PageRequest> read_page_request(Members& members, expression::Bindings& bindings,
                                      std::string_view legacy_filter) {
    PageRequest request;
    request.table = members.required_text("TableName");
    request.index = members.text("IndexName");
    if (members.text("Select")) {
        request.select =
            members.one_of("Select", {"ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "COUNT"});
    }
    if (const auto limit = members.integer("Limit", 1, std::numeric_limits<std::int32_t>::max()))
        request.limit = static_cast<std::size_t>(*limit);
    request.start = members.item("ExclusiveStartKey");
    request.consistent = members.flag("ConsistentRead");
    request.report = read_capacity_report(members);
    const auto filter = members.text("FilterExpression");
    const auto projection = members.text("ProjectionExpression");
    if (members.problem()) return std::unexpected(*members.problem());
    if (auto read = read_legacy(members, legacy_filter, request); !read) return std::unexpected(read.error());
    if (filter) {
        auto parsed = expression::parse_condition("FilterExpression", *filter, bindings);
        if (!parsed) return std::unexpected(parsed.error());
        request.filter = std::move(*parsed);
    }
    if (projection) {
        auto parsed = expression::parse_projection(*projection, bindings);
        if (!parsed) return std::unexpected(parsed.error());
        request.projection = std::move(*parsed);
    }
    if (auto checked = check_select(request); !checked) return std::unexpected(checked.error());
    return request;
}

Result<std::unique_ptr<Source>> open_source(const RowReader& rows, const PageRequest& request, bool is_query) {
    auto table = load_table(rows, request.table);
    if (!table) return std::unexpected(table.error());
    auto source = std::make_unique<Source>(Source{.table = std::move(*table), .index = nullptr});
    if (request.index) {
        source->index = source->table.find_index(*request.index);
        if (source->index == nullptr)
            return validation_error(fmt::format("The table does not have the specified index: {}", *request.index));
        if (source->table.is_filling(*source->index)) {
            return validation_error(
                fmt::format("Cannot read from backfilling global secondary index: {}", *request.index));
        }
        if (auto checked = check_global(source->table, *source->index, request); !checked)
            return std::unexpected(checked.error());
    }
    if (request.projection) {
        if (auto checked = check_scalar_keys(source->table, *request.projection); !checked)
            return std::unexpected(checked.error());
    }
    if (request.filter) {
        if (auto checked = check_scalar_keys(source->table, expression::paths_of(*request.filter)); !checked)
            return std::unexpected(checked.error());
    }
    if (is_query && request.filter) {
        if (auto checked = check_filter(source->key(), request); !checked) return std::unexpected(checked.error());
    }
    return source;
}

Result<std::string> start_row(const Source& source, const Item& start) {
    auto attributes = source.table.key.attributes();
    if (source.index != nullptr) {
        const auto own = source.index->key.attributes();
        attributes.insert(attributes.end(), own.begin(), own.end());
    }
    if (!has_exactly(start, attributes)) {
        return validation_error(source.index != nullptr
                                    ? "The provided starting key is invalid"
                                    : "The provided starting key is invalid: The provided key element does not match "
                                      "the schema");
    }
    return source.index != nullptr ? *index_entry_key(source.table, *source.index, start)
                                   : item_key(source.table, start);
}

}  // namespace holdpoint::tables
