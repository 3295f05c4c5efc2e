// Personal messages: the people whom a policy names are told one by one, each with a link that is theirs alone. So who
// has nothing but e-mail decides from it.
#pragma once

#include <set>
#include <string>

#include "approvals/notifications/notifications.hpp"
#include "approvals/repository/signing_keys.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"

namespace holdpoint::approvals {

/// Whom the policy names, as keys (domain/people.hpp): its people and the members of its listed groups, without the
/// requester, who never approves. A new request is for those of the stages that are open; what comes later for those
/// who may decide as it stands, an escalation for those of them whom it is to. Nobody where anyone may decide.
[[nodiscard]] std::set<std::string> people_to_tell(const ApprovalRequest& approval, Occasion occasion, TimePoint now);

/// Whether somebody may have to be told on that occasion, whichever stage is open: what the policy says alone, so the
/// same in every replay.
[[nodiscard]] bool names_people(const ApprovalRequest& approval, Occasion occasion);

/// `link` is a secret, and signs its holder in as `person`.
[[nodiscard]] Notification personal_notification(const ApprovalRequest& approval, const std::string& person,
                                                 Occasion occasion, const std::string& link);

/// What the requester hears of a request as it stands: that it ended, and how; of a pending one, that somebody asks for
/// changes. `link` signs its holder in as the requester.
[[nodiscard]] Notification requester_notification(const ApprovalRequest& approval, const std::string& link);

class PeopleNotifier {
public:
    virtual ~PeopleNotifier() = default;
    /// Answers how many were told. When it fails, some may have been: told twice is better than not at all.
    [[nodiscard]] virtual Result<std::size_t> tell(const ApprovalRequest& approval, Occasion occasion) = 0;
    /// How the request stands, to who made it.
    [[nodiscard]] virtual Result<void> tell_requester(const ApprovalRequest& approval) = 0;
};

/// Through a topic whose subscriptions each take the messages of one `recipient`.
class SnsPeopleNotifier final : public PeopleNotifier {
public:
    SnsPeopleNotifier(aws::Client& client, SigningKeys& keys, const Clock& clock, Random& random, std::string topic_arn,
                      std::string inbox_url)
        : client_(client),
          keys_(keys),
          clock_(clock),
          random_(random),
          topic_arn_(std::move(topic_arn)),
          inbox_url_(std::move(inbox_url)) {}
    [[nodiscard]] Result<std::size_t> tell(const ApprovalRequest& approval, Occasion occasion) override;
    [[nodiscard]] Result<void> tell_requester(const ApprovalRequest& approval) override;

private:
    [[nodiscard]] Result<std::string> link_for(const std::string& person, const ApprovalRequest& approval);
    [[nodiscard]] Result<void> publish(const std::vector<Notification>& batch);

    aws::Client& client_;
    SigningKeys& keys_;
    const Clock& clock_;
    Random& random_;
    std::string topic_arn_;
    std::string inbox_url_;
};

}  // namespace holdpoint::approvals
