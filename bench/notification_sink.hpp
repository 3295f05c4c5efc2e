// NotificationSink: an http subscriber that tells waiting clients which approval their document got.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "net/server.hpp"

namespace holdpoint::bench {

class NotificationSink {
public:
    NotificationSink();

    /// Where a topic can send to.
    [[nodiscard]] std::string url() const;
    /// The token with which the subscription is confirmed; nothing when none came in time.
    [[nodiscard]] std::optional<std::string> wait_for_token(std::chrono::seconds limit);
    /// The approval's id in the notification about that document; each is handed out once.
    [[nodiscard]] std::optional<std::string> wait_for_approval(const std::string& document_id,
                                                               std::chrono::seconds limit);

private:
    void take(const net::Request& request);

    std::mutex mutex_;  // guards what arrived: the server's threads write, clients read
    std::condition_variable arrived_;
    std::optional<std::string> token_;
    std::unordered_map<std::string, std::string> approvals_;  // document id -> approval id
    net::Server server_;                                      // last: its handler uses the members above
};

}  // namespace holdpoint::bench
