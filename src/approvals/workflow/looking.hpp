// Looking: what a workflow finds in the record of its request. Each look is an operation, so that what is done then is
// the same in every replay.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "approvals/domain/schedule.hpp"
#include "approvals/workflow/workflow.hpp"

namespace holdpoint::approvals {

/// The people of a stage who are to be told that it is theirs to decide now, on this version of the document.
struct OpenedStage {
    std::int64_t place = 0;
    std::int64_t document_version = 1;
};
BOOST_DESCRIBE_STRUCT(OpenedStage, (), (place, document_version))

struct Look {
    ApprovalRequest approval;  // without its policy, the documents of earlier versions and the callback's token
    std::string at;
    std::optional<ActionKind> due;
    std::string due_at;
    std::string extended_to;                           // escalate: the deadline from then on
    ApprovalStatus outcome = ApprovalStatus::pending;  // expire
    std::int64_t seconds_to_next = 0;                  // when nothing is due
    std::optional<OpenedStage> opened;
    std::optional<bool> asks_for_changes;  // somebody does, and the requester was not told
    std::optional<int> failures;           // in a row: the record could not be read, and nothing else is known

    [[nodiscard]] bool is_pending() const { return approval.status == ApprovalStatus::pending; }
    [[nodiscard]] bool has_news() const { return opened || asks_for_changes; }
};
BOOST_DESCRIBE_STRUCT(Look, (),
                      (approval, at, due, due_at, extended_to, outcome, seconds_to_next, opened, asks_for_changes,
                       failures))

/// Once; or until there is something to do. A table that is out of reach is asked again, less and less often.
[[nodiscard]] Look look_once(durable::Context& context, const WorkflowServices& services,
                             const ApprovalRequest& created, const std::optional<TimePoint>& reminded_at);
[[nodiscard]] Look look_until_due(durable::Context& context, const WorkflowServices& services,
                                  const ApprovalRequest& created, const std::optional<TimePoint>& reminded_at,
                                  std::chrono::seconds pause);

/// As the table has it now; throws ApprovalLost when it does not.
[[nodiscard]] ApprovalRequest find_approval(const WorkflowServices& services, const std::string& approval_id);

/// For an operation's result, which is shown to whoever may read the history. Which version the document is has to
/// stay: votes are about one. With the version before it only where people are told of the change.
void shorten(ApprovalRequest& approval, bool keeps_last_version = false);

}  // namespace holdpoint::approvals
