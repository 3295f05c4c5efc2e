// Jobs: what a change of a table leaves to do with its rows. Small tables are done with at once; of large ones each
// command does one slice, so that others have their turn in between.
#pragma once

#include <string_view>
#include <vector>

#include "base/rows.hpp"
#include "tables/table.hpp"

namespace holdpoint::tables {

/// Rows that one slice looks at.
inline constexpr std::size_t kSliceRowsMax = 500;

/// The table as it is after the next slice of its jobs (its row goes with the last one of a deletion), and a mark when
/// there are more, by which continue_jobs() finds them, after a crash, too.
[[nodiscard]] std::vector<RowWrite> save_with_jobs(const RowReader& rows, Table table);
/// The next slice for one of the tables that have jobs; nothing when none has.
[[nodiscard]] std::vector<RowWrite> continue_jobs(const RowReader& rows);
[[nodiscard]] bool has_jobs(const RowReader& rows, std::string_view table_name);

}  // namespace holdpoint::tables
