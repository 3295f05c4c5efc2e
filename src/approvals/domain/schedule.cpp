#include "approvals/domain/schedule.hpp"

#include <algorithm>

namespace holdpoint::approvals {

namespace {

using std::chrono::seconds;

/// The reminders for this deadline that are still to be sent, up to `until`.
std::vector<Action> reminders(const Policy& policy, TimePoint expires_at, TimePoint sent_until, TimePoint until) {
    std::vector<Action> actions;
    for (const std::int64_t before : policy.reminders_before_seconds) {
        const TimePoint at = expires_at - seconds(before);
        if (at <= sent_until || at >= until) continue;
        actions.push_back({.kind = ActionKind::remind, .at = at, .expires_at = {}, .outcome = ApprovalStatus::pending});
    }
    std::sort(actions.begin(), actions.end(), [](const Action& a, const Action& b) { return a.at < b.at; });
    return actions;
}

std::optional<TimePoint> escalation_time(const Policy& policy, TimePoint created_at, TimePoint expires_at) {
    if (!policy.escalation) return std::nullopt;
    const bool at_deadline = policy.on_timeout == TimeoutRule::escalate;
    if (policy.escalation->after_seconds) {
        const TimePoint at = created_at + seconds(*policy.escalation->after_seconds);
        if (at < expires_at) return at;
    }
    return at_deadline ? std::optional(expires_at) : std::nullopt;
}

}  // namespace

std::vector<Action> plan(const Policy& policy, TimePoint created_at, TimePoint expires_at, const Done& done) {
    std::vector<Action> actions;
    TimePoint deadline = expires_at;
    TimePoint reminded = std::max(created_at, done.reminded_at.value_or(created_at));
    const auto escalates_at = done.escalated ? std::nullopt : escalation_time(policy, created_at, expires_at);
    if (escalates_at) {
        actions = reminders(policy, deadline, reminded, *escalates_at);
        deadline += seconds(policy.escalation->extend_seconds);
        actions.push_back({.kind = ActionKind::escalate,
                           .at = *escalates_at,
                           .expires_at = deadline,
                           .outcome = ApprovalStatus::pending});
        reminded = std::max(reminded, *escalates_at);  // it is a message, too
    }
    const auto rest = reminders(policy, deadline, reminded, deadline);
    actions.insert(actions.end(), rest.begin(), rest.end());
    actions.push_back(
        {.kind = ActionKind::expire,
         .at = deadline,
         .expires_at = {},
         .outcome = policy.on_timeout == TimeoutRule::reject ? ApprovalStatus::rejected : ApprovalStatus::timeout});
    return actions;
}

bool has_schedule(const Policy& policy) {
    return !policy.reminders_before_seconds.empty() || policy.escalation || policy.on_timeout != TimeoutRule::timeout;
}

TimePoint last_deadline(const Policy& policy, TimePoint created_at, TimePoint expires_at) {
    return plan(policy, created_at, expires_at, {}).back().at;
}

Due next_due(const Policy& policy, TimePoint created_at, TimePoint expires_at, const Done& done, TimePoint now) {
    std::optional<Action> due;
    for (const Action& action : plan(policy, created_at, expires_at, done)) {
        if (action.at > now) {
            if (!due) return {.action = {}, .next = action.at};
            break;
        }
        due = action;
        if (action.kind == ActionKind::escalate) {
            due->expires_at = std::max(expires_at, now) + seconds(policy.escalation->extend_seconds);
            break;
        }
    }
    return {.action = due, .next = {}};
}

}  // namespace holdpoint::approvals
