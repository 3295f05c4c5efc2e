#include "approvals/api/amendments.hpp"

namespace holdpoint::approvals {

namespace {

/// Others vote meanwhile; each amendment is made to the record as it is then.
constexpr int kAttempts = 20;

}  // namespace

std::expected<ApprovalRequest, ApiRefusal> take_amendment(const ApiServices& services, const durable::Logger& logger,
                                                          const std::string& approval_id, const Amendment& amendment) {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const auto found = services.repository.find(approval_id);
        if (!found) return std::unexpected(failed(logger, found.error()));
        if (!*found) return std::unexpected(no_approval(approval_id));
        const ApprovalRequest& approval = **found;
        const auto amended = amend(approval, amendment, services.clock.now());
        if (!amended) return std::unexpected(refusal_of(amended.error()));
        if (!*amended) {
            resume_workflow(services, logger, approval);
            return approval;
        }
        const auto running = services.workflows.is_running(approval.execution_arn);
        if (!running) return std::unexpected(failed(logger, running.error()));
        if (!*running) return std::unexpected(workflow_ended(approval_id, "nothing was changed"));
        const auto written = services.repository.amend(approval, **amended);
        if (!written) return std::unexpected(failed(logger, written.error()));
        if (!*written) continue;
        logger.info("document amended",
                    {{"approval_id", approval_id}, {"version", std::to_string(version_of((*amended)->approval))}});
        resume_workflow(services, logger, (*amended)->approval);
        return (*amended)->approval;
    }
    return std::unexpected(too_many_at_once());
}

}  // namespace holdpoint::approvals
