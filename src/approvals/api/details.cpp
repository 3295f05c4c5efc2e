#include "approvals/api/details.hpp"

#include "approvals/domain/audit.hpp"
#include "approvals/domain/standing.hpp"

namespace holdpoint::approvals {

using durable::Json;

namespace {

Json vote_view(const Standing& standing, const Vote& vote) {
    return Json(Json::Object{{"person", Json(vote.person)},
                             {"stage", Json(vote.stage)},
                             {"decision", Json(to_string(vote.decision))},
                             {"at", Json(vote.at)},
                             {"comments", Json(vote.comments)},
                             {"proof", Json(vote.proof)},
                             {"counts", Json(counting_vote(standing, vote.stage, vote.person) == &vote)}});
}

}  // namespace

Json detailed_view(const ApprovalRequest& approval) {
    const Json view = public_view(approval);
    const Standing standing = standing_of(approval);
    Json::Object details = *view.get_if<Json::Object>();
    details.emplace_back("document_version", Json(version_of(approval)));
    details.emplace_back("shown_digest", Json(shown_digest(approval)));
    details.emplace_back(
        "policy", Json(Json::Object{{"name", Json(standing.policy.policy.name)},
                                    {"version", Json(standing.policy.policy.version)},
                                    {"text", Json(describe(standing.policy, standing.escalated_at.has_value()))}}));
    Json::Array votes;
    for (const Vote& vote : standing.votes) votes.push_back(vote_view(standing, vote));
    details.emplace_back("votes", Json(std::move(votes)));
    return Json(std::move(details));
}

}  // namespace holdpoint::approvals
