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

struct OutboxQuery {
    /// ARNs of one stack's topics: people of the same name or address in another stack are others. Messages that
    /// earlier versions kept name no topic, and count as theirs.
    std::vector<std::string> topics;
    std::string person = {};  // by name, or by the address that a message went to; empty: everybody
    std::size_t limit = 0;
};

/// The newest first. Nothing where there is no outbox: the server has a mail server, or is AWS.
[[nodiscard]] Result<std::optional<std::vector<OutboxMessage>>> read_outbox(aws::Client& client,
                                                                            const OutboxQuery& query);

}  // namespace holdpoint::approvals
