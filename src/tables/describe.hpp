// Describe: a table as DescribeTable and its kin answer it.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tables/table.hpp"

namespace holdpoint::tables {

struct ItemCount {
    std::int64_t items = 0;
    std::int64_t bytes = 0;
};
struct TableCount {
    ItemCount table;
    std::map<std::string, ItemCount> indexes;
};

/// What one description may count.
inline constexpr std::int64_t kCountedItemsMax = 10'000;
/// Counts up to a bound (`items_max`, and 16 MiB), so that describing a large table stays cheap; AWS's count is old by
/// hours too.
[[nodiscard]] TableCount count_items(const RowReader& rows, const Table& table,
                                     std::int64_t items_max = kCountedItemsMax);

/// TableDescription. (AWS API, DynamoDB 2012-08-10)
[[nodiscard]] json::object description(const Table& table, std::string_view status, const TableCount& count);

}  // namespace holdpoint::tables
