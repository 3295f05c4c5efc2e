// Page: what Query and Scan share: reading their request, and reading one page of a table or an index.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tables/capacity.hpp"
#include "tables/expression/ast.hpp"
#include "tables/expression/bindings.hpp"
#include "tables/key_condition.hpp"
#include "tables/members.hpp"

namespace holdpoint::tables {

/// A page ends before it holds more than this. (DynamoDB, Paginating query results)
inline constexpr std::size_t kPageBytesMax = std::size_t{1024} * 1024;

/// The members that Query and Scan have in common.
struct PageRequest {
    std::string table;  // name or ARN
    std::optional<std::string> index;
    std::string select;  // empty: not given
    std::optional<std::size_t> limit;
    std::optional<Item> start;
    std::optional<expression::Condition> filter;
    std::optional<std::vector<expression::Path>> projection;
    // Which members these two came from, for refusals.
    std::string_view filter_member = "FilterExpression";
    std::string_view projection_member = "ProjectionExpression";
    bool consistent = false;
    CapacityReport report = CapacityReport::none;
};

/// Expressions are parsed with `bindings`; the caller checks that all were used. `legacy_filter` is the member that was
/// a filter before FilterExpression.
[[nodiscard]] Result<PageRequest> read_page_request(Members& members, expression::Bindings& bindings,
                                                    std::string_view legacy_filter);

/// Where a page is read: the table or one of its indexes.
struct Source {
    Table table;
    const Index* index = nullptr;  // into `table`

    [[nodiscard]] const KeySchema& key() const { return index != nullptr ? index->key : table.key; }
    [[nodiscard]] std::string prefix() const;
};

/// Loads the table and checks what the request asks of it: the index, Select, projections, consistency, the filter.
/// `Query` may not filter on its own key.
[[nodiscard]] Result<std::unique_ptr<Source>> open_source(const RowReader& rows, const PageRequest& request,
                                                          bool is_query);

/// The row key that ExclusiveStartKey stands for.
[[nodiscard]] Result<std::string> start_row(const Source& source, const Item& start);

/// One of the parts that a parallel Scan has: the partitions whose hash falls into it, so that the parts are about even
/// however the keys look. (DynamoDB, Parallel scan)
struct Segment {
    std::uint64_t number = 0;
    std::uint64_t total = 1;

    /// `partition` is partition_of a row.
    [[nodiscard]] bool has(std::string_view partition) const;
};

/// Reads what the segment has within `range` and answers Items, Count, ScannedCount, LastEvaluatedKey and
/// ConsumedCapacity.
[[nodiscard]] json::object read_page(const RowReader& rows, const Source& source, const PageRequest& request,
                                     KeyRange range, bool forward, Segment segment = {});

}  // namespace holdpoint::tables
