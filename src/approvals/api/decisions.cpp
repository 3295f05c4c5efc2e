#include "approvals/api/decisions.hpp"

#include <fmt/format.h>

namespace holdpoint::approvals {

using durable::Json;

namespace {

/// Several may vote at once; each loser looks again at what they vote on.
constexpr int kAttempts = 20;

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
        return std::unexpected(ApiRefusal{.status = 429,
                                          .code = "TOO_MANY_REQUESTS",
                                          .message = "Too many decide this at once. Send the same request again.",
                                          .details = {{"retry_after_seconds", Json(Json::Data(std::int64_t{1}))}}});
    }

private:
    static ApiRefusal no_approval(const std::string& approval_id) {
        return {.status = 404,
                .code = "APPROVAL_NOT_FOUND",
                .message = fmt::format("There is no approval {}.", approval_id)};
    }

    /// Nothing when the record changed under it.
    std::expected<std::optional<ApprovalRequest>, ApiRefusal> take(const ApprovalRequest& approval,
                                                                   const Ballot& ballot) {
        if (was_decided_so(approval, ballot)) return resumed(approval);
        const auto verdict = decide(standing_of(approval), ballot, services_.clock.now());
        if (!verdict) return std::unexpected(refusal_of(verdict.error()));
        if (verdict->repeated) return resumed(approval);
        const auto running = services_.workflows.is_running(approval.execution_arn);
        if (!running) return std::unexpected(failed(logger_, running.error()));
        if (!*running) return std::unexpected(refuse_ended(approval, ballot));
        const auto voted = services_.repository.vote(approval, *verdict);
        if (!voted) return std::unexpected(failed(logger_, voted.error()));
        if (!*voted) return std::nullopt;
        logger_.info("decision recorded", {{"approval_id", approval.approval_id},
                                           {"decision", to_string(verdict->vote.decision)},
                                           {"approver", verdict->vote.person}});
        return resumed(**voted);
    }

    /// Resumes the workflow of what is decided, also when an earlier call recorded that and then came no further.
    ApprovalRequest resumed(const ApprovalRequest& approval) {
        if (approval.status == ApprovalStatus::pending || !approval.callback_token) return approval;
        const auto ok = services_.workflows.resume(*approval.callback_token, to_string(approval.status));
        if (!ok) {
            // The decision stands; the workflow finds it when its callback times out, or the same request comes again.
            logger_.warn("the workflow could not be resumed yet",
                         {{"approval_id", approval.approval_id}, {"error", ok.error().name}});
        }
        return approval;
    }

    ApiRefusal refuse_ended(const ApprovalRequest& approval, const Ballot& ballot) {
        AuditEvent event{.event = "decision_refused", .at = to_iso8601(services_.clock.now())};
        event.actor = ballot.voter.person;
        event.actor_proof = ballot.voter.proof;
        event.details = {{"reason", "WORKFLOW_ENDED"}, {"decision", to_string(ballot.decision)}};
        event.personal = {{"comments", ballot.comments}};
        event.shown_digest = shown_digest(approval);
        if (auto ok = services_.repository.append(approval.approval_id, event, false); !ok)
            return failed(logger_, ok.error());
        return {
            .status = 409,
            .code = "WORKFLOW_ENDED",
            .message = fmt::format("The workflow of approval {} has ended (it was stopped, or failed); the decision "
                                   "was not taken, and the attempt was recorded.",
                                   approval.approval_id)};
    }

    const ApiServices& services_;
    const durable::Logger& logger_;
};

}  // namespace

std::expected<ApprovalRequest, ApiRefusal> take_decision(const ApiServices& services, const durable::Logger& logger,
                                                         const std::string& approval_id, const Ballot& ballot) {
    return Decisions(services, logger).take(approval_id, ballot);
}

ApiRefusal failed(const durable::Logger& logger, const Error& error) {
    ApiRefusal refusal = refusal_of(error);
    if (refusal.status >= 500) {
        logger.error("a service could not be used", {{"error", error.name}, {"message", error.message}});
    }
    return refusal;
}

}  // namespace holdpoint::approvals
