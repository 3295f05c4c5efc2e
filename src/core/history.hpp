// History: the events that users see, rendered from the journal. (AWS API, GetDurableExecutionHistory, Event)
#pragma once

#include <boost/json.hpp>
#include <vector>

#include "core/execution.hpp"

namespace holdpoint::core {

/// The events of one journal entry, in order, numbered from `first_event_id`; `execution` knows what the operations are
/// called. Without `with_data` payloads are left out and marked as truncated.
[[nodiscard]] std::vector<boost::json::object> render_events(const Execution& execution,
                                                             const std::vector<Change>& entry,
                                                             std::uint64_t first_event_id, bool with_data);

}  // namespace holdpoint::core
