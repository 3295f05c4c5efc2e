#include "tables/capacity.hpp"

#include <algorithm>

#include "tables/changes.hpp"
#include "tables/keys.hpp"

namespace holdpoint::tables {
namespace {

constexpr std::size_t kReadUnitBytes = 4096;
constexpr std::size_t kWriteUnitBytes = 1024;

double units(std::size_t bytes, std::size_t unit) {
    return static_cast<double>(std::max<std::size_t>(1, (bytes + unit - 1) / unit));
}

/// What changing one index costs; nothing when neither its keys nor what it shows change.
double index_units(const Table& table, const Index& index, const Item* before, const Item* after) {
    const auto old_key = before != nullptr ? index_entry_key(table, index, *before) : std::nullopt;
    const auto new_key = after != nullptr ? index_entry_key(table, index, *after) : std::nullopt;
    const auto old_entry = old_key ? projected(table, index, *before) : Item();
    const auto new_entry = new_key ? projected(table, index, *after) : Item();
    if (old_key == new_key) {
        if (old_entry == new_entry) return 0;
        return units(std::max(size_of(old_entry), size_of(new_entry)), kWriteUnitBytes);
    }
    return (old_key ? units(size_of(old_entry), kWriteUnitBytes) : 0) +
           (new_key ? units(size_of(new_entry), kWriteUnitBytes) : 0);
}

void add_detail(json::object& object, double capacity, CapacityDetail detail) {
    object["CapacityUnits"] = capacity;
    if (detail == CapacityDetail::read) object["ReadCapacityUnits"] = capacity;
    if (detail == CapacityDetail::write) object["WriteCapacityUnits"] = capacity;
}

void add_indexes(json::object& object, std::string_view member, const std::map<std::string, double>& indexes,
                 CapacityDetail detail) {
    if (indexes.empty()) return;
    json::object all;
    for (const auto& [name, capacity] : indexes) {
        json::object one;
        add_detail(one, capacity, detail);
        all[name] = std::move(one);
    }
    object[member] = std::move(all);
}

}  // namespace

CapacityReport read_capacity_report(Members& members) {
    const auto given = members.one_of("ReturnConsumedCapacity", {"NONE", "TOTAL", "INDEXES"});
    if (given == "TOTAL") return CapacityReport::total;
    return given == "INDEXES" ? CapacityReport::indexes : CapacityReport::none;
}

void Capacity::add(const Capacity& other) {
    table += other.table;
    for (const auto& [name, capacity] : other.global_indexes) global_indexes[name] += capacity;
    for (const auto& [name, capacity] : other.local_indexes) local_indexes[name] += capacity;
}

void Capacity::add(const Index& index, double capacity) {
    (index.global ? global_indexes : local_indexes)[index.name] += capacity;
}

Capacity Capacity::times(double factor) const {
    Capacity result = *this;
    result.table *= factor;
    for (auto& [name, capacity] : result.global_indexes) capacity *= factor;
    for (auto& [name, capacity] : result.local_indexes) capacity *= factor;
    return result;
}

double Capacity::total() const {
    double sum = table;
    for (const auto& [name, capacity] : global_indexes) sum += capacity;
    for (const auto& [name, capacity] : local_indexes) sum += capacity;
    return sum;
}

double read_units(std::size_t bytes, bool consistent) {
    return units(bytes, kReadUnitBytes) * (consistent ? 1.0 : 0.5);
}

Capacity write_capacity(const Table& table, const Item* before, const Item* after) {
    Capacity capacity;
    const auto old_size = before != nullptr ? size_of(*before) : 0;
    const auto new_size = after != nullptr ? size_of(*after) : 0;
    capacity.table = units(std::max(old_size, new_size), kWriteUnitBytes);
    for (const auto& index : table.indexes) {
        const auto cost = index_units(table, index, before, after);
        if (cost > 0) capacity.add(index, cost);
    }
    return capacity;
}

json::object to_json(std::string_view table_name, const Capacity& capacity, CapacityReport report,
                     CapacityDetail detail) {
    json::object object{{"TableName", table_name}};
    add_detail(object, capacity.total(), detail);
    if (report == CapacityReport::indexes) {
        json::object table;
        add_detail(table, capacity.table, detail);
        object["Table"] = std::move(table);
        add_indexes(object, "GlobalSecondaryIndexes", capacity.global_indexes, detail);
        add_indexes(object, "LocalSecondaryIndexes", capacity.local_indexes, detail);
    }
    return object;
}

void report_capacity(json::object& answer, std::string_view table_name, const Capacity& capacity,
                     CapacityReport report) {
    if (report != CapacityReport::none) answer["ConsumedCapacity"] = to_json(table_name, capacity, report);
}

void report_capacities(json::object& answer, const std::map<std::string, Capacity>& capacities, CapacityReport report,
                       CapacityDetail detail) {
    if (report == CapacityReport::none) return;
    json::array all;
    for (const auto& [name, capacity] : capacities) all.push_back(to_json(name, capacity, report, detail));
    answer["ConsumedCapacity"] = std::move(all);
}

}  // namespace holdpoint::tables
