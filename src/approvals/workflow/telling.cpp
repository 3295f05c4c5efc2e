#include "approvals/workflow/telling.hpp"

#include "approvals/workflow/steps.hpp"

namespace holdpoint::approvals {

void Telling::approvers(std::string_view step, ApprovalRequest approval, Occasion occasion, const std::string& event,
                        const AuditDetails& details) {
    approval.policy = created_.policy;
    const Notification notification =
        make_notification(approval, services_.configuration.api_function, services_.configuration.inbox_url, occasion);
    try {
        context_.step(step,
                      [&] {
                          require(services_.notifier.publish(notification));
                          append(event, details);
                      },
                      {.retry = brief()});
    } catch (const durable::StepError& error) {
        // Somebody may find the request in the list; the workflow waits on.
        failed("record-notification-failure", "nobody could be notified", error.info(), details);
    }
    people(approval, occasion, details);
}

void Telling::nobody(const std::string& reason) {
    context_.logger().warn("nobody is asked", {{"approval_id", created_.approval_id}, {"reason", reason}});
    context_.step("record-notification-failure", [&] { append("notification_failed", {{"error", reason}}); },
                  {.retry = patient()});
}

/// Everybody whom the policy names, each with a link of their own. A policy that names nobody costs nothing.
void Telling::people(const ApprovalRequest& approval, Occasion occasion, AuditDetails details) {
    if (services_.people == nullptr || !names_people(approval, occasion)) return;
    try {
        context_.step("notify-people",
                      [&] {
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
