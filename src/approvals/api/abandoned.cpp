#include "approvals/api/abandoned.hpp"

#include <algorithm>

#include "approvals/api/refusals.hpp"

namespace holdpoint::approvals {

namespace {

/// A workflow that runs ends its request within seconds, so nobody is asked about it before that.
constexpr std::chrono::minutes kGrace{10};
/// Whoever lists requests waits for it.
constexpr std::ptrdiff_t kAtOnce = 5;

bool is_long_over(const ApprovalRequest& approval, TimePoint now) {
    const auto deadline = parse_iso8601(approval.expires_at);
    return approval.status == ApprovalStatus::pending && deadline && *deadline + kGrace <= now;
}

/// As it is once it was ended; nothing where its workflow runs, or that cannot be told or written now.
std::optional<ApprovalRequest> end(const ApiServices& services, const durable::Logger& logger,
                                   const ApprovalRequest& approval) {
    const auto running = services.workflows.is_running(approval.execution_arn);
    if (running && *running) return std::nullopt;
    auto ended = running ? services.repository.time_out(approval, ApprovalStatus::timeout,
                                                        {{"reason", std::string(kWorkflowEnded)}})
                         : std::unexpected(running.error());
    if (!ended) {
        logger.warn("a request that nobody waits for could not be ended",
                    {{"approval_id", approval.approval_id}, {"error", ended.error().name}});
        return std::nullopt;
    }
    logger.info("a request that nobody waits for was ended", {{"approval_id", approval.approval_id}});
    return std::move(*ended);
}

}  // namespace

void end_abandoned(const ApiServices& services, const durable::Logger& logger, ApprovalPage& page) {
    const TimePoint now = services.clock.now();
    std::vector<std::string> over;
    for (const ApprovalRequest& approval : page.approvals) {
        if (is_long_over(approval, now)) over.push_back(approval.approval_id);
    }
    if (over.empty()) return;
    // From another one each time, so that those whose workflows are late, and run, keep no others back for ever.
    std::ranges::rotate(over, over.begin() + to_epoch_ms(now) % std::ssize(over));
    over.resize(static_cast<std::size_t>(std::min(std::ssize(over), kAtOnce)));
    std::erase_if(page.approvals, [&](const ApprovalRequest& approval) {
        return std::ranges::find(over, approval.approval_id) != over.end() && end(services, logger, approval);
    });
}

void end_abandoned(const ApiServices& services, const durable::Logger& logger, ApprovalRequest& approval) {
    if (!is_long_over(approval, services.clock.now())) return;
    if (auto ended = end(services, logger, approval)) approval = std::move(*ended);
}

}  // namespace holdpoint::approvals
