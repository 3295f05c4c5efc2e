// Schedule: when people are reminded, when others are asked too, and what the deadline means.
#pragma once

#include <optional>
#include <vector>

#include "approvals/domain/models.hpp"
#include "approvals/domain/policy.hpp"
#include "base/clock.hpp"

namespace holdpoint::approvals {

enum class ActionKind { remind, escalate, expire };
BOOST_DESCRIBE_ENUM(ActionKind, remind, escalate, expire)

struct Action {
    ActionKind kind = ActionKind::remind;
    TimePoint at;                                      // when it is due
    std::optional<TimePoint> expires_at;               // escalate: the deadline from then on
    ApprovalStatus outcome = ApprovalStatus::pending;  // expire: what the request becomes, timeout or rejected
    friend bool operator==(const Action&, const Action&) = default;
};

/// What was done of a schedule.
struct Done {
    std::optional<TimePoint> reminded_at;  // when the last message to those who may decide was sent
    bool escalated = false;
    friend bool operator==(const Done&, const Done&) = default;
};

/// All that is to come while nobody decides, in order; the last one is expire. Escalation is done once.
[[nodiscard]] std::vector<Action> plan(const Policy& policy, TimePoint created_at, TimePoint expires_at,
                                       const Done& done);

/// Whether anything but the plain deadline is to come under this policy.
[[nodiscard]] bool has_schedule(const Policy& policy);
/// The deadline after the escalation, if there is one.
[[nodiscard]] TimePoint last_deadline(const Policy& policy, TimePoint created_at, TimePoint expires_at);

struct Due {
    std::optional<Action> action;   // to be done now
    std::optional<TimePoint> next;  // when there is something again, when nothing is due now
    friend bool operator==(const Due&, const Due&) = default;
};

/// What is due now. After a long pause it is one thing, not all that was missed: the escalation before the deadline,
/// whose people get all of their time from now on, and one reminder for many.
[[nodiscard]] Due next_due(const Policy& policy, TimePoint created_at, TimePoint expires_at, const Done& done,
                           TimePoint now);

}  // namespace holdpoint::approvals
