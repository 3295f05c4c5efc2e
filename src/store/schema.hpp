// The SQLite file's schema: one table per space, its version, and the checks before it is used.
#pragma once

#include <string>
#include <string_view>

#include "base/rows.hpp"
#include "store/sqlite.hpp"

namespace holdpoint::store {

/// "HOLD" in ASCII; tells our files from other programs' SQLite files.
inline constexpr std::int64_t kApplicationId = 0x484f4c44;
/// 2: plain_invokes, 3: http_apis, 4: compact values, 5: schedules, 6: compact values with tables
inline constexpr std::int64_t kSchemaVersion = 6;

/// The table of a space; named as the enumerator.
[[nodiscard]] std::string_view space_name(Space space);

/// Sets the connection up (WAL, synchronous=FULL) and creates or migrates the schema. Throws std::runtime_error that
/// says what is wrong with the file at `path` and what to do: not a database, another program's, damaged, or newer than
/// this program.
void prepare_database(Connection& connection, const std::string& path);

}  // namespace holdpoint::store
