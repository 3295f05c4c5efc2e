// Query and Scan.
#include <fmt/format.h>

#include <limits>

#include "tables/errors.hpp"
#include "tables/expression/condition.hpp"
#include "tables/keys.hpp"
#include "tables/legacy.hpp"
#include "tables/operations.hpp"
#include "tables/page.hpp"

namespace holdpoint::tables {
namespace {

constexpr std::int64_t kSegmentsMax = 1'000'000;

std::unexpected<Error> outside() {
    return validation_error("The provided starting key is outside query boundaries based on provided conditions");
}

/// Goes on after the row where the last page ended.
Result<void> start_after(KeyRange& range, const Source& source, const PageRequest& request, bool forward) {
    if (!request.start) return {};
    const auto row = start_row(source, *request.start);
    if (!row) return std::unexpected(row.error());
    if (*row < range.from || (!range.to.empty() && *row >= range.to)) return outside();
    if (forward)
        range.from = *row + '\0';
    else
        range.to = *row;
    return {};
}

Result<Segment> read_segment(Members& members) {
    const auto segment = members.integer("Segment", 0, kSegmentsMax - 1);
    const auto total = members.integer("TotalSegments", 1, kSegmentsMax);
    if (members.problem()) return std::unexpected(*members.problem());
    if (segment && !total)
        return validation_error(
            "The TotalSegments parameter is required but was not present in the request when "
            "Segment parameter is present");
    if (total && !segment)
        return validation_error(
            "The Segment parameter is required but was not present in the request when parameter "
            "TotalSegments is present");
    if (!segment) return Segment{};
    if (*segment >= *total) {
        return validation_error(
            fmt::format("The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: "
                        "{} is not less than TotalSegments: {}",
                        *segment, *total));
    }
    return Segment{.number = static_cast<std::uint64_t>(*segment), .total = static_cast<std::uint64_t>(*total)};
}

/// KeyConditions alone goes together with other expressions.
Result<void> check_unmixed(const json::object& request) {
    if (auto unmixed =
            legacy::check_unmixed(request, {"AttributesToGet", "ScanFilter", "QueryFilter", "ConditionalOperator"},
                                  {"ProjectionExpression", "FilterExpression", "KeyConditionExpression"});
        !unmixed)
        return unmixed;
    return legacy::check_unmixed(request, {"KeyConditions"}, {"KeyConditionExpression"});
}

/// KeyConditionExpression, or what was used before it.
Result<expression::Condition> read_key_condition(Members& members, expression::Bindings& bindings) {
    auto conditions = legacy::read_key_conditions(members);
    if (!conditions) return std::unexpected(conditions.error());
    if (*conditions) return std::move(**conditions);
    const auto text = members.text("KeyConditionExpression");
    if (members.problem()) return std::unexpected(*members.problem());
    if (!text) {
        return validation_error(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.");
    }
    return expression::parse_condition("KeyConditionExpression", *text, bindings);
}

}  // namespace

Result<json::object> query(const RowReader& rows, const json::object& request) {
    Members members(request);
    const bool forward = members.flag("ScanIndexForward", true);
    if (members.problem()) return std::unexpected(*members.problem());
    if (auto unmixed = check_unmixed(request); !unmixed) return std::unexpected(unmixed.error());
    auto bindings =
        expression::Bindings::read(request, {"FilterExpression", "KeyConditionExpression"}, {"ProjectionExpression"});
    if (!bindings) return std::unexpected(bindings.error());
    const auto page = read_page_request(members, *bindings, "QueryFilter");
    if (!page) return std::unexpected(page.error());
    const auto condition = read_key_condition(members, *bindings);
    if (!condition) return std::unexpected(condition.error());
    if (auto used = bindings->check_all_used(); !used) return std::unexpected(used.error());
    const auto source = open_source(rows, *page, true);
    if (!source) return std::unexpected(source.error());
    auto range = key_range(*condition, (*source)->key(), (*source)->prefix());
    if (!range) return std::unexpected(range.error());
    if (auto started = start_after(*range, **source, *page, forward); !started) return std::unexpected(started.error());
    return read_page(rows, **source, *page, std::move(*range), forward);
}

Result<json::object> scan(const RowReader& rows, const json::object& request) {
    Members members(request);
    const auto segment = read_segment(members);
    if (!segment) return std::unexpected(segment.error());
    if (auto unmixed = check_unmixed(request); !unmixed) return std::unexpected(unmixed.error());
    auto bindings = expression::Bindings::read(request, {"FilterExpression"}, {"ProjectionExpression"});
    if (!bindings) return std::unexpected(bindings.error());
    const auto page = read_page_request(members, *bindings, "ScanFilter");
    if (!page) return std::unexpected(page.error());
    if (auto used = bindings->check_all_used(); !used) return std::unexpected(used.error());
    const auto source = open_source(rows, *page, false);
    if (!source) return std::unexpected(source.error());
    const std::string prefix = (*source)->prefix();
    KeyRange range{.from = prefix, .to = prefix_end(prefix)};
    if (auto started = start_after(range, **source, *page, true); !started) return std::unexpected(started.error());
    if (page->start && !segment->has(partition_of((*source)->key(), prefix, range.from))) {
        return validation_error(
            fmt::format("The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey "
                        "with correct Segment. TotalSegments: {} Segment: {}",
                        segment->total, segment->number));
    }
    return read_page(rows, **source, *page, std::move(range), true, *segment);
}

}  // namespace holdpoint::tables
