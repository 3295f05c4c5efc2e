#include "tables/metrics.hpp"

#include <algorithm>

namespace holdpoint::tables {

bool wants_metrics(Members& members) {
    return members.one_of("ReturnItemCollectionMetrics", {"NONE", "SIZE"}) == "SIZE";
}

std::optional<json::object> collection_metrics(const Table& table, const Item& item_or_key) {
    if (std::ranges::all_of(table.indexes, &Index::global)) return std::nullopt;
    const auto partition = item_or_key.find(table.key.partition.name);
    return json::object{{"ItemCollectionKey", json::object{{partition->first, to_json(partition->second)}}},
                        {"SizeEstimateRangeGB", json::array{0.0, 1.0}}};
}

}  // namespace holdpoint::tables
