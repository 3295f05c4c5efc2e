// Backup: a folder with everything that a server keeps, as of one moment, and its way back. `manifest.json` names each
// file with its size and digest.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"

namespace holdpoint::server {

struct BackupSummary {
    TimePoint made_at;
    std::int64_t schema = 0;
    std::size_t files = 0;
    std::uint64_t bytes = 0;
};

/// Copies the data folder, whether a server uses it or not, to `backup`, which must not be there: until everything is
/// on disk it is called `<backup>.partial`. Throws std::runtime_error that says what to do.
[[nodiscard]] BackupSummary make_backup(const std::string& data, const std::string& backup, const Clock& clock);

/// In the data folder: written whenever a backup is whole.
[[nodiscard]] std::string last_backup_file(const std::string& data);

/// Checks each file of the backup, both databases and the schema. Throws std::runtime_error with what is wrong.
[[nodiscard]] BackupSummary check_backup(const std::string& backup);

/// Checks the backup, then copies it to `data`, which must be empty or not there. Throws std::runtime_error.
[[nodiscard]] BackupSummary restore_backup(const std::string& backup, const std::string& data);

}  // namespace holdpoint::server
