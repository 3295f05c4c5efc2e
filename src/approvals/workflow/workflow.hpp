// Workflow: asks for an approval, waits for it, completes. The handler of the durable function.
#pragma once

#include "approvals/configuration.hpp"
#include "approvals/notifications/personal.hpp"
#include "approvals/repository/named_policies.hpp"
#include "approvals/repository/repository.hpp"
#include "base/clock.hpp"
#include "durable/durable.hpp"

namespace holdpoint::approvals {

/// What the workflow works with; all outlive it.
struct WorkflowServices {
    const WorkflowConfiguration& configuration;
    Repository& repository;
    Notifier& notifier;
    NamedPolicies& policies;
    const Clock& clock;
    PeopleNotifier* people = nullptr;  // none: nobody is told in person
    bool tells_requester = true;       // of what is asked of them, and of the outcome
};

/// How a request ended, and the document that its record had then.
struct ApprovalOutcome {
    WorkflowResult result;
    ShownDocument document;
};

/// Ends with a value for approved, rejected and timeout alike; an invalid event fails the execution (InvalidEvent) and
/// leaves no record.
[[nodiscard]] ApprovalOutcome ask_for_approval(durable::Context& context, const durable::Json& event,
                                               const WorkflowServices& services);

/// The same, when the result is all that matters.
[[nodiscard]] WorkflowResult run_workflow(durable::Context& context, const durable::Json& event,
                                          const WorkflowServices& services);

/// Seconds between two polls: the configured pause, but never so short that an approval needs more than 2,500 polls.
[[nodiscard]] std::int64_t poll_interval(std::int64_t configured, std::int64_t timeout_seconds);

}  // namespace holdpoint::approvals
