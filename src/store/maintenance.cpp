#include "store/maintenance.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "store/schema.hpp"
#include "store/sqlite.hpp"

namespace holdpoint::store {

namespace {

constexpr int kProblemsMax = 10;

}  // namespace

std::int64_t newest_schema() {
    return kSchemaVersion;
}

Inspection inspect_database(const std::string& path) {
    Inspection inspection;
    try {
        Connection connection(path, Connection::Mode::read_only);
        inspection.is_ours = connection.number("PRAGMA application_id") == kApplicationId;
        inspection.schema = connection.number("PRAGMA user_version");
        Statement check = connection.prepare(fmt::format("PRAGMA quick_check({})", kProblemsMax));
        while (check.step()) {
            if (std::string line = check.column(0); line != "ok") inspection.problems.push_back(std::move(line));
        }
    } catch (const SqliteError& error) {
        const bool damaged = error.code() == SQLITE_CORRUPT || error.code() == SQLITE_NOTADB;
        if (damaged) {
            inspection.problems.emplace_back(error.what());
        } else {
            inspection.unreadable = error.what();
        }
    }
    return inspection;
}

void copy_database(const std::string& path, const std::string& copy) {
    // SQLite writes into an empty file that is there already: so it is its owner's alone from the start.
    const int file = ::open(copy.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        throw std::runtime_error(fmt::format("cannot write {}: {}", copy, std::generic_category().message(errno)));
    }
    ::close(file);
    Connection connection(path, Connection::Mode::read_only);
    Statement vacuum = connection.prepare("VACUUM INTO ?1");
    vacuum.bind_text(1, copy);
    (void)vacuum.step();
    const int written = ::open(copy.c_str(), O_RDONLY | O_CLOEXEC);
    const bool safe = written >= 0 && ::fsync(written) == 0;
    if (written >= 0) ::close(written);
    if (!safe) throw std::runtime_error(fmt::format("cannot write {} to disk", copy));
}

}  // namespace holdpoint::store
