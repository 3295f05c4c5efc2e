// Deliveries: what is due, and what becomes of one that succeeded or failed.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "topics/model.hpp"

namespace holdpoint::topics {

/// How long a message that nobody took stays as a dead letter. (SQS keeps one for 14 days at most)
inline constexpr Milliseconds kDeadLetterRetention = std::chrono::hours{24 * 14};

/// The longest that a delivery is put off. (SNS developer guide, "Message delivery retries")
inline constexpr Milliseconds kDeliveryDelayMax = std::chrono::hours{1};

/// Deliveries of a lane due at `now`, the oldest first.
[[nodiscard]] std::vector<Delivery> due_deliveries(const RowReader& rows, Lane lane, TimePoint now, std::size_t limit);

struct DuePage {
    std::vector<Delivery> due;
    std::string next;  // where the next page begins; empty: this was the last
};
/// The same from the key `from` on.
[[nodiscard]] DuePage due_page(const RowReader& rows, Lane lane, TimePoint now, const std::string& from,
                               std::size_t limit);

/// Deliveries that lie further ahead than any is put off: the clock was ahead when they were written.
[[nodiscard]] std::vector<Delivery> deliveries_ahead(const RowReader& rows, Lane lane, TimePoint now,
                                                     std::size_t limit);
/// Due at `at` instead.
[[nodiscard]] std::vector<RowWrite> move_delivery(Delivery delivery, TimePoint at);
/// From which key on, and before which one, the deliveries of a lane stand that are not given up.
[[nodiscard]] std::pair<std::string, std::string> lane_range(Lane lane);
/// When the next delivery of a lane is due; nothing when none waits.
[[nodiscard]] std::optional<TimePoint> next_delivery_due(const RowReader& rows, Lane lane);

/// The endpoint took it, or its subscription is gone.
[[nodiscard]] std::vector<RowWrite> finish_delivery(const RowReader& rows, const Delivery& delivery);

/// The endpoint did not take it: due again as its policy says, or a dead letter when the policy gives up or the failure
/// is one that trying again does not mend (`retryable` false; on AWS any 4xx but 429).
[[nodiscard]] std::vector<RowWrite> fail_delivery(const RowReader& rows, Delivery delivery, std::string_view why,
                                                  bool retryable, TimePoint now);

/// What fail_delivery answered gives the message up.
[[nodiscard]] bool makes_dead_letter(const std::vector<RowWrite>& writes);

/// Erases, at most `limit`, those that nobody took for as long as they are kept.
[[nodiscard]] std::vector<RowWrite> forgotten_dead_letters(const RowReader& rows, TimePoint now, std::size_t limit);

/// Messages that nobody took, the newest first, at most `limit`.
[[nodiscard]] std::vector<Delivery> dead_letters(const RowReader& rows, std::size_t limit);

}  // namespace holdpoint::topics
