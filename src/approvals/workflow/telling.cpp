#include "approvals/workflow/telling.hpp"

#include <algorithm>

#include "approvals/domain/schedule.hpp"
#include "approvals/workflow/steps.hpp"

namespace holdpoint::approvals {

namespace {

constexpr std::string_view kNotKnown = " before this message was known to have gone out";

/// Whether a record says of the message with these details that nobody is told, whatever the reason.
bool is_noted(AuditDetails record, const AuditDetails& details) {
    const auto error = record.find("error");
    if (error == record.end() || !error->second.ends_with(kNotKnown)) return false;
    record.erase(error);
    return record == details;
}

}  // namespace

void Telling::approvers(std::string_view name, ApprovalRequest approval, Occasion occasion, const std::string& event,
                        const AuditDetails& details) {
    approval.policy = created_.policy;
    const Notification notification =
        make_notification(approval, services_.configuration.api_function, services_.configuration.inbox_url, occasion);
    try {
        // Null where they were told, as the step always was before it looked at the time.
        const auto too_late = context_.step(name,
                                            [&](durable::StepContext& step) -> std::optional<bool> {
                                                // The record was made just now: the first try need not read it.
                                                const bool reads =
                                                    occasion != Occasion::requested || step.attempt() > 1;
                                                if (const auto why = why_late(approval, reads)) {
                                                    nobody(event, details, *why);
                                                    return true;
                                                }
                                                require(services_.notifier.publish(notification));
                                                append(event, details);
                                                return std::nullopt;
                                            },
                                            {.retry = brief()});
        if (too_late) return;
    } catch (const durable::StepError& error) {
        // Somebody may find the request in the list; the workflow waits on.
        failed("record-notification-failure", "nobody could be notified", error.info(), details);
    }
    people(approval, occasion, details);
}

/// Whether nothing but its end is to come: not where others are asked at its deadline.
bool Telling::is_over(const ApprovalRequest& approval) const {
    const Due due = next_due(
        policy_of(created_), require(parse_iso8601(approval.created_at)), require(parse_iso8601(approval.expires_at)),
        {.reminded_at = {}, .escalated = approval.escalated_at.has_value()}, services_.clock.now());
    return due.action && due.action->kind == ActionKind::expire;
}

/// Not where that cannot be read: a message too many is better than one too few.
bool Telling::is_decided() const {
    const auto now = services_.repository.find(created_.approval_id);
    return now && *now && (*now)->status != ApprovalStatus::pending;
}

/// Nothing while somebody may decide.
std::optional<std::string_view> Telling::why_late(const ApprovalRequest& approval, bool reads) const {
    if (is_over(approval)) return "its time was over";
    if (reads && is_decided()) return "it was decided";
    return std::nullopt;
}

/// Notes that nobody is told, unless the trail has it that they were: an earlier try may have got through, and the
/// process died. Where it died before the trail had it, nobody knows.
void Telling::nobody(std::string_view event, const AuditDetails& details, std::string_view why) {
    AuditEvent audit{.event = "notification_failed", .at = to_iso8601(services_.clock.now())};
    audit.details = details;
    audit.details["error"] = std::string(why) + std::string(kNotKnown);
    // Looked at whenever the chain has grown: what an earlier try has sent may come between. An earlier try may have
    // noted this, too, for another reason.
    const auto nobody_was_told = [&](const std::vector<AuditRecord>& trail) {
        return std::ranges::none_of(trail, [&](const AuditRecord& record) {
            return (record.event == event && std::ranges::includes(record.details, details)) ||
                   (record.event == audit.event && is_noted(record.details, details));
        });
    };
    require(services_.repository.append_where(created_.approval_id, audit, nobody_was_told));
}

/// Everybody whom the policy names, each with a link of their own. A policy that names nobody costs nothing.
void Telling::people(const ApprovalRequest& approval, Occasion occasion, AuditDetails details) {
    if (services_.people == nullptr || !names_people(approval, occasion)) return;
    try {
        context_.step("notify-people",
                      [&] {
                          if (const auto why = why_late(approval, true)) {
                              return nobody("people_notified", details, *why);
                          }
                          const auto count = require(services_.people->tell(approval, occasion));
                          if (count == 0) return;
                          AuditDetails told = details;
                          told["people"] = std::to_string(count);
                          append("people_notified", std::move(told));
                      },
                      {.retry = brief()});
    } catch (const durable::StepError& error) {
        failed("record-people-notification-failure", "the people of the policy could not be notified", error.info(),
               std::move(details));
    }
}

void Telling::requester(ApprovalRequest approval) {
    if (!tells_requester()) return;
    approval.policy = created_.policy;
    // With how many votes there were, which tells the message from an earlier one about the same version.
    const AuditDetails details{{"occasion", "changes_requested"},
                               {"document_version", std::to_string(version_of(approval))},
                               {"votes", std::to_string(approval.votes ? approval.votes->size() : 0)}};
    try {
        context_.step("notify-requester",
                      [&] {
                          if (is_decided()) return;  // which they hear next
                          require(services_.people->tell_requester(approval));
                          append("requester_notified", details);
                      },
                      {.retry = brief()});
    } catch (const durable::StepError& error) {
        failed("record-requester-notification-failure", "the requester could not be notified", error.info(), details);
    }
}

void Telling::completed(ApprovalRequest decided) {
    decided.policy = created_.policy;
    const std::string decision = to_string(decided.status);
    context_.step("record-completion",
                  [&](durable::StepContext& step) {
                      // One step, and one call for each try: what waits for the outcome is not kept waiting. Nor does a
                      // trail that is out of reach for long make many messages of one.
                      const bool tells = tells_requester() && step.attempt() <= kTellingAttempts;
                      const auto told = tells ? services_.people->tell_requester(decided) : Result<void>{};
                      if (!told) {
                          append("notification_failed",
                                 {{"occasion", decision}, {"error", told.error().name + ": " + told.error().message}});
                      }
                      append("completed", {{"decision", decision}});
                  },
                  {.retry = patient()});
}

void Telling::failed(std::string_view step, const std::string& message, const durable::ErrorInfo& error,
                     AuditDetails details) {
    context_.logger().error(message, {{"approval_id", created_.approval_id}, {"error", error.message}});
    details["error"] = error.type + ": " + error.message;
    context_.step(step, [&] { append("notification_failed", details); }, {.retry = patient()});
}

void Telling::append(const std::string& event, AuditDetails details) {
    AuditEvent audit{.event = event, .at = to_iso8601(services_.clock.now())};
    audit.details = std::move(details);
    require(services_.repository.append(created_.approval_id, audit, true));
}

}  // namespace holdpoint::approvals
