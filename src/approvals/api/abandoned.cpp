#include "approvals/api/abandoned.hpp"

#include "approvals/api/refusals.hpp"

namespace holdpoint::approvals {

namespace {

/// A workflow that runs ends its request within seconds, so nobody is asked about it before that.
constexpr std::chrono::minutes kGrace{10};
/// Whoever lists requests waits for it.
constexpr int kAtOnce = 5;

bool is_long_over(const ApprovalRequest& approval, TimePoint now) {
    const auto deadline = parse_iso8601(approval.expires_at);
    return approval.status == ApprovalStatus::pending && deadline && *deadline + kGrace <= now;
}

/// False where its workflow runs, or it cannot be told or written now.
bool end(const ApiServices& services, const durable::Logger& logger, const ApprovalRequest& approval) {
    const auto running = services.workflows.is_running(approval.execution_arn);
    if (running && *running) return false;
    const auto ended = running ? services.repository.time_out(approval, ApprovalStatus::timeout,
                                                              {{"reason", std::string(kWorkflowEnded)}})
                               : std::unexpected(running.error());
    if (!ended) {
        logger.warn("a request that nobody waits for could not be ended",
                    {{"approval_id", approval.approval_id}, {"error", ended.error().name}});
        return false;
    }
    logger.info("a request that nobody waits for was ended", {{"approval_id", approval.approval_id}});
    return true;
}

}  // namespace

void end_abandoned(const ApiServices& services, const durable::Logger& logger, ApprovalPage& page) {
    const TimePoint now = services.clock.now();
    int looked_at = 0;
    std::erase_if(page.approvals, [&](const ApprovalRequest& approval) {
        return is_long_over(approval, now) && ++looked_at <= kAtOnce && end(services, logger, approval);
    });
}

}  // namespace holdpoint::approvals
