#include "tables/index_changes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace holdpoint::tables {

namespace {

/// What entries look like depends on nothing else.
bool has_same_entries(const Index& a, const Index& b) {
    return a.name == b.name && a.key == b.key;
}

/// The indexes of `of` whose entries none in `in` has.
std::vector<Index> missing(const std::vector<Index>& of, const std::vector<Index>& in) {
    std::vector<Index> result;
    std::ranges::copy_if(of, std::back_inserter(result), [&](const Index& index) {
        return std::ranges::none_of(in, [&](const Index& other) { return has_same_entries(index, other); });
    });
    return result;
}

}  // namespace

Result<Table> change_indexes(const Table& table, const std::vector<Index>& wanted) {
    const std::vector<Index> gone = missing(table.indexes, wanted);
    const std::vector<Index> added = missing(wanted, table.indexes);
    for (const auto* changed : {&gone, &added}) {
        for (const Index& index : *changed) {
            if (!index.global)
                return fail("ValidationError", 400,
                            fmt::format("the local index {} of the table {} cannot be changed: local indexes are made "
                                        "with their table",
                                        index.name, table.name));
        }
    }
    Table after = table;
    after.indexes = wanted;
    for (const Index& index : gone) {
        after.drop_jobs([&](const Job& job) { return job.index.name == index.name; });
        after.jobs.push_back({.kind = JobKind::erase_index, .index = index});
    }
    for (const Index& index : added) after.jobs.push_back({.kind = JobKind::fill_index, .index = index});
    return after;
}

}  // namespace holdpoint::tables
