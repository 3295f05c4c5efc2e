// Decisions: takes what somebody decided, records it, and resumes the workflow that waits for it.
#pragma once

#include <expected>
#include <string>

#include "approvals/api/refusals.hpp"
#include "approvals/api/workflows.hpp"
#include "approvals/domain/deciding.hpp"
#include "approvals/repository/repository.hpp"
#include "base/clock.hpp"
#include "durable/durable.hpp"

namespace holdpoint::approvals {

struct ApiServices {
    Repository& repository;
    Workflows& workflows;
    const Clock& clock;
};

/// The record as it is after the ballot, also when the same ballot was taken before.
[[nodiscard]] std::expected<ApprovalRequest, ApiRefusal> take_decision(const ApiServices& services,
                                                                       const durable::Logger& logger,
                                                                       const std::string& approval_id,
                                                                       const Ballot& ballot);

/// Resumes the workflow where it has something to do now; also when an earlier call recorded that and came no further.
void resume_workflow(const ApiServices& services, const durable::Logger& logger, const ApprovalRequest& approval);

/// Logs which requests a list lacks.
void log_unreadable(const durable::Logger& logger, const ApprovalPage& page);

/// Logs what a caller is not told of an error.
[[nodiscard]] ApiRefusal failed(const durable::Logger& logger, const Error& error);

}  // namespace holdpoint::approvals
