#include "store/log_store.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "base/ending.hpp"
#include "base/log.hpp"
#include "base/seal.hpp"
#include "store/log_search.hpp"
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
CREATE INDEX IF NOT EXISTS log_events_by_stream ON log_events (stream_id, at, id);
)";

/// In one transaction, along the index by time: costs what it erases.
std::size_t expire_group(Connection& connection, std::int64_t group, std::int64_t before, std::size_t limit) {
    const std::string old = fmt::format(
        "SELECT id FROM log_events WHERE group_id = {} AND at < {} ORDER BY at, id LIMIT {}", group, before, limit);
    const std::string sizes = fmt::format(
        "SELECT count(*), coalesce(sum(length(CAST(message AS BLOB)) + {}), 0) FROM log_events WHERE id IN ({})",
        kEventOverhead, old);
    std::int64_t count = 0;
    std::int64_t bytes = 0;
    if (Statement measure = connection.prepare(sizes); measure.step()) {
        count = measure.column_number(0);
        bytes = measure.column_number(1);
    }
    connection.execute("BEGIN");
    try {
        connection.execute(fmt::format("DELETE FROM log_events WHERE id IN ({})", old));
        connection.execute(fmt::format("UPDATE log_groups SET bytes = max(0, bytes - {}) WHERE id = {}", bytes, group));
        // Written last before that, and nothing as old is left in the group: such a stream is empty. The day more is
        // for events that said to be from the future when they came.
        connection.execute(fmt::format(
            "DELETE FROM log_streams WHERE group_id = {0} AND coalesce(last_at, 0) < {1} AND coalesce(ingested_at, "
            "created_at) < {1} - {2} AND NOT EXISTS (SELECT 1 FROM log_events WHERE group_id = {0} AND at < {1})",
            group, before, Milliseconds(std::chrono::days(1)).count()));
        connection.execute("COMMIT");
    } catch (...) {
        connection.roll_back();
        throw;
    }
    return static_cast<std::size_t>(count);
}

struct Batch {
    std::string group;
    std::string stream;
    std::vector<LogEvent> events;
};

class SqliteLogStore final : public LogStore {
public:
    explicit SqliteLogStore(const std::string& path) : connection_(path, Connection::Mode::read_write) {
        ::chmod(path.c_str(), S_IRUSR | S_IWUSR);
        try {
            prepare();
            search_ = std::make_unique<LogSearch>(path);
        } catch (const SqliteError& error) {
            throw_explained(error, path);
        }
        thread_ = std::thread([this] { do_or_end("logs", [this] { run(); }); });
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
        // Whoever deletes does not wait for millions of lines: expire() erases what has this name.
        Statement rename = connection_.prepare("UPDATE log_groups SET name = ?2 || id WHERE name = ?1");
        rename.bind_text(1, group);
        rename.bind_text(2, kDeletedGroup);
        (void)rename.step();
    }

    bool has_group(const std::string& group) const override {
        flush_now();
        const std::lock_guard lock(mutex_);
        return !group.starts_with(kDeletedGroup) && find_group(group).has_value();
    }

    void set_retention(const std::string& group, std::optional<std::int64_t> days) override {
        const std::lock_guard lock(mutex_);
        connection_.execute(fmt::format("UPDATE log_groups SET retention_days = {} WHERE id = {}",
                                        days ? std::to_string(*days) : "NULL", find_group(group).value_or(-1)));
    }

    std::size_t expire(TimePoint now, std::int64_t default_days, std::size_t limit) override {
        flush_now();
        const std::lock_guard lock(mutex_);
        std::vector<std::pair<std::int64_t, std::int64_t>> ends;  // group, what is older goes
        Statement query = connection_.prepare(
            "SELECT id, coalesce(retention_days, ?1), substr(name, 1, length(?2)) = ?2 FROM log_groups");
        query.bind_number(1, default_days);
        query.bind_text(2, kDeletedGroup);
        while (query.step()) {
            const std::int64_t days = query.column_number(1);
            const bool is_deleted = query.column_number(2) != 0;
            if (!is_deleted && days <= 0) continue;
            ends.emplace_back(query.column_number(0),
                              is_deleted ? INT64_MAX : to_epoch_ms(now - std::chrono::days(days)));
        }
        std::size_t erased = 0;
        for (const auto& [group, before] : ends) {
            if (erased == limit) break;
            erased += expire_group(connection_, group, before, limit - erased);
            if (before == INT64_MAX && erased < limit) {
                connection_.execute(fmt::format("DELETE FROM log_groups WHERE id = {}", group));
            }
        }
        return erased;
    }

    void create_stream(const std::string& group, const std::string& stream, TimePoint now) override {
        const std::lock_guard lock(mutex_);
        (void)stream_id(group_id(group, now), stream, now);
    }

    void append(const std::string& group, const std::string& stream, std::vector<LogEvent> events) override {
        {
            const std::lock_guard lock(queue_mutex_);
            queue_.push_back({group, stream, std::move(events)});
            if (queue_.size() > 1) return;  // its thread knows already
        }
        wake_.notify_one();
    }

    void flush() override { flush_now(); }

    std::vector<LogGroup> groups(std::string_view prefix, std::string_view after, std::size_t limit) const override {
        flush_now();
        return search_->groups(prefix, after, limit);
    }

    std::vector<LogStream> streams(const LogStreamQuery& wanted) const override {
        flush_now();
        return search_->streams(wanted);
    }

    bool has_stream(const std::string& group, const std::string& stream) const override {
        flush_now();
        const std::lock_guard lock(mutex_);
        const auto id = find_group(group);
        return id && find_stream(*id, stream);
    }

