// Capacity: what an operation would have cost, answered when ReturnConsumedCapacity asks for it. Nothing is limited by
// it.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tables/members.hpp"
#include "tables/table.hpp"

namespace holdpoint::tables {

enum class CapacityReport { none, total, indexes };
[[nodiscard]] CapacityReport read_capacity_report(Members& members);

struct Capacity {
    double table = 0;
    std::map<std::string, double> global_indexes;
    std::map<std::string, double> local_indexes;

    void add(const Capacity& other);
    void add(const Index& index, double units);
    [[nodiscard]] Capacity times(double factor) const;
    [[nodiscard]] double total() const;
};

/// Units for reading that many bytes: one for each 4 KB begun; half of it when not consistent.
[[nodiscard]] double read_units(std::size_t bytes, bool consistent);
/// Units for writing an item, and for the indexes that change with it: one for each KB begun of the larger of both.
[[nodiscard]] Capacity write_capacity(const Table& table, const Item* before, const Item* after);

/// Which of ReadCapacityUnits and WriteCapacityUnits is told besides the sum; AWS tells them for transactions only.
enum class CapacityDetail { none, read, write };
[[nodiscard]] json::object to_json(std::string_view table_name, const Capacity& capacity, CapacityReport report,
                                   CapacityDetail detail = CapacityDetail::none);
/// Puts ConsumedCapacity into `answer` when asked for.
void report_capacity(json::object& answer, std::string_view table_name, const Capacity& capacity,
                     CapacityReport report);
/// The same for operations on several tables: table name -> capacity.
void report_capacities(json::object& answer, const std::map<std::string, Capacity>& capacities, CapacityReport report,
                       CapacityDetail detail = CapacityDetail::none);

}  // namespace holdpoint::tables
