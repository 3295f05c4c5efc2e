#include "tables/describe.hpp"

#include <algorithm>
#include <map>

#include "tables/changes.hpp"
#include "tables/keys.hpp"

namespace holdpoint::tables {
namespace {

constexpr std::int64_t kCountedBytesMax = std::int64_t{16} << 20;
constexpr std::size_t kPageRows = 50;

json::object throughput_json(const Throughput& throughput) {
    return {{"NumberOfDecreasesToday", 0},
            {"ReadCapacityUnits", throughput.read_units},
            {"WriteCapacityUnits", throughput.write_units}};
}

json::object projection_json(const Index& index) {
    switch (index.projection) {
        case Projection::all:
            return {{"ProjectionType", "ALL"}};
        case Projection::keys_only:
            return {{"ProjectionType", "KEYS_ONLY"}};
        case Projection::include:
            return {{"ProjectionType", "INCLUDE"}, {"NonKeyAttributes", json::value_from(index.included)}};
    }
    std::unreachable();
}

json::object index_json(const Table& table, const Index& index, std::string_view status, const ItemCount& count) {
    json::object object{{"IndexName", index.name},
                        {"KeySchema", key_schema_json(index.key)},
                        {"Projection", projection_json(index)},
                        {"IndexSizeBytes", count.bytes},
                        {"ItemCount", count.items},
                        {"IndexArn", table.arn + "/index/" + index.name}};
    if (index.global) {
        object["IndexStatus"] = status;
        if (status == "CREATING") object["Backfilling"] = table.is_filling(index);
        object["ProvisionedThroughput"] = throughput_json(index.throughput);
    }
    return object;
}

/// While indexes come and go, those that do neither stay as they were.
std::string_view status_of(const Table& table, const Index& index, std::string_view table_status) {
    if (table.is_filling(index)) return "CREATING";
    return table_status == "UPDATING" ? "ACTIVE" : table_status;
}

json::array definitions(const Table& table) {
    std::map<std::string, Type> types;
    for (const auto& attribute : table.key.attributes()) types[attribute.name] = attribute.type;
    for (const auto& index : table.indexes) {
        for (const auto& attribute : index.key.attributes()) types[attribute.name] = attribute.type;
    }
    json::array all;
    for (const auto& [name, type] : types)
        all.push_back(json::object{{"AttributeName", name}, {"AttributeType", type_name(type)}});
    return all;
}

void add(ItemCount& count, const Item& item) {
    ++count.items;
    count.bytes += static_cast<std::int64_t>(size_of(item));
}

}  // namespace

TableCount count_items(const RowReader& rows, const Table& table, std::int64_t items_max) {
    TableCount count;
    std::string from = items_prefix(table);
    const auto end = prefix_end(from);
    while (count.table.items < items_max && count.table.bytes < kCountedBytesMax) {
        const auto page = rows.scan(Space::items, from, end, kPageRows);
        for (const auto& row : page) {
            const auto item = decode_item(row.value);
            add(count.table, item);
            for (const auto& index : table.indexes) {
                if (index_entry_key(table, index, item)) add(count.indexes[index.name], projected(table, index, item));
            }
        }
        if (page.size() < kPageRows) break;
        from = page.back().key + '\0';
    }
    return count;
}

json::object description(const Table& table, std::string_view status, const TableCount& count) {
    json::object object{{"AttributeDefinitions", definitions(table)},
                        {"TableName", table.name},
                        {"KeySchema", key_schema_json(table.key)},
                        {"TableStatus", status},
                        {"CreationDateTime", to_epoch_seconds(table.created)},
                        {"ProvisionedThroughput", throughput_json(table.throughput)},
                        {"TableSizeBytes", count.table.bytes},
                        {"ItemCount", count.table.items},
                        {"TableArn", table.arn},
                        {"TableId", table.id},
                        {"DeletionProtectionEnabled", table.deletion_protection}};
    if (!table.provisioned) {
        object["BillingModeSummary"] = {{"BillingMode", "PAY_PER_REQUEST"},
                                        {"LastUpdateToPayPerRequestDateTime", to_epoch_seconds(table.created)}};
    }
    if (!table.table_class.empty()) object["TableClassSummary"] = {{"TableClass", table.table_class}};
    json::array global;
    json::array local;
    for (const auto& index : table.indexes) {
        const auto counted = count.indexes.find(index.name);
        (index.global ? global : local)
            .push_back(index_json(table, index, status_of(table, index, status),
                                  counted == count.indexes.end() ? ItemCount() : counted->second));
    }
    for (const Job& job : table.jobs) {
        if (job.kind == JobKind::erase_index && table.find_index(job.index.name) == nullptr)
            global.push_back(index_json(table, job.index, "DELETING", {}));
    }
    if (!global.empty()) object["GlobalSecondaryIndexes"] = std::move(global);
    if (!local.empty()) object["LocalSecondaryIndexes"] = std::move(local);
    return object;
}

}  // namespace holdpoint::tables
