#include "approvals/api/decisions.hpp"

#include <fmt/format.h>

#include "approvals/domain/news.hpp"
#include "approvals/domain/refused.hpp"

namespace holdpoint::approvals {

namespace {

/// Several may vote at once; each loser looks again at what they vote on.
constexpr int kAttempts = 20;
constexpr auto kNotTaken = "the decision was not taken, and the attempt was recorded";

/// A record that was decided before votes were kept in it: whoever sends that decision again means the same.
bool was_decided_so(const ApprovalRequest& approval, const Ballot& ballot) {
    return !approval.votes && approval.decision && to_string(*approval.decision) == to_string(ballot.decision) &&
           is_same_person(approval.approver.value_or(""), ballot.voter.person) &&
           approval.comments.value_or("") == ballot.comments;
}

class Decisions {
public:
    Decisions(const ApiServices& services, const durable::Logger& logger) : services_(services), logger_(logger) {}

    std::expected<ApprovalRequest, ApiRefusal> take(const std::string& approval_id, const Ballot& ballot) {
        for (int attempt = 0; attempt < kAttempts; ++attempt) {
            const auto found = services_.repository.find(approval_id);
            if (!found) return std::unexpected(failed(logger_, found.error()));
            if (!*found) return std::unexpected(no_approval(approval_id));
            auto taken = take(**found, ballot);
            if (!taken) return std::unexpected(std::move(taken.error()));
            if (*taken) return std::move(**taken);
        }
        return std::unexpected(too_many_at_once());
    }

private:
    /// Nothing when the record changed under it.
    std::expected<std::optional<ApprovalRequest>, ApiRefusal> take(const ApprovalRequest& approval,
                                                                   const Ballot& ballot) {
        if (was_decided_so(approval, ballot)) return resumed(approval);
        const auto verdict = decide(standing_of(approval), ballot, services_.clock.now());
        if (!verdict) {
            resume_workflow(services_, logger_, approval);
            ApiRefusal refusal = refusal_of(verdict.error());
            if (!is_for_auditors(verdict.error().code)) return std::unexpected(std::move(refusal));
            return std::unexpected(recorded(approval, ballot, std::move(refusal)));
        }
        if (verdict->repeated) return resumed(approval);
        const auto running = services_.workflows.is_running(approval.execution_arn);
        if (!running) return std::unexpected(failed(logger_, running.error()));
        if (!*running)
            return std::unexpected(recorded(approval, ballot, workflow_ended(approval.approval_id, kNotTaken)));
        const auto voted = services_.repository.vote(approval, *verdict);
        if (!voted) return std::unexpected(failed(logger_, voted.error()));
        if (!*voted) return std::nullopt;
        logger_.info("decision recorded", {{"approval_id", approval.approval_id},
                                           {"decision", to_string(verdict->vote.decision)},
                                           {"approver", verdict->vote.person}});
        return resumed(**voted);
    }

    ApprovalRequest resumed(const ApprovalRequest& approval) {
        resume_workflow(services_, logger_, approval);
        return approval;
    }

    /// The refusal, once the audit trail tells of it.
    ApiRefusal recorded(const ApprovalRequest& approval, const Ballot& ballot, ApiRefusal refusal) {
        const AuditEvent event = refused_decision(approval, ballot, refusal.code, services_.clock.now());
        const auto ok = services_.repository.append_refusal(approval.approval_id, event);
        return ok ? std::move(refusal) : failed(logger_, ok.error());
    }

    const ApiServices& services_;
    const durable::Logger& logger_;
};

}  // namespace

std::expected<ApprovalRequest, ApiRefusal> take_decision(const ApiServices& services, const durable::Logger& logger,
                                                         const std::string& approval_id, const Ballot& ballot) {
    return Decisions(services, logger).take(approval_id, ballot);
}

void resume_workflow(const ApiServices& services, const durable::Logger& logger, const ApprovalRequest& approval) {
    if (!approval.callback_token || !has_news(approval)) return;
    const auto ok = services.workflows.resume(*approval.callback_token, to_string(approval.status));
    if (ok) return;
    // What is recorded stands; the workflow finds it when it looks again, or the same request comes again.
    logger.warn("the workflow could not be resumed yet",
                {{"approval_id", approval.approval_id}, {"error", ok.error().name}});
}

void log_unreadable(const durable::Logger& logger, const ApprovalPage& page) {
    for (const UnreadableRequest& request : page.unreadable) {
        logger.error("the record of a request cannot be read",
                     {{"approval_id", request.approval_id}, {"problem", request.problem}});
    }
}

ApiRefusal failed(const durable::Logger& logger, const Error& error) {
    ApiRefusal refusal = refusal_of(error);
    if (refusal.status >= 500) {
        logger.error("a service could not be used", {{"error", error.name}, {"message", error.message}});
    }
    return refusal;
}

}  // namespace holdpoint::approvals
