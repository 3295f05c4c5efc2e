// The outbox: e-mail that AWS would send. It is kept for people to read (`holdpoint approvals outbox`) and goes nowhere
// else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "topics/model.hpp"

namespace holdpoint::topics {

inline constexpr Milliseconds kOutboxRetention = std::chrono::hours{24 * 30};

[[nodiscard]] RowWrite put_in_outbox(const OutboxMail& mail, std::string_view subscription_id);

/// Erases a few mails older than kOutboxRetention; called with every publish, so that the outbox cannot grow for ever.
[[nodiscard]] std::vector<RowWrite> trim_outbox(const RowReader& rows, TimePoint now);

/// The newest mails first, at most `limit`.
[[nodiscard]] std::vector<OutboxMail> read_outbox(const RowReader& rows, std::size_t limit);

}  // namespace holdpoint::topics
