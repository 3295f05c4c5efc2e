#include "api/logs/put_batch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/logs/members.hpp"

namespace holdpoint::api::logs {

namespace json = boost::json;

namespace {

constexpr std::size_t kEventsMax = 10000;
constexpr std::size_t kBytesMax = std::size_t{1} << 20;
constexpr std::size_t kEventOverhead = 26;  // counted with each message
constexpr std::chrono::hours kSpanMax{24};
constexpr std::chrono::hours kAheadMax{2};
constexpr std::chrono::days kAgeMax{14};

Result<std::vector<store::LogEvent>> read_events(const json::array& list, const std::string& stream, TimePoint now) {
    std::vector<store::LogEvent> events;
    events.reserve(list.size());
    std::size_t bytes = 0;
    for (const json::value& value : list) {
        const json::object* event = value.if_object();
        const json::value* at = event == nullptr ? nullptr : event->if_contains("timestamp");
        const json::value* message = event == nullptr ? nullptr : event->if_contains("message");
        if (at == nullptr || !at->is_int64() || message == nullptr || !message->is_string() || at->get_int64() < 0 ||
            message->get_string().empty()) {
            return invalid(
                "Each of logEvents must have a timestamp (milliseconds, not before 1970) and a message (text that is "
                "not empty).");
        }
        bytes += message->get_string().size() + kEventOverhead;
        events.push_back({.id = 0,
                          .stream = stream,
                          .at = from_epoch_ms(at->get_int64()),
                          .ingested_at = now,
                          .message = std::string(message->get_string())});
    }
    if (bytes <= kBytesMax) return events;
    return invalid(fmt::format("Upload too large: {} bytes exceeds limit of {}", bytes, kBytesMax));
}

Result<void> check_times(const std::vector<store::LogEvent>& events) {
    if (!std::ranges::is_sorted(events, {}, &store::LogEvent::at)) {
        return invalid("Log events in a single PutLogEvents request must be in chronological order.");
    }
    if (events.back().at - events.front().at <= kSpanMax) return {};
    return invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
}

}  // namespace

Result<PutBatch> read_batch(const json::object& request, const std::string& stream, TimePoint now,
                            std::optional<std::int64_t> retention_days) {
    const json::value* list = request.if_contains("logEvents");
    if (list == nullptr || !list->is_array() || list->get_array().empty()) {
        return invalid("logEvents (a list of at least one event) must be given.");
    }
    if (list->get_array().size() > kEventsMax) {
        return invalid(
            fmt::format("logEvents must be at most {} events, but are {}.", kEventsMax, list->get_array().size()));
    }
    auto events = read_events(list->get_array(), stream, now);
    if (!events) return std::unexpected(events.error());
    if (auto ok = check_times(*events); !ok) return std::unexpected(ok.error());
    const auto first_at = [&](TimePoint at) { return std::ranges::lower_bound(*events, at, {}, &store::LogEvent::at); };
    const auto first_young = first_at(now - kAgeMax);
    const auto first_kept = retention_days ? first_at(now - std::chrono::days(*retention_days)) : events->begin();
    const auto first_new = std::ranges::upper_bound(*events, now + kAheadMax, {}, &store::LogEvent::at);
    PutBatch batch;
    if (first_young != events->begin()) batch.rejected["tooOldLogEventEndIndex"] = first_young - events->begin();
    if (first_kept != events->begin()) batch.rejected["expiredLogEventEndIndex"] = first_kept - events->begin();
    if (first_new != events->end()) batch.rejected["tooNewLogEventStartIndex"] = first_new - events->begin();
    const auto begin = std::max(first_young, first_kept);
    if (begin < first_new) batch.events.assign(std::move_iterator(begin), std::move_iterator(first_new));
    return batch;
}

}  // namespace holdpoint::api::logs
