#include "store/sqlite.hpp"

#include "store/store.hpp"

namespace holdpoint::store {

namespace {

[[noreturn]] void raise(sqlite3* connection, int code, std::string_view doing) {
    throw SqliteError(code,
                      std::string(doing) + ": " + (connection ? sqlite3_errmsg(connection) : sqlite3_errstr(code)),
                      connection ? sqlite3_system_errno(connection) : 0);
}

void check(sqlite3* connection, int code, std::string_view doing) {
    if (code != SQLITE_OK) raise(connection, code, doing);
}

}  // namespace

void throw_explained(const SqliteError& error, const std::string& path) {
    if (error.is_lack_of_files()) {
        throw std::runtime_error(path + " cannot be used (" + error.what() +
                                 "). This process, or the machine, has too many files open: allow more (ulimit -n).");
    }
    switch (error.code()) {
        case SQLITE_NOTADB:
        case SQLITE_CORRUPT:
            throw UnusableDatabase(path + " is damaged or not a database (" + error.what() +
                                   "). Restore the last backup with `holdpoint restore` "
                                   "(docs/server.md says how), or move it "
                                   "away to start empty.");
        case SQLITE_FULL:
        case SQLITE_IOERR:
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
            throw std::runtime_error(path + " cannot be used (" + error.what() +
                                     "). Check that its folder is writable and that its disk has space.");
        default:
            throw std::runtime_error(path + ": " + error.what());
    }
}

Connection::Connection(const std::string& path, Mode mode) {
    // Counting what SQLite allocates takes one mutex for all threads, each time; nobody asks for the count. Refused,
    // and no harm, when SQLite is in use already.
    static const int no_statistics = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)no_statistics;
    sqlite3* handle = nullptr;
    const int flags = (mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
                      SQLITE_OPEN_NOMUTEX;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    handle_.reset(handle);
    if (code != SQLITE_OK) raise(handle, code, "cannot open " + path);
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, 5000);
}

void Connection::execute(const std::string& sql) {
    check(handle_.get(), sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr), sql.substr(0, 60));
}

std::int64_t Connection::number(const std::string& sql) {
    Statement statement = prepare(sql);
    return statement.step() ? statement.column_number(0) : 0;
}

std::string Connection::text(const std::string& sql) {
    Statement statement = prepare(sql);
    return statement.step() ? statement.column(0) : std::string{};
}

Statement Connection::prepare(std::string_view sql) {
    return Statement(handle_.get(), sql);
}

TimeLimit::TimeLimit(Connection& connection, std::chrono::milliseconds time) {
    thread_ = std::thread([this, &connection, time] {
        std::unique_lock lock(mutex_);
        if (!wake_.wait_for(lock, time, [this] { return over_; })) sqlite3_interrupt(connection.handle());
    });
}

TimeLimit::~TimeLimit() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

Statement::Statement(sqlite3* connection, std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(connection, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &statement, nullptr);
    statement_.reset(statement);
    check(connection, code, sql.substr(0, 60));
}

void Statement::bind_blob(int parameter, std::string_view value) {
    // A null pointer would bind NULL; an empty key is still a key.
    const char* data = value.empty() ? "" : value.data();
    check(sqlite3_db_handle(statement_.get()),
          sqlite3_bind_blob64(statement_.get(), parameter, data, value.size(), SQLITE_STATIC), "bind");
}

void Statement::bind_text(int parameter, std::string_view value) {
    const char* data = value.empty() ? "" : value.data();
    check(sqlite3_db_handle(statement_.get()),
          sqlite3_bind_text64(statement_.get(), parameter, data, value.size(), SQLITE_STATIC, SQLITE_UTF8), "bind");
}

void Statement::bind_number(int parameter, std::int64_t value) {
    check(sqlite3_db_handle(statement_.get()), sqlite3_bind_int64(statement_.get(), parameter, value), "bind");
}

bool Statement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    raise(sqlite3_db_handle(statement_.get()), code, sqlite3_sql(statement_.get()));
}

void Statement::reset() {
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
}

std::string Statement::column(int index) const {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), index));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), index));
    return data ? std::string(data, size) : std::string{};
}

std::int64_t Statement::column_number(int index) const {
    return sqlite3_column_int64(statement_.get(), index);
}

}  // namespace holdpoint::store
