// Event rows: how asynchronous invocations that are not done yet are kept, by when they are due.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/rows.hpp"
#include "engine/event_queue.hpp"

namespace holdpoint::engine {

/// Space::events, key: due time, then the request id.
struct Queued {
    std::string request_id;
    Event event;
    std::int64_t tries = 0;
    std::optional<TimePoint> submitted_at = {};  // nothing: by an earlier version of this program
};

[[nodiscard]] std::string event_key(TimePoint due, const std::string& request_id);
/// The request id.
[[nodiscard]] std::string id_of_event(const std::string& key);

[[nodiscard]] RowWrite write_of(TimePoint due, const Queued& queued);
/// Nothing of one that is damaged. It is not worth the server: it would be met again at each start.
[[nodiscard]] std::optional<Queued> try_read(const Row& row);

}  // namespace holdpoint::engine
