// Log search: what is read of the log store, on a connection of its own.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/log_store.hpp"
#include "store/sqlite.hpp"

namespace holdpoint::store {

/// The name of a group that was deleted begins so, as no other one's can, and ends with its id.
inline constexpr std::string_view kDeletedGroup = ":deleted:";

/// CloudWatch counts it with each event too.
inline constexpr std::int64_t kEventOverhead = 26;

/// From any thread. Who searches long keeps others that search waiting, and nobody who writes.
class LogSearch {
public:
    /// The file is there, with its tables.
    explicit LogSearch(const std::string& path) : reader_(path, Connection::Mode::read_only) {}

    [[nodiscard]] std::vector<LogGroup> groups(std::string_view prefix, std::string_view after, std::size_t limit);
    [[nodiscard]] std::vector<LogStream> streams(const LogStreamQuery& wanted);
    [[nodiscard]] std::vector<LogEvent> events(const LogQuery& wanted);

private:
    using Streams = std::vector<std::pair<std::int64_t, std::string>>;  // id, name

    [[nodiscard]] std::optional<Streams> named_streams(const LogQuery& wanted);
    [[nodiscard]] Statement select_events(std::string_view scope, std::int64_t id, const LogQuery& wanted);
    [[nodiscard]] std::vector<LogEvent> events_of(const Streams& streams, const LogQuery& wanted);
    [[nodiscard]] std::vector<LogEvent> events_of_group(const LogQuery& wanted);

    std::mutex mutex_;
    Connection reader_;
};

}  // namespace holdpoint::store
