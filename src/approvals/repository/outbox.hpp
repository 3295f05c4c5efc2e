// Outbox: the messages that a server without a mail server keeps for people, read from its log group.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/client.hpp"
#include "base/result.hpp"

namespace holdpoint::approvals {

inline constexpr std::string_view kOutboxGroup = "/holdpoint/outbox";

struct OutboxMessage {
    std::string to;
    std::string subject;
    std::string text;
    std::string at;  // ISO 8601 UTC
};

/// The newest first, at most `limit`; to one person, or all when `person` is empty. Nothing where there is no outbox:
/// the server has a mail server, or is AWS.
[[nodiscard]] Result<std::optional<std::vector<OutboxMessage>>> read_outbox(aws::Client& client,
                                                                            const std::string& person,
                                                                            std::size_t limit);

}  // namespace holdpoint::approvals
