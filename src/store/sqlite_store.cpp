// The embedded store: one SQLite file in WAL mode, one writer connection, readers from a pool.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <bitset>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "base/seal.hpp"
#include "store/compact_store.hpp"
#include "store/schema.hpp"
#include "store/sqlite.hpp"
#include "store/store.hpp"

namespace holdpoint::store {

namespace {

/// More than there are.
constexpr std::size_t kSpacesMax = 32;

/// The statements of one connection, each prepared at its first use.
class Statements {
public:
    explicit Statements(Connection& connection) : connection_(connection) {}

    Statement& get(Space space) { return prepared(space, Kind::get); }
    Statement& scan(Space space, bool bounded, bool reverse) {
        if (bounded) return prepared(space, reverse ? Kind::scan_range_back : Kind::scan_range);
        return prepared(space, reverse ? Kind::scan_back : Kind::scan);
    }
    Statement& put(Space space) { return prepared(space, Kind::put); }
    Statement& erase(Space space) { return prepared(space, Kind::erase); }
    Statement& begin_read() { return prepared(Space::meta, Kind::begin_read); }
    Statement& begin_write() { return prepared(Space::meta, Kind::begin_write); }
    Statement& commit() { return prepared(Space::meta, Kind::commit); }

private:
    enum class Kind { get, scan, scan_back, scan_range, scan_range_back, put, erase, begin_read, begin_write, commit };
    /// `{}` is the space's table.
    static constexpr std::array kSql = {
        "SELECT value FROM {} WHERE key = ?1",
        "SELECT key, value FROM {} WHERE key >= ?1 ORDER BY key LIMIT ?3",
        "SELECT key, value FROM {} WHERE key >= ?1 ORDER BY key DESC LIMIT ?3",
        "SELECT key, value FROM {} WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3",
        "SELECT key, value FROM {} WHERE key >= ?1 AND key < ?2 ORDER BY key DESC LIMIT ?3",
        "INSERT INTO {} (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        "DELETE FROM {} WHERE key = ?1",
        "BEGIN",
        "BEGIN IMMEDIATE",
        "COMMIT"};

    Statement& prepared(Space space, Kind kind) {
        auto& statement = statements_.at(static_cast<std::size_t>(space)).at(static_cast<std::size_t>(kind));
        if (!statement) {
            const char* sql = kSql.at(static_cast<std::size_t>(kind));
            statement.emplace(connection_.prepare(fmt::format(fmt::runtime(sql), space_name(space))));
        }
        return *statement;
    }

    Connection& connection_;
    std::array<std::array<std::optional<Statement>, kSql.size()>, kSpacesMax> statements_;
};

void run(Statement& statement) {
    Use use(statement);
    (void)use->step();
}

std::optional<std::string> get_row(Statements& statements, Space space, std::string_view key) {
    Use use(statements.get(space));
    use->bind_blob(1, key);
    if (!use->step()) return std::nullopt;
    return use->column(0);
}

std::vector<Row> scan_rows(Statements& statements, Space space, std::string_view from, std::string_view to,
                           std::size_t limit, bool reverse) {
    Use use(statements.scan(space, !to.empty(), reverse));
    use->bind_blob(1, from);
    if (!to.empty()) use->bind_blob(2, to);
    use->bind_number(3, static_cast<std::int64_t>(std::min<std::size_t>(limit, 1U << 30)));
    std::vector<Row> rows;
    while (use->step()) rows.push_back({use->column(0), use->column(1)});
    return rows;
}

struct ReadConnection {
    explicit ReadConnection(const std::string& path)
        : connection(path, Connection::Mode::read_only), statements(connection) {
        // The first read opens the write-ahead log: no later one opens a file.
        (void)connection.number("PRAGMA user_version");
    }
    Connection connection;
    Statements statements;
};

/// What `use` answers of the database at `path`; what SQLite refuses is thrown with what to do about it.
template <class Use>
auto explained(const std::string& path, const Use& use) {
    try {
        return use();
    } catch (const SqliteError& error) {
        throw_explained(error, path);
    }
}

/// Idle read connections; a snapshot borrows one.
class ReadPool {
public:
    explicit ReadPool(std::string path) : path_(std::move(path)) {}

    [[nodiscard]] const std::string& path() const { return path_; }

    /// Makes the one that is there even when no other can be opened.
    void make_first() { give_back(std::make_unique<ReadConnection>(path_)); }

    std::unique_ptr<ReadConnection> take() {
        std::unique_lock lock(mutex_);
        if (!idle_.empty()) return take_idle();
        lock.unlock();
        try {
            return std::make_unique<ReadConnection>(path_);
        } catch (const SqliteError& error) {
            if (!error.is_lack_of_files()) throw;
            lock.lock();  // one of those that are lent comes back soon
            if (!returned_.wait_for(lock, kPatience, [this] { return !idle_.empty(); })) throw;
            return take_idle();
        }
    }

    void give_back(std::unique_ptr<ReadConnection> connection) {
        constexpr std::size_t kIdleMax = 8;
        const std::lock_guard lock(mutex_);
        if (idle_.size() < kIdleMax) idle_.push_back(std::move(connection));
        returned_.notify_one();
    }

private:
    static constexpr std::chrono::seconds kPatience{5};

    std::unique_ptr<ReadConnection> take_idle() {
        auto connection = std::move(idle_.back());
        idle_.pop_back();
        return connection;
    }

