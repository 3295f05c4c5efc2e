// A thin owner of SQLite's handles: every failure throws with SQLite's own words.
#pragma once

#include <sqlite3.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "base/owned.hpp"

namespace holdpoint::store {

class Statement;

class SqliteError : public std::runtime_error {
public:
    /// `system_error`: errno, where the system refused what SQLite wanted of it.
    SqliteError(int code, const std::string& message, int system_error = 0)
        : std::runtime_error(message), code_(code), system_error_(system_error) {}
    /// SQLite's primary result code, such as SQLITE_CORRUPT.
    [[nodiscard]] int code() const { return code_ & 0xff; }
    /// A file could not be opened because this process, or the machine, has too many open.
    [[nodiscard]] bool is_lack_of_files() const {
        return code() == SQLITE_CANTOPEN && (system_error_ == EMFILE || system_error_ == ENFILE);
    }

private:
    int code_;
    int system_error_;
};

/// Throws what to do about `error` of the database file at `path`: UnusableDatabase where it is damaged,
/// std::runtime_error where there is no space, it may not be written, or anything else is wrong.
[[noreturn]] void throw_explained(const SqliteError& error, const std::string& path);

/// One connection; used by one thread at a time.
class Connection {
public:
    enum class Mode { read_write, read_only };
    Connection(const std::string& path, Mode mode);

    void execute(const std::string& sql);
    /// Ends a transaction that failed, where SQLite has not done so itself (as it does when the disk is full); never
    /// throws, so that the reason is not lost.
    void roll_back() noexcept { sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr); }
    [[nodiscard]] std::int64_t number(const std::string& sql);
    /// The first column of the first row; empty when there is none.
    [[nodiscard]] std::string text(const std::string& sql);
    [[nodiscard]] Statement prepare(std::string_view sql);
    [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

private:
    Owned<sqlite3, sqlite3_close_v2> handle_;
};

/// Interrupts what a connection does when the time is over, unless this goes first. SQLite's own progress handler is
/// not asked while quick_check reads a table, however large (3.40).
class TimeLimit {
public:
    TimeLimit(Connection& connection, std::chrono::milliseconds time);
    ~TimeLimit();
    TimeLimit(const TimeLimit&) = delete;
    TimeLimit& operator=(const TimeLimit&) = delete;

private:
    std::mutex mutex_;
    std::condition_variable wake_;
    bool over_ = false;
    std::thread thread_;
};

/// One prepared statement; reset() before it is used again.
class Statement {
public:
    Statement() = default;
    Statement(sqlite3* connection, std::string_view sql);

    /// Binds a blob that must outlive the step; parameters count from 1.
    void bind_blob(int parameter, std::string_view value);
    void bind_text(int parameter, std::string_view value);
    void bind_number(int parameter, std::int64_t value);
    /// True when there is a row.
    [[nodiscard]] bool step();
    void reset();
    [[nodiscard]] std::string column(int index) const;
    [[nodiscard]] std::int64_t column_number(int index) const;

private:
    Owned<sqlite3_stmt, sqlite3_finalize> statement_;
};

/// Resets the statement when its use ends, so that no read stays open and the log can be checkpointed.
class Use {
public:
    explicit Use(Statement& statement) : statement_(statement) {}
    ~Use() { statement_.reset(); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    Statement* operator->() const { return &statement_; }

private:
    Statement& statement_;
};

}  // namespace holdpoint::store
