#include "approvals/workflow/looking.hpp"

#include <algorithm>

#include "approvals/domain/news.hpp"
#include "approvals/workflow/steps.hpp"

namespace holdpoint::approvals {

namespace {

Look look(const WorkflowServices& services, const ApprovalRequest& created,
          const std::optional<TimePoint>& reminded_at) {
    Look seen;
    seen.approval = find_approval(services, created.approval_id);
    if (const auto place = stage_to_tell(seen.approval)) {
        seen.opened =
            OpenedStage{.place = static_cast<std::int64_t>(*place), .document_version = version_of(seen.approval)};
    }
    if (!changes_to_tell(seen.approval).empty()) seen.asks_for_changes = true;
    shorten(seen.approval, seen.opened.has_value());
    const TimePoint now = services.clock.now();
    seen.at = to_iso8601(now);
    if (!seen.is_pending()) return seen;
    const Done done{.reminded_at = reminded_at, .escalated = seen.approval.escalated_at.has_value()};
    const Due due = next_due(policy_of(created), require(parse_iso8601(seen.approval.created_at)),
                             require(parse_iso8601(seen.approval.expires_at)), done, now);
    if (!due.action) {
        seen.seconds_to_next = std::chrono::ceil<std::chrono::seconds>(*due.next - now).count();
        return seen;
    }
    seen.due = due.action->kind;
    seen.due_at = to_iso8601(due.action->at);
    if (due.action->expires_at) seen.extended_to = to_iso8601(*due.action->expires_at);
    seen.outcome = due.action->outcome;
    return seen;
}

/// A check that throws would be the end of the workflow. What is wrong for good ends it.
Look look_if_possible(const durable::Context& context, const WorkflowServices& services, const ApprovalRequest& created,
                      const std::optional<TimePoint>& reminded_at, const Look& before) {
    try {
        return look(services, created, reminded_at);
    } catch (const durable::Error& error) {
        if (!may_pass(error.type())) throw;
        context.logger().warn("the request could not be read, and is read again later",
                              {{"approval_id", created.approval_id}, {"error", error.what()}});
        Look unread;
        unread.failures = before.failures.value_or(0) + 1;
        return unread;
    }
}

}  // namespace

Look look_once(durable::Context& context, const WorkflowServices& services, const ApprovalRequest& created,
               const std::optional<TimePoint>& reminded_at) {
    return context.step("look", [&] { return look(services, created, reminded_at); }, {.retry = patient()});
}

Look look_until_due(durable::Context& context, const WorkflowServices& services, const ApprovalRequest& created,
                    const std::optional<TimePoint>& reminded_at, std::chrono::seconds pause) {
    durable::ConditionOptions<Look> options;
    options.strategy = [pause](const Look& seen, int) -> durable::WaitDecision {
        if (seen.failures) return std::max(pause, patient()({}, *seen.failures).value_or(pause));
        if (!seen.is_pending() || seen.due || seen.has_news()) return std::nullopt;
        return std::min(pause, std::chrono::seconds(seen.seconds_to_next));
    };
    return context.wait_for_condition<Look>(
        "wait-for-decision",
        [&](const Look& before) { return look_if_possible(context, services, created, reminded_at, before); }, options);
}

ApprovalRequest find_approval(const WorkflowServices& services, const std::string& approval_id) {
    auto found = require(services.repository.find(approval_id));
    if (!found) throw durable::Error(std::string(kApprovalLost), "The approval's record is not in the table any more.");
    found->callback_token.reset();
    return std::move(*found);
}

void shorten(ApprovalRequest& approval, bool keeps_last_version) {
    approval.callback_token.reset();
    approval.policy.reset();
    if (!approval.earlier_versions) return;
    for (DocumentVersion& version : *approval.earlier_versions) {
        if (!keeps_last_version || &version != &approval.earlier_versions->back()) version.document.reset();
    }
}

}  // namespace holdpoint::approvals
