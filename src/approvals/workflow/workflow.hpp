// Workflow: asks for an approval, waits for it, completes. The handler of the durable function.
#pragma once

#include "approvals/configuration.hpp"
#include "approvals/notifications/notifications.hpp"
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
};

/// Ends with a value for approved, rejected and timeout alike; an invalid event fails the execution (InvalidEvent) and
/// leaves no record.
[[nodiscard]] WorkflowResult run_workflow(durable::Context& context, const durable::Json& event,
                                          const WorkflowServices& services);

/// Seconds between two polls: the configured pause, but never so short that an approval needs more than 2,500 polls.
[[nodiscard]] std::int64_t poll_interval(std::int64_t configured, std::int64_t timeout_seconds);

}  // namespace holdpoint::approvals
