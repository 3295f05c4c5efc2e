#include "store/log_store.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <condition_variable>
#include <cstdio>
#include <map>
#include <mutex>
#include <thread>

#include "base/seal.hpp"
#include "store/sqlite.hpp"

namespace holdpoint::store {

namespace {

constexpr std::chrono::milliseconds kFlushEvery{50};

constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS log_groups (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL, bytes INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS log_streams (
  id INTEGER PRIMARY KEY, group_id INTEGER NOT NULL, name TEXT NOT NULL, created_at INTEGER NOT NULL,
  first_at INTEGER, last_at INTEGER, ingested_at INTEGER, UNIQUE (group_id, name));
CREATE TABLE IF NOT EXISTS log_events (
  id INTEGER PRIMARY KEY, group_id INTEGER NOT NULL, stream_id INTEGER NOT NULL, at INTEGER NOT NULL,
  ingested_at INTEGER NOT NULL, message TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS log_events_by_time ON log_events (group_id, at, id);
)";

struct Batch {
    std::string group;
    std::string stream;
    std::vector<LogEvent> events;
};

class SqliteLogStore final : public LogStore {
public:
    explicit SqliteLogStore(const std::string& path) : connection_(path, Connection::Mode::read_write) {
        ::chmod(path.c_str(), S_IRUSR | S_IWUSR);
        connection_.execute("PRAGMA journal_mode = WAL");
        connection_.execute("PRAGMA synchronous = NORMAL");
        connection_.execute(kSchema);
        thread_ = std::thread([this] { run(); });
    }

    ~SqliteLogStore() override {
        {
            const std::lock_guard lock(queue_mutex_);
            stopping_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }

    void create_group(const std::string& group, TimePoint now) override {
        const std::lock_guard lock(mutex_);
        (void)group_id(group, now);
    }

    void delete_group(const std::string& group) override {
        flush();
        const std::lock_guard lock(mutex_);
        const auto id = find_group(group);
        if (!id) return;
        connection_.execute("BEGIN");
        for (const char* table : {"log_events", "log_streams"}) {
            connection_.execute(fmt::format("DELETE FROM {} WHERE group_id = {}", table, *id));
        }
        connection_.execute(fmt::format("DELETE FROM log_groups WHERE id = {}", *id));
        connection_.execute("COMMIT");
    }

    bool has_group(const std::string& group) const override {
        flush_now();
        const std::lock_guard lock(mutex_);
        return find_group(group).has_value();
    }

    void create_stream(const std::string& group, const std::string& stream, TimePoint now) override {
        const std::lock_guard lock(mutex_);
        (void)stream_id(group_id(group, now), stream, now);
    }

    void append(const std::string& group, const std::string& stream, std::vector<LogEvent> events) override {
        {
            const std::lock_guard lock(queue_mutex_);
            queue_.push_back({group, stream, std::move(events)});
        }
        wake_.notify_one();
    }

    void flush() override { flush_now(); }

    std::vector<LogGroup> groups(std::string_view prefix, std::string_view after, std::size_t limit) const override {
        flush_now();
        const std::lock_guard lock(mutex_);
        Statement query = connection_.prepare(
            "SELECT name, created_at, bytes FROM log_groups WHERE substr(name, 1, length(?1)) = ?1 AND name > ?2 "
            "ORDER BY name LIMIT ?3");
        query.bind_text(1, prefix);
        query.bind_text(2, after);
        query.bind_number(3, static_cast<std::int64_t>(limit));
        std::vector<LogGroup> result;
        while (query.step()) {
            result.push_back({.name = query.column(0),
                              .created_at = from_epoch_ms(query.column_number(1)),
                              .stored_bytes = query.column_number(2)});
        }
        return result;
    }

    std::vector<LogStream> streams(const std::string& group, std::string_view prefix) const override {
        flush_now();
        const std::lock_guard lock(mutex_);
        Statement query = connection_.prepare(
            "SELECT name, created_at, coalesce(first_at, -1), coalesce(last_at, -1), coalesce(ingested_at, -1) FROM "
            "log_streams WHERE group_id = ?1 AND substr(name, 1, length(?2)) = ?2 ORDER BY name");
        query.bind_number(1, find_group(group).value_or(-1));
        query.bind_text(2, prefix);
        const auto time = [&](int column) -> std::optional<TimePoint> {
            const std::int64_t ms = query.column_number(column);
            return ms < 0 ? std::nullopt : std::optional(from_epoch_ms(ms));
        };
        std::vector<LogStream> result;
        while (query.step()) {
            result.push_back({.name = query.column(0),
                              .created_at = from_epoch_ms(query.column_number(1)),
                              .first_event_at = time(2),
                              .last_event_at = time(3),
                              .last_ingested_at = time(4)});
        }
        return result;
    }

    std::vector<LogEvent> events(const LogQuery& wanted) const override {
        flush_now();
        const std::lock_guard lock(mutex_);
        const char* order = wanted.reverse ? "DESC" : "ASC";
        const char* beyond = wanted.reverse ? "(e.at, e.id) < (?4, ?5)" : "(e.at, e.id) > (?4, ?5)";
        Statement query = connection_.prepare(fmt::format(
            "SELECT e.id, s.name, e.at, e.ingested_at, e.message FROM log_events e JOIN log_streams s ON s.id = "
            "e.stream_id WHERE e.group_id = ?1 AND e.at >= ?2 AND e.at < ?3 AND (?6 = 0 OR {}) AND substr(s.name, 1, "
            "length(?7)) = ?7 {} ORDER BY e.at {}, e.id {} LIMIT ?8",
            beyond, stream_condition(wanted.streams), order, order));
        query.bind_number(1, find_group(wanted.group).value_or(-1));
        query.bind_number(2, wanted.from ? to_epoch_ms(*wanted.from) : 0);
        query.bind_number(3, wanted.to ? to_epoch_ms(*wanted.to) : INT64_MAX);
        query.bind_number(4, wanted.after_at ? to_epoch_ms(*wanted.after_at) : 0);
        query.bind_number(5, wanted.after_id);
        query.bind_number(6, wanted.after_at ? 1 : 0);
        query.bind_text(7, wanted.stream_prefix);
        query.bind_number(8, static_cast<std::int64_t>(wanted.limit));
        for (std::size_t i = 0; i < wanted.streams.size(); ++i) {
            query.bind_text(9 + static_cast<int>(i), wanted.streams[i]);
        }
        std::vector<LogEvent> result;
        while (query.step()) {
            result.push_back({.id = query.column_number(0),
                              .stream = query.column(1),
                              .at = from_epoch_ms(query.column_number(2)),
                              .ingested_at = from_epoch_ms(query.column_number(3)),
                              .message = query.column(4)});
        }
        return result;
    }

private:
    static std::string stream_condition(const std::vector<std::string>& streams) {
        if (streams.empty()) return {};
        std::string parameters;
        for (std::size_t i = 0; i < streams.size(); ++i) parameters += fmt::format("{}?{}", i == 0 ? "" : ", ", 9 + i);
        return "AND s.name IN (" + parameters + ")";
    }

    void run() {
        while (true) {
            {
                std::unique_lock lock(queue_mutex_);
                wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
                if (!stopping_) wake_.wait_for(lock, kFlushEvery, [this] { return stopping_; });
                if (stopping_ && queue_.empty()) return;
            }
            try {
                flush_now();
            } catch (const std::exception& error) {
                // Losing lines is bad, but no reason to stop approvals.
                std::fprintf(stderr, "holdpoint: log lines could not be written: %s\n", error.what());
            }
        }
    }

    void flush_now() const {
        const std::lock_guard lock(mutex_);
        std::vector<Batch> batches;
        {
            const std::lock_guard queue_lock(queue_mutex_);
            batches.swap(queue_);
        }
        if (batches.empty()) return;
        connection_.execute("BEGIN");
        try {
            for (const Batch& batch : batches) write(batch);
            connection_.execute("COMMIT");
        } catch (...) {
            connection_.execute("ROLLBACK");
            throw;
        }
    }

    void write(const Batch& batch) const {
        if (batch.events.empty()) return;
        const auto known = find_group(batch.group);
        if (!known) return;
        const std::int64_t group = *known;
        const std::int64_t stream = stream_id(group, batch.stream, batch.events.front().at);
        Statement insert = connection_.prepare(
            "INSERT INTO log_events (group_id, stream_id, at, ingested_at, message) VALUES (?1, ?2, ?3, ?4, ?5)");
        std::size_t bytes = 0;
        for (const LogEvent& event : batch.events) {
            constexpr std::size_t kEventOverhead = 26;  // CloudWatch counts it too
            bytes += event.message.size() + kEventOverhead;
            insert.bind_number(1, group);
            insert.bind_number(2, stream);
            insert.bind_number(3, to_epoch_ms(event.at));
            insert.bind_number(4, to_epoch_ms(event.ingested_at));
            if (is_sealed(event.message)) {
                insert.bind_blob(5, event.message);
            } else {
                insert.bind_text(5, event.message);
            }
            (void)insert.step();
            insert.reset();
        }
        Statement update = connection_.prepare(
            "UPDATE log_streams SET first_at = coalesce(first_at, ?2), last_at = ?3, ingested_at = ?4 WHERE id = ?1");
        update.bind_number(1, stream);
        update.bind_number(2, to_epoch_ms(batch.events.front().at));
        update.bind_number(3, to_epoch_ms(batch.events.back().at));
        update.bind_number(4, to_epoch_ms(batch.events.back().ingested_at));
        (void)update.step();
        connection_.execute(fmt::format("UPDATE log_groups SET bytes = bytes + {} WHERE id = {}", bytes, group));
    }

    std::optional<std::int64_t> find_group(const std::string& name) const {
        Statement query = connection_.prepare("SELECT id FROM log_groups WHERE name = ?1");
        query.bind_text(1, name);
        return query.step() ? std::optional(query.column_number(0)) : std::nullopt;
    }

    std::int64_t group_id(const std::string& name, TimePoint now) const {
        Statement insert = connection_.prepare("INSERT OR IGNORE INTO log_groups (name, created_at) VALUES (?1, ?2)");
        insert.bind_text(1, name);
        insert.bind_number(2, to_epoch_ms(now));
        (void)insert.step();
        return *find_group(name);
    }

    std::int64_t stream_id(std::int64_t group, const std::string& name, TimePoint now) const {
        Statement insert =
            connection_.prepare("INSERT OR IGNORE INTO log_streams (group_id, name, created_at) VALUES (?1, ?2, ?3)");
        insert.bind_number(1, group);
        insert.bind_text(2, name);
        insert.bind_number(3, to_epoch_ms(now));
        (void)insert.step();
        Statement query = connection_.prepare("SELECT id FROM log_streams WHERE group_id = ?1 AND name = ?2");
        query.bind_number(1, group);
        query.bind_text(2, name);
        (void)query.step();
        return query.column_number(0);
    }

    mutable std::mutex mutex_;  // of the connection
    mutable Connection connection_;
    mutable std::mutex queue_mutex_;
    mutable std::vector<Batch> queue_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace

std::unique_ptr<LogStore> open_log_store(const std::string& path) {
    return std::make_unique<SqliteLogStore>(path);
}

}  // namespace holdpoint::store
