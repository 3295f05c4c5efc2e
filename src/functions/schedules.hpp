// Schedules: functions that are invoked again and again, as rows of Space::schedules. (EventBridge user guide,
// "Creating an Amazon EventBridge rule that runs on a schedule")
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/rows.hpp"

namespace holdpoint::functions {

struct Schedule {
    std::string name;  // of the rule
    std::string function;
    std::string qualifier;  // empty: unqualified
    std::chrono::seconds every{0};
    std::string input;                 // JSON; empty: scheduled_event
    std::optional<TimePoint> next_at;  // nothing: it is off
    friend bool operator==(const Schedule&, const Schedule&) = default;
};

[[nodiscard]] RowWrite put_schedule(const Schedule& schedule);
[[nodiscard]] RowWrite erase_schedule(std::string_view name);
[[nodiscard]] std::optional<Schedule> find_schedule(const RowReader& rows, std::string_view name);

struct DueSchedules {
    std::vector<Schedule> due;     // as they were
    std::vector<RowWrite> writes;  // they are due again later
};
/// Each is due once, however often its time has passed unseen, and then again as it always was. When the clock was set
/// back by more than a period, that begins anew.
[[nodiscard]] DueSchedules take_due(const RowReader& rows, TimePoint now);

/// What EventBridge says of a scheduled event. (EventBridge user guide, "Scheduled events")
[[nodiscard]] std::string scheduled_event(const Schedule& schedule, std::string_view id, TimePoint at,
                                          std::string_view region, std::string_view account);

}  // namespace holdpoint::functions
