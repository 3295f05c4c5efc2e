// History: the events that users see, rendered from the journal. (AWS API, GetDurableExecutionHistory, Event)
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <string>
#include <vector>

#include "core/execution.hpp"

namespace holdpoint::core {

/// The events of one journal entry, in order, numbered from `first_event_id`; `execution` knows what the operations are
/// called. Without `with_data` payloads are left out and marked as truncated.
[[nodiscard]] std::vector<boost::json::object> render_events(const Execution& execution,
                                                             const std::vector<Change>& entry,
                                                             std::uint64_t first_event_id, bool with_data);

/// What events say of an operation besides what happened to it.
struct NamedOperation {
    Definition definition;
    std::int64_t seconds = 0;  // of a wait: its length
};
/// The same from what is known of the operations that the entry is about.
[[nodiscard]] std::vector<boost::json::object> render_events(
    const Head& head, const std::function<NamedOperation(const std::string& id)>& operations,
    const std::vector<Change>& entry, std::uint64_t first_event_id, bool with_data);

}  // namespace holdpoint::core
