// Event outcome: what becomes known of an asynchronous invocation that is over, and where it goes. Pure. (Lambda
// developer guide, "Capturing records of Lambda asynchronous invocations")
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/rows.hpp"
#include "engine/work.hpp"
#include "functions/function.hpp"

namespace holdpoint::engine {

enum class EventCondition { success, retries_exhausted, event_age_exceeded };

struct EventOutcome {
    std::string request_id;
    std::string function_arn;  // with the qualifier
    std::string version;       // that was invoked
    std::string payload;
    std::int64_t tries = 0;
    EventCondition condition = EventCondition::success;
    InvocationResult result;
    TimePoint at;
};

/// The record that a destination gets: JSON text.
[[nodiscard]] std::string destination_record(const EventOutcome& outcome);

/// Publishes to a topic; the error says why it could not. `nonce` must never repeat.
[[nodiscard]] Result<std::vector<RowWrite>> publish_record(const RowReader& rows, std::string_view topic_arn,
                                                           const EventOutcome& outcome, std::string_view nonce);
/// The event itself, with what went wrong as attributes, to the topic of a dead letter config.
[[nodiscard]] Result<std::vector<RowWrite>> publish_dead_letter(const RowReader& rows, std::string_view topic_arn,
                                                                const EventOutcome& outcome, std::string_view nonce);

}  // namespace holdpoint::engine
