#include "functions/schedules.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace holdpoint::functions {

namespace json = boost::json;

namespace {

/// Of an ISO 8601 time: EventBridge says no milliseconds.
constexpr std::size_t kSecondsEnd = 19;

Schedule decode(const Row& row) {
    const json::value value = json::parse(row.value);
    Schedule schedule{.name = row.key,
                      .function = std::string(value.at("function").as_string()),
                      .qualifier = std::string(value.at("qualifier").as_string()),
                      .every = std::chrono::seconds(value.at("every_seconds").as_int64()),
                      .input = std::string(value.at("input").as_string()),
                      .next_at = {}};
    if (const json::value* at = value.as_object().if_contains("next_at"))
        schedule.next_at = from_epoch_ms(at->as_int64());
    return schedule;
}

}  // namespace

RowWrite put_schedule(const Schedule& schedule) {
    json::object object{{"function", schedule.function},
                        {"qualifier", schedule.qualifier},
                        {"every_seconds", schedule.every.count()},
                        {"input", schedule.input}};
    if (schedule.next_at) object["next_at"] = to_epoch_ms(*schedule.next_at);
    return {Space::schedules, schedule.name, json::serialize(object)};
}

RowWrite erase_schedule(std::string_view name) {
    return {Space::schedules, std::string(name), std::nullopt};
}

std::optional<Schedule> find_schedule(const RowReader& rows, std::string_view name) {
    auto row = rows.get(Space::schedules, name);
    if (!row) return std::nullopt;
    return decode({.key = std::string(name), .value = std::move(*row)});
}

DueSchedules take_due(const RowReader& rows, TimePoint now) {
    DueSchedules taken;
    for (const Row& row : rows.scan(Space::schedules, {}, {}, SIZE_MAX)) {
        Schedule schedule = decode(row);
        if (!schedule.next_at) continue;
        Schedule later = schedule;
        if (*schedule.next_at <= now) {
            later.next_at = *schedule.next_at + ((now - *schedule.next_at) / schedule.every + 1) * schedule.every;
            taken.due.push_back(std::move(schedule));
        } else if (*schedule.next_at > now + schedule.every) {
            later.next_at = now + schedule.every;
        } else {
            continue;
        }
        taken.writes.push_back(put_schedule(later));
    }
    return taken;
}

std::string scheduled_event(const Schedule& schedule, std::string_view id, TimePoint at, std::string_view region,
                            std::string_view account) {
    return json::serialize(
        json::object{{"version", "0"},
                     {"id", id},
                     {"detail-type", "Scheduled Event"},
                     {"source", "aws.events"},
                     {"account", account},
                     {"time", to_iso8601(at).substr(0, kSecondsEnd) + "Z"},
                     {"region", region},
                     {"resources", {fmt::format("arn:aws:events:{}:{}:rule/{}", region, account, schedule.name)}},
                     {"detail", json::object{}}});
}

}  // namespace holdpoint::functions
