#include "approvals/api/details.hpp"

#include "approvals/domain/audit.hpp"
#include "approvals/domain/standing.hpp"

namespace holdpoint::approvals {

using durable::Json;

namespace {

Json text(std::string value) {
    return Json(Json::Data(std::move(value)));
}

Json number(std::int64_t value) {
    return Json(Json::Data(value));
}

Json object(Json::Object members) {
    return Json(Json::Data(std::move(members)));
}

Json vote_view(const Standing& standing, const Vote& vote) {
    return object({{"person", text(vote.person)},
                   {"stage", text(vote.stage)},
                   {"decision", text(to_string(vote.decision))},
                   {"at", text(vote.at)},
                   {"comments", text(vote.comments)},
                   {"proof", text(vote.proof)},
                   {"counts", Json(Json::Data(counting_vote(standing, vote.stage, vote.person) == &vote))}});
}

}  // namespace

Json detailed_view(const ApprovalRequest& approval) {
    const Json view = public_view(approval);
    const Standing standing = standing_of(approval);
    Json::Object details = *view.get_if<Json::Object>();
    details.emplace_back("document_version", number(version_of(approval)));
    details.emplace_back("shown_digest", text(shown_digest(approval)));
    details.emplace_back("policy", object({{"name", text(standing.policy.policy.name)},
                                           {"version", number(standing.policy.policy.version)},
                                           {"text", text(describe(standing.policy))}}));
    Json::Array votes;
    for (const Vote& vote : standing.votes) votes.push_back(vote_view(standing, vote));
    details.emplace_back("votes", Json(Json::Data(std::move(votes))));
    return object(std::move(details));
}

}  // namespace holdpoint::approvals