    std::vector<LogEvent> events(const LogQuery& wanted) const override {
        flush_now();
        return search_->events(wanted);
    }

private:
    void prepare() {
        connection_.execute("PRAGMA journal_mode = WAL");
        connection_.execute("PRAGMA synchronous = NORMAL");
        connection_.execute(kSchema);
        if (connection_.number("SELECT count(*) FROM pragma_table_info('log_groups') WHERE name = 'retention_days'") ==
            0) {
            connection_.execute(
                "ALTER TABLE log_groups ADD COLUMN retention_days INTEGER");  // made by an older program
        }
        find_group_ = connection_.prepare("SELECT id FROM log_groups WHERE name = ?1");
        find_stream_ = connection_.prepare("SELECT id FROM log_streams WHERE group_id = ?1 AND name = ?2");
        insert_event_ = connection_.prepare(
            "INSERT INTO log_events (group_id, stream_id, at, ingested_at, message) VALUES (?1, ?2, ?3, ?4, ?5)");
        update_stream_ = connection_.prepare(
            "UPDATE log_streams SET first_at = min(coalesce(first_at, ?2), ?2), last_at = max(coalesce(last_at, ?3), "
            "?3), ingested_at = ?4 WHERE id = ?1");
        update_group_ = connection_.prepare("UPDATE log_groups SET bytes = bytes + ?2 WHERE id = ?1");
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
                log::write(log::Level::error, "log lines could not be written", {{"why", error.what()}});
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
            write(batches);
            connection_.execute("COMMIT");
        } catch (...) {
            connection_.roll_back();
            throw;
        }
    }

    /// What one flush adds to a stream.
    struct Added {
        std::int64_t group = 0;
        std::int64_t stream = 0;
        TimePoint first_at;
        TimePoint last_at;
        TimePoint ingested_at;
        std::int64_t bytes = 0;
    };

    void write(const std::vector<Batch>& batches) const {
        std::map<std::pair<std::string_view, std::string_view>, std::optional<Added>> streams;
        for (const Batch& batch : batches) {
            if (batch.events.empty()) continue;
            const auto [found, is_new] = streams.try_emplace({batch.group, batch.stream});
            if (is_new) found->second = open_stream(batch);
            if (found->second) insert(batch.events, *found->second);
        }
        for (const auto& [name, added] : streams) {
            if (added) note(*added);
        }
    }

    /// Nothing when the group is not there (any more).
    std::optional<Added> open_stream(const Batch& batch) const {
        const auto group = find_group(batch.group);
        if (!group) return std::nullopt;
        const TimePoint at = batch.events.front().at;
        return Added{.group = *group,
                     .stream = stream_id(*group, batch.stream, at),
                     .first_at = at,
                     .last_at = at,
                     .ingested_at = at};
    }

    void insert(const std::vector<LogEvent>& events, Added& added) const {
        for (const LogEvent& event : events) {
            added.first_at = std::min(added.first_at, event.at);
            added.last_at = std::max(added.last_at, event.at);
            added.bytes += static_cast<std::int64_t>(event.message.size()) + kEventOverhead;
            const Use row(insert_event_);
            row->bind_number(1, added.group);
            row->bind_number(2, added.stream);
            row->bind_number(3, to_epoch_ms(event.at));
            row->bind_number(4, to_epoch_ms(event.ingested_at));
            is_sealed(event.message) ? row->bind_blob(5, event.message) : row->bind_text(5, event.message);
            (void)row->step();
        }
        added.ingested_at = events.back().ingested_at;
    }

    void note(const Added& added) const {
        const Use stream(update_stream_);
        stream->bind_number(1, added.stream);
        stream->bind_number(2, to_epoch_ms(added.first_at));
        stream->bind_number(3, to_epoch_ms(added.last_at));
        stream->bind_number(4, to_epoch_ms(added.ingested_at));
        (void)stream->step();
        const Use group(update_group_);
        group->bind_number(1, added.group);
        group->bind_number(2, added.bytes);
        (void)group->step();
    }

    std::optional<std::int64_t> find_group(const std::string& name) const {
        const Use query(find_group_);
        query->bind_text(1, name);
        return query->step() ? std::optional(query->column_number(0)) : std::nullopt;
    }

    std::int64_t group_id(const std::string& name, TimePoint now) const {
        Statement insert = connection_.prepare("INSERT OR IGNORE INTO log_groups (name, created_at) VALUES (?1, ?2)");
        insert.bind_text(1, name);
        insert.bind_number(2, to_epoch_ms(now));
        (void)insert.step();
        return *find_group(name);
    }

    std::optional<std::int64_t> find_stream(std::int64_t group, const std::string& name) const {
        const Use query(find_stream_);
        query->bind_number(1, group);
        query->bind_text(2, name);
        return query->step() ? std::optional(query->column_number(0)) : std::nullopt;
    }

    std::int64_t stream_id(std::int64_t group, const std::string& name, TimePoint now) const {
        if (const auto known = find_stream(group, name)) return *known;
        Statement insert =
            connection_.prepare("INSERT INTO log_streams (group_id, name, created_at) VALUES (?1, ?2, ?3)");
        insert.bind_number(1, group);
        insert.bind_text(2, name);
        insert.bind_number(3, to_epoch_ms(now));
        (void)insert.step();
        return *find_stream(group, name);
    }

    mutable std::mutex mutex_;  // of the connection
    mutable Connection connection_;
    // What every flush needs, prepared once.
    mutable Statement find_group_;
    mutable Statement find_stream_;
    mutable Statement insert_event_;
    mutable Statement update_stream_;
    mutable Statement update_group_;
    std::unique_ptr<LogSearch> search_;
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
