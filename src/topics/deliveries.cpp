#include "topics/deliveries.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "topics/delivery_policy.hpp"

namespace holdpoint::topics {
namespace {

// Dead letters live behind everything that is due: their "due time" has the highest bit set, the rest is when they
// died.
constexpr std::uint64_t kDeadBit = std::uint64_t{1} << 63;
constexpr std::size_t kBuriedAtOnce = 16;

std::string number_key(std::uint64_t number) {
    std::string key;
    append_key_number(key, number);
    return key;
}

std::uint64_t key_time(TimePoint at) {
    return static_cast<std::uint64_t>(to_epoch_ms(at));
}

}  // namespace

std::vector<Delivery> due_deliveries(const RowReader& rows, Lane lane, TimePoint now, std::size_t limit,
                                     const std::set<std::string>& known) {
    std::vector<Delivery> due;
    if (limit == 0) return due;
    const auto rows_due = rows.scan(Space::deliveries, lane_key(lane, from_epoch_ms(0)),
                                    lane_key(lane, now + Milliseconds{1}), limit + known.size());
    for (const auto& row : rows_due) {
        if (due.size() < limit && !known.contains(row.key)) due.push_back(decode_delivery(row.value));
    }
    return due;
}

std::optional<TimePoint> next_delivery_due(const RowReader& rows, Lane lane) {
    const auto end = lane == Lane::mail ? number_key(kDeadBit) : lane_key(Lane::mail, from_epoch_ms(0));
    const auto next = rows.scan(Space::deliveries, lane_key(lane, from_epoch_ms(0)), end, 1);
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
    const auto forgotten = now - kDeadLetterRetention;
    if (forgotten > TimePoint{}) {
        for (auto& row : rows.scan(Space::deliveries, number_key(kDeadBit), number_key(kDeadBit | key_time(forgotten)),
                                   kBuriedAtOnce)) {
            writes.push_back({.space = Space::deliveries, .key = std::move(row.key), .value = std::nullopt});
        }
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
