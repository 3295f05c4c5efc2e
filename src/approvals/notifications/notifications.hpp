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
enum class Occasion { requested, stage_opened, amended, reminder, escalated };

/// Names document, requester, approval_id, expiry and how to decide (on the page, where there is one); never the
/// callback token.
[[nodiscard]] Notification make_notification(const ApprovalRequest& approval, const std::string& api_function,
                                             const std::string& inbox_url, Occasion occasion);

/// At most `max` bytes of UTF-8.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t max);
/// Printable ASCII on one line, as short as SNS wants it.
[[nodiscard]] std::string subject_line(std::string_view text);
/// The members of a message, as Publish and the entries of PublishBatch have them.
void add_message(aws::Parameters& parameters, const std::string& prefix, const Notification& notification);

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
