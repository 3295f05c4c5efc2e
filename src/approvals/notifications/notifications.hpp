// Notifications: tells approvers, through SNS, that somebody waits for them.
#pragma once

#include <map>
#include <string>

#include "approvals/domain/models.hpp"
#include "aws/client.hpp"

namespace holdpoint::approvals {

struct Notification {
    std::string subject;  // at most 100 characters of printable ASCII, as SNS wants it
    std::string message;
    std::map<std::string, std::string> attributes;
};

/// Why somebody is told.
enum class Occasion { requested, reminder, escalated };

/// Names document, requester, approval_id, expiry and how to decide (on the page, where there is one); never the
/// callback token.
[[nodiscard]] Notification make_notification(const ApprovalRequest& approval, const std::string& api_function,
                                             const std::string& inbox_url, Occasion occasion);

class Notifier {
public:
    virtual ~Notifier() = default;
    [[nodiscard]] virtual Result<void> publish(const Notification& notification) = 0;
};

class SnsNotifier final : public Notifier {
public:
    SnsNotifier(aws::Client& client, std::string topic_arn) : client_(client), topic_arn_(std::move(topic_arn)) {}
    [[nodiscard]] Result<void> publish(const Notification& notification) override;

private:
    aws::Client& client_;
    std::string topic_arn_;
};

}  // namespace holdpoint::approvals
