#include "tables/index_changes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tables/changes.hpp"
#include "tables/keys.hpp"

namespace holdpoint::tables {

namespace {

constexpr std::size_t kReadAtOnce = 1000;

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

template <class Each>
void for_each_row(const RowReader& rows, Space space, const std::string& prefix, Each each) {
    std::string from = prefix;
    while (true) {
        const auto page = rows.scan(space, from, prefix_end(prefix), kReadAtOnce);
        for (const Row& row : page) each(row);
        if (page.size() < kReadAtOnce) return;
        from = page.back().key + '\0';
    }
}

}  // namespace

Result<std::vector<RowWrite>> change_indexes(const RowReader& rows, const Table& table,
                                             const std::vector<Index>& wanted) {
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
    std::vector<RowWrite> writes{save_table(after)};
    for (const Index& index : gone) {
        for_each_row(rows, Space::index_items, index_prefix(table, index), [&](const Row& row) {
            writes.push_back({.space = Space::index_items, .key = row.key, .value = std::nullopt});
        });
    }
    if (added.empty()) return writes;
    for_each_row(rows, Space::items, items_prefix(table), [&](const Row& row) {
        const Item item = decode_item(row.value);
        for (const Index& index : added) {
            if (auto key = index_entry_key(after, index, item))
                writes.push_back({.space = Space::index_items, .key = std::move(*key), .value = row.key});
        }
    });
    return writes;
}

}  // namespace holdpoint::tables
