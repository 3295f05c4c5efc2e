// Log store: log groups, streams and events in a database file of their own (synchronous=NORMAL), so that chatty
// functions do not compete with checkpoints. (CloudWatch Logs)
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace holdpoint::store {

struct LogEvent {
    std::int64_t id = 0;  // grows with arrival
    std::string stream;
    TimePoint at;
    TimePoint ingested_at;
    std::string message;
    bool ends_page = false;  // the last one of a page that the query's bytes_max ended: others may follow
};

struct LogGroup {
    std::string name;
    TimePoint created_at;
    std::int64_t stored_bytes = 0;
    std::optional<std::int64_t> retention_days = {};  // nothing: the server's default
};

struct LogStream {
    std::string name;
    TimePoint created_at;
    std::optional<TimePoint> first_event_at;
    std::optional<TimePoint> last_event_at;
    std::optional<TimePoint> last_ingested_at;
};

struct LogStreamQuery {
    std::string group;
    std::string prefix = {};     // empty: all
    bool by_last_event = false;  // instead of by name
    bool descending = false;
    std::string after = {};  // the stream that the last page ended with; empty: from the beginning
    std::size_t limit = 50;
};

struct LogQuery {
    std::string group;
    std::vector<std::string> streams = {};  // empty: all
    std::string stream_prefix = {};         // empty: all
    std::optional<TimePoint> from = {};     // inclusive
    std::optional<TimePoint> to = {};       // exclusive
    std::int64_t after_id = 0;              // paging in (at, id) order: events after this position
    std::optional<TimePoint> after_at = {};
    std::size_t limit = 10000;
    std::size_t bytes_max = SIZE_MAX;  // of messages as they are kept, and 26 for each; one event comes anyway
    bool reverse = false;
};

/// From any thread; a search keeps nobody from writing. Failures of the file throw std::runtime_error.
class LogStore {
public:
    virtual ~LogStore() = default;
    virtual void create_group(const std::string& group, TimePoint now) = 0;  // no effect when it exists
    /// It is gone at once; what was in it is erased by expire().
    virtual void delete_group(const std::string& group) = 0;
    [[nodiscard]] virtual bool has_group(const std::string& group) const = 0;
    /// Nothing: the server's default. No effect when there is no such group.
    virtual void set_retention(const std::string& group, std::optional<std::int64_t> days) = 0;
    /// Erases at most `limit` events of deleted groups, and that are older than their group keeps them, and streams
    /// that have none left and got none for as long; what was freed is used again. Answers how many events were erased.
    /// `default_days` 0: for ever.
    virtual std::size_t expire(TimePoint now, std::int64_t default_days, std::size_t limit) = 0;
    virtual void create_stream(const std::string& group, const std::string& stream, TimePoint now) = 0;
    /// Creates the stream when it is not there; what is meant for a group that is not there is dropped. Events may be
    /// written some hundred milliseconds later, in one transaction with others; flush() waits for that.
    virtual void append(const std::string& group, const std::string& stream, std::vector<LogEvent> events) = 0;
    virtual void flush() = 0;
    [[nodiscard]] virtual std::vector<LogGroup> groups(std::string_view prefix, std::string_view after,
                                                       std::size_t limit) const = 0;
    [[nodiscard]] virtual std::vector<LogStream> streams(const LogStreamQuery& query) const = 0;
    [[nodiscard]] virtual bool has_stream(const std::string& group, const std::string& stream) const = 0;
    /// In (at, id) order.
    [[nodiscard]] virtual std::vector<LogEvent> events(const LogQuery& query) const = 0;
};

[[nodiscard]] std::unique_ptr<LogStore> open_log_store(const std::string& path);

}  // namespace holdpoint::store
