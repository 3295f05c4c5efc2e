// Metrics: ItemCollectionMetrics, which tables with local indexes answer when asked.
#pragma once

#include <optional>

#include "tables/members.hpp"
#include "tables/table.hpp"

namespace holdpoint::tables {

/// Reads ReturnItemCollectionMetrics.
[[nodiscard]] bool wants_metrics(Members& members);
/// Nothing when the table has no local index. The estimate is AWS's lowest range: collections have no limit here, so
/// nobody needs to watch one grow.
[[nodiscard]] std::optional<json::object> collection_metrics(const Table& table, const Item& item_or_key);

}  // namespace holdpoint::tables
