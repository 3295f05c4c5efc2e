#include "topics/deliveries.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "topics/delivery_policy.hpp"

namespace holdpoint::topics {
namespace {

// Dead letters live behind everything that is due: their "due time" has the highest bit set, the rest is when they
// died.
constexpr std::uint64_t kDeadBit = std::uint64_t{1} << 63;

std::string number_key(std::uint64_t number) {
    std::string key;
    append_key_number(key, number);
    return key;
}

std::uint64_t key_time(TimePoint at) {
    return static_cast<std::uint64_t>(to_epoch_ms(at));
}

/// Behind all that waits in a lane.
std::string lane_end(Lane lane) {
    return lane == Lane::mail ? number_key(kDeadBit) : lane_key(Lane::mail, from_epoch_ms(0));
}

}  // namespace

std::vector<Delivery> due_deliveries(const RowReader& rows, Lane lane, TimePoint now, std::size_t limit) {
    return due_page(rows, lane, now, {}, limit).due;
}

DuePage due_page(const RowReader& rows, Lane lane, TimePoint now, const std::string& from, std::size_t limit) {
    DuePage page;
    const auto found = rows.scan(Space::deliveries, std::max(from, lane_key(lane, from_epoch_ms(0))),
                                 lane_key(lane, now + Milliseconds{1}), limit);
    for (const auto& row : found) page.due.push_back(decode_delivery(row.value));
    if (!found.empty() && found.size() == limit) page.next = found.back().key + '\0';
    return page;
}

std::pair<std::string, std::string> lane_range(Lane lane) {
    return {lane_key(lane, from_epoch_ms(0)), lane_end(lane)};
}

std::vector<Delivery> deliveries_ahead(const RowReader& rows, Lane lane, TimePoint now, std::size_t limit) {
    std::vector<Delivery> ahead;
    const auto from = lane_key(lane, now + kDeliveryDelayMax + Milliseconds{1});
    for (const auto& row : rows.scan(Space::deliveries, from, lane_end(lane), limit))
        ahead.push_back(decode_delivery(row.value));
    return ahead;
}

std::vector<RowWrite> move_delivery(Delivery delivery, TimePoint at) {
    std::vector<RowWrite> writes{{.space = Space::deliveries, .key = delivery_key(delivery), .value = std::nullopt}};
    delivery.due_at = at;
    writes.push_back({.space = Space::deliveries, .key = delivery_key(delivery), .value = encode(delivery)});
    return writes;
}

std::optional<TimePoint> next_delivery_due(const RowReader& rows, Lane lane) {
    const auto next = rows.scan(Space::deliveries, lane_key(lane, from_epoch_ms(0)), lane_end(lane), 1);
    if (next.empty()) return std::nullopt;
    return decode_delivery(next.front().value).due_at;
}

std::vector<RowWrite> finish_delivery(const RowReader& rows, const Delivery& delivery) {
    const auto key = delivery_key(delivery);
    if (!rows.get(Space::deliveries, key)) return {};
    return {{.space = Space::deliveries, .key = key, .value = std::nullopt}};
}

std::vector<RowWrite> fail_delivery(const RowReader& rows, Delivery delivery, std::string_view why, bool retryable,
                                    TimePoint now) {
    auto writes = finish_delivery(rows, delivery);
    const auto topic = find_topic(rows, delivery.topic_arn);
    const auto subscription = find_subscription(rows, delivery.topic_arn, delivery.subscription_id);
    if (writes.empty() || !topic || !subscription) return writes;
    ++delivery.failures;
    delivery.last_error = as_utf8(why);  // an endpoint's words may be in any encoding, and cut anywhere
    const auto delay =
        retryable ? retry_delay(effective_policy(*topic, *subscription), delivery.failures) : std::nullopt;
    if (delay) {
        delivery.due_at = now + *delay;
        writes.push_back({.space = Space::deliveries, .key = delivery_key(delivery), .value = encode(delivery)});
        return writes;
    }
    const auto dead_key = number_key(kDeadBit | key_time(now)) + delivery.id;
    writes.push_back({.space = Space::deliveries, .key = dead_key, .value = encode(delivery)});
    return writes;
}

std::vector<RowWrite> forgotten_dead_letters(const RowReader& rows, TimePoint now, std::size_t limit) {
    std::vector<RowWrite> writes;
    const auto forgotten = now - kDeadLetterRetention;
    if (forgotten <= TimePoint{}) return writes;
    for (auto& row :
         rows.scan(Space::deliveries, number_key(kDeadBit), number_key(kDeadBit | key_time(forgotten)), limit)) {
        writes.push_back({.space = Space::deliveries, .key = std::move(row.key), .value = std::nullopt});
    }
    return writes;
}

bool makes_dead_letter(const std::vector<RowWrite>& writes) {
    return std::ranges::any_of(writes,
                               [](const RowWrite& write) { return write.value && write.key >= number_key(kDeadBit); });
}

std::vector<Delivery> dead_letters(const RowReader& rows, std::size_t limit) {
    std::vector<Delivery> letters;
    for (const auto& row : rows.scan(Space::deliveries, number_key(kDeadBit), "", limit, true))
        letters.push_back(decode_delivery(row.value));
    return letters;
}

}  // namespace holdpoint::topics
