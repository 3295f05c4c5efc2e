#include "store/log_search.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace holdpoint::store {

namespace {

/// Streams that are named by their prefix are read side by side up to this many.
constexpr std::size_t kStreamsMerged = 100;
constexpr int kFirstStream = 3;  // the parameter of the first name

/// What is read of an event, by both searches.
constexpr std::string_view kEventColumns = "id, at, ingested_at, message";

/// The events of an answer, until there are enough.
class Page {
public:
    explicit Page(const LogQuery& query) : limit_(query.limit), bytes_max_(query.bytes_max) {}

    [[nodiscard]] bool is_full() const {
        return events_.size() == limit_ || (!events_.empty() && events_.back().ends_page);
    }
    /// The row that `rows` is at; its columns are kEventColumns.
    void add(const Statement& rows, std::string stream) {
        std::string message = rows.column(3);
        bytes_ += message.size() + kEventOverhead;
        if (bytes_ > bytes_max_ && !events_.empty()) {
            events_.back().ends_page = true;
            return;
        }
        events_.push_back({.id = rows.column_number(0),
                           .stream = std::move(stream),
                           .at = from_epoch_ms(rows.column_number(1)),
                           .ingested_at = from_epoch_ms(rows.column_number(2)),
                           .message = std::move(message)});
    }
    [[nodiscard]] std::vector<LogEvent> take() { return std::move(events_); }

private:
    std::size_t limit_;
    std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::vector<LogEvent> events_;
};

std::string stream_condition(const std::vector<std::string>& streams) {
    if (streams.empty()) return {};
    std::string parameters;
    for (std::size_t i = 0; i < streams.size(); ++i)
        parameters += fmt::format("{}?{}", i == 0 ? "" : ", ", kFirstStream + i);
    return "AND name IN (" + parameters + ")";
}

std::vector<LogStream> read_streams(Statement& query) {
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

}  // namespace

std::vector<LogGroup> LogSearch::groups(std::string_view prefix, std::string_view after, std::size_t limit) {
    const std::lock_guard lock(mutex_);
    Statement query = reader_.prepare(
        "SELECT name, created_at, bytes, coalesce(retention_days, -1) FROM log_groups WHERE substr(name, 1, "
        "length(?1)) = ?1 AND name > ?2 "
        "AND substr(name, 1, length(?4)) <> ?4 ORDER BY name LIMIT ?3");
    query.bind_text(1, prefix);
    query.bind_text(2, after);
    query.bind_number(3, static_cast<std::int64_t>(limit));
    query.bind_text(4, kDeletedGroup);
    std::vector<LogGroup> result;
    while (query.step()) {
        result.push_back(
            {.name = query.column(0),
             .created_at = from_epoch_ms(query.column_number(1)),
             .stored_bytes = query.column_number(2),
             .retention_days = query.column_number(3) < 0 ? std::nullopt : std::optional(query.column_number(3))});
    }
    return result;
}

std::vector<LogStream> LogSearch::streams(const LogStreamQuery& wanted) {
    const std::lock_guard lock(mutex_);
    const std::string place = wanted.by_last_event ? "coalesce(last_at, -1)" : "''";
    const std::string last = fmt::format(
        "SELECT {} FROM log_streams WHERE group_id = (SELECT id FROM log_groups WHERE name = ?1) AND name = ?3", place);
    const std::string beyond =
        wanted.after.empty() ? ""
                             : fmt::format("AND ({}, name) {} (({}), ?3)", place, wanted.descending ? "<" : ">", last);
    const char* order = wanted.descending ? "DESC" : "ASC";
    Statement query = reader_.prepare(fmt::format(
        "SELECT name, created_at, coalesce(first_at, -1), coalesce(last_at, -1), coalesce(ingested_at, -1) FROM "
        "log_streams WHERE group_id = (SELECT id FROM log_groups WHERE name = ?1) AND substr(name, 1, length(?2)) "
        "= ?2 {} ORDER BY {} {}, name {} LIMIT ?4",
        beyond, place, order, order));
    query.bind_text(1, wanted.group);
    query.bind_text(2, wanted.prefix);
    if (!wanted.after.empty()) query.bind_text(3, wanted.after);
    query.bind_number(4, static_cast<std::int64_t>(wanted.limit));
    return read_streams(query);
}

std::vector<LogEvent> LogSearch::events(const LogQuery& wanted) {
    const std::lock_guard lock(mutex_);
    const auto streams = named_streams(wanted);
    return streams ? events_of(*streams, wanted) : events_of_group(wanted);
}

/// Those that the query names; nothing when it names none, or so many by their prefix that the group's own order
/// is as good.
std::optional<LogSearch::Streams> LogSearch::named_streams(const LogQuery& wanted) {
    if (wanted.streams.empty() && wanted.stream_prefix.empty()) return std::nullopt;
    Statement query = reader_.prepare(
        fmt::format("SELECT id, name FROM log_streams WHERE group_id = (SELECT id FROM log_groups WHERE name = ?1) AND "
                    "substr(name, 1, length(?2)) = ?2 {} LIMIT {}",
                    stream_condition(wanted.streams), wanted.streams.size() + kStreamsMerged + 1));
    query.bind_text(1, wanted.group);
    query.bind_text(2, wanted.stream_prefix);
    for (std::size_t i = 0; i < wanted.streams.size(); ++i) {
        query.bind_text(kFirstStream + static_cast<int>(i), wanted.streams[i]);
    }
    Streams streams;
    while (query.step()) streams.emplace_back(query.column_number(0), query.column(1));
    if (wanted.streams.empty() && streams.size() > kStreamsMerged) return std::nullopt;
    return streams;
}

/// Of the events that `scope` selects by ?1.
Statement LogSearch::select_events(std::string_view scope, std::int64_t id, const LogQuery& wanted) {
    const char* order = wanted.reverse ? "DESC" : "ASC";
    Statement rows = reader_.prepare(fmt::format(
        "SELECT {}, stream_id FROM log_events WHERE {} = ?1 AND at >= ?2 AND at < ?3 {} ORDER BY at {}, id {}",
        kEventColumns, scope,
        wanted.after_at ? fmt::format("AND (at, id) {} (?4, ?5)", wanted.reverse ? "<" : ">") : "", order, order));
    std::int64_t from = wanted.from ? to_epoch_ms(*wanted.from) : 0;
    std::int64_t to = wanted.to ? to_epoch_ms(*wanted.to) : INT64_MAX;
    if (wanted.after_at) {
        // SQLite takes the bounds of `at` alone along the index, and would begin each page at the first.
        const std::int64_t after = to_epoch_ms(*wanted.after_at);
        if (!wanted.reverse) from = std::max(from, after);
        if (wanted.reverse && after < to) to = after + 1;
        rows.bind_number(4, after);
        rows.bind_number(5, wanted.after_id);
    }
    rows.bind_number(1, id);
    rows.bind_number(2, from);
    rows.bind_number(3, to);
    return rows;
}

/// Each stream along its own index, merged: costs what it answers, however much others have written.
std::vector<LogEvent> LogSearch::events_of(const Streams& streams, const LogQuery& wanted) {
    struct Source {
        std::string name;
        Statement rows;
        [[nodiscard]] std::pair<std::int64_t, std::int64_t> place() const {
            return {rows.column_number(1), rows.column_number(0)};
        }
    };
    std::vector<Source> sources;
    for (const auto& [id, name] : streams) {
        Source source{.name = name, .rows = select_events("stream_id", id, wanted)};
        if (source.rows.step()) sources.push_back(std::move(source));
    }
    Page page(wanted);
    while (!sources.empty() && !page.is_full()) {
        const auto is_before = [&](const Source& a, const Source& b) {
            return wanted.reverse ? a.place() > b.place() : a.place() < b.place();
        };
        const auto next = std::ranges::min_element(sources, is_before);
        page.add(next->rows, next->name);
        if (!next->rows.step()) sources.erase(next);
    }
    return page.take();
}

std::vector<LogEvent> LogSearch::events_of_group(const LogQuery& wanted) {
    Statement group = reader_.prepare("SELECT id FROM log_groups WHERE name = ?1");
    group.bind_text(1, wanted.group);
    if (!group.step()) return {};
    Statement rows = select_events("group_id", group.column_number(0), wanted);
    Statement name = reader_.prepare("SELECT name FROM log_streams WHERE id = ?1");
    Page page(wanted);
    while (!page.is_full() && rows.step()) {
        const Use stream(name);
        stream->bind_number(1, rows.column_number(4));
        if (!stream->step()) continue;
        std::string text = stream->column(0);
        if (text.starts_with(wanted.stream_prefix)) page.add(rows, std::move(text));
    }
    return page.take();
}

}  // namespace holdpoint::store