    const std::string path_;
    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<std::unique_ptr<ReadConnection>> idle_;
};

/// A read transaction: every read sees the same committed state.
class Snapshot final : public RowReader {
public:
    explicit Snapshot(ReadPool& pool) : pool_(pool), connection_(begun(pool)) {}
    ~Snapshot() override {
        try {
            run(connection_->statements.commit());
            pool_.give_back(std::move(connection_));
        } catch (const SqliteError&) {  // NOLINT(bugprone-empty-catch): the connection goes, and with it what it read
        }
    }
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

    std::optional<std::string> get(Space space, std::string_view key) const override {
        return explained(pool_.path(), [&] { return get_row(connection_->statements, space, key); });
    }
    std::vector<Row> scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                          bool reverse) const override {
        return explained(pool_.path(),
                         [&] { return scan_rows(connection_->statements, space, from, to, limit, reverse); });
    }

private:
    static std::unique_ptr<ReadConnection> begun(ReadPool& pool) {
        return explained(pool.path(), [&] {
            auto connection = pool.take();
            run(connection->statements.begin_read());
            return connection;
        });
    }

    ReadPool& pool_;
    std::unique_ptr<ReadConnection> connection_;
};

/// How often rows of each space were changed since the start.
using Changes = std::array<std::atomic<std::uint64_t>, kSpacesMax>;

class SqliteTransaction final : public Transaction {
public:
    SqliteTransaction(const std::string& path, Connection& connection, Statements& statements, Changes& changes)
        : path_(path), connection_(connection), statements_(statements), changes_(changes) {
        explained(path_, [&] { run(statements_.begin_write()); });
    }
    ~SqliteTransaction() override {
        if (!committed_) connection_.roll_back();
    }
    SqliteTransaction(const SqliteTransaction&) = delete;
    SqliteTransaction& operator=(const SqliteTransaction&) = delete;

    std::optional<std::string> get(Space space, std::string_view key) const override {
        return explained(path_, [&] { return get_row(statements_, space, key); });
    }
    std::vector<Row> scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                          bool reverse) const override {
        return explained(path_, [&] { return scan_rows(statements_, space, from, to, limit, reverse); });
    }

    void apply(const std::vector<RowWrite>& writes) override {
        explained(path_, [&] { write_all(writes); });
    }

    void commit() override {
        explained(path_, [&] { run(statements_.commit()); });
        committed_ = true;
        for (std::size_t space = 0; space < touched_.size(); ++space) {
            if (touched_[space]) ++changes_[space];
        }
    }

private:
    void write_all(const std::vector<RowWrite>& writes) {
        for (const RowWrite& write : writes) {
            touched_.set(static_cast<std::size_t>(write.space));
            Use use(write.value ? statements_.put(write.space) : statements_.erase(write.space));
            use->bind_blob(1, write.key);
            // Values are JSON text: bound as text, so that the sqlite3 shell shows and queries them; or compact, or
            // sealed.
            if (write.value && (is_compact(*write.value) || is_sealed(*write.value))) {
                use->bind_blob(2, *write.value);
            } else if (write.value) {
                use->bind_text(2, *write.value);
            }
            (void)use->step();
        }
    }

    const std::string& path_;
    Connection& connection_;
    Statements& statements_;
    Changes& changes_;
    std::bitset<std::tuple_size_v<Changes>> touched_;
    bool committed_ = false;
};

/// Creates the file readable by its owner alone before SQLite sees it.
std::string private_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
        throw std::runtime_error(
            fmt::format("cannot open {}: {}. Check that the folder exists, is writable and has space.", path,
                        std::generic_category().message(errno)));
    }
    ::close(file);
    return path;
}

class SqliteStore final : public Store {
public:
    explicit SqliteStore(const std::string& path)
        : connection_(private_file(path), Connection::Mode::read_write), statements_(connection_), readers_(path) {
        prepare_database(connection_, path);
        explained(path, [&] { readers_.make_first(); });
    }

    std::unique_ptr<Transaction> begin() override {
        return std::make_unique<SqliteTransaction>(readers_.path(), connection_, statements_, changes_);
    }
    std::unique_ptr<RowReader> snapshot() override { return std::make_unique<Snapshot>(readers_); }
    std::uint64_t changes(Space space) const override { return changes_.at(static_cast<std::size_t>(space)); }
    std::size_t count(Space space, std::string_view from, std::string_view to, std::size_t max) override {
        return explained(readers_.path(), [&] { return count_rows(space, from, to, max); });
    }

private:
    std::size_t count_rows(Space space, std::string_view from, std::string_view to, std::size_t max) {
        auto reader = readers_.take();
        Statement query = reader->connection.prepare(
            fmt::format("SELECT count(*) FROM (SELECT 1 FROM {} WHERE key >= ?1 {} LIMIT ?2)", space_name(space),
                        to.empty() ? "" : "AND key < ?3"));
        query.bind_blob(1, from);
        query.bind_number(2, static_cast<std::int64_t>(max));
        if (!to.empty()) query.bind_blob(3, to);
        const std::size_t found = query.step() ? static_cast<std::size_t>(query.column_number(0)) : 0;
        query = Statement();  // its read ends before another may have the connection
        readers_.give_back(std::move(reader));
        return found;
    }

    Connection connection_;
    Statements statements_;
    Changes changes_{};
    ReadPool readers_;
};

}  // namespace

std::unique_ptr<Store> open_sqlite_store(const std::string& path) {
    return std::make_unique<SqliteStore>(path);
}

}  // namespace holdpoint::store
