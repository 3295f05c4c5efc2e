// Maintenance: what is asked of a store's files from outside: are they whole, of which schema, and a copy of them while
// they are in use.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace holdpoint::store {

/// The schema that this program writes, and the newest that it reads.
[[nodiscard]] std::int64_t newest_schema();

struct Inspection {
    std::int64_t schema = 0;
    bool is_ours = false;               // a Holdpoint database (not a log store, not another program's)
    std::vector<std::string> problems;  // what PRAGMA quick_check found; empty: whole
    std::string unreadable;             // why nobody can tell now, such as a full disk; else empty
};

/// Reads every page of the database, whether a server uses it or not; changes nothing.
[[nodiscard]] Inspection inspect_database(const std::string& path);

/// Writes what is committed now into a new file (0600), while others go on reading and writing. Throws
/// std::runtime_error.
void copy_database(const std::string& path, const std::string& copy);

}  // namespace holdpoint::store
