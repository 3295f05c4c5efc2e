#include "approvals/web/views.hpp"

#include <algorithm>

#include "approvals/domain/names.hpp"
#include "approvals/domain/people.hpp"

namespace holdpoint::approvals {

using durable::Json;

namespace {

/// Of the first stage that is open; null when none is.
Json progress_view(const std::vector<StageStanding>& stages) {
    const auto open = std::ranges::find(stages, StageState::open, &StageStanding::state);
    if (open == stages.end()) return Json();
    return Json(Json::Object{
        {"approved", Json(open->approved)}, {"required", Json(open->required)}, {"stage", Json(open->name)}});
}

Json::Object summary_of(const ApprovalRequest& approval, const Standing& standing, const Tally& votes,
                        const Identity& viewer, TimePoint now) {
    Json::Object view{{"approval_id", Json(approval.approval_id)},
                      {"document_id", Json(approval.document_id)},
                      {"document_name", Json(approval.document_name)},
                      {"requester", Json(approval.requester)}};
    if (approval.kind) view.emplace_back("kind", Json(*approval.kind));
    view.emplace_back("status", Json(to_string(approval.status)));
    view.emplace_back("created_at", Json(approval.created_at));
    view.emplace_back("expires_at", Json(approval.expires_at));
    if (approval.decided_at) view.emplace_back("decided_at", Json(*approval.decided_at));
    if (approval.approver) view.emplace_back("approver", Json(*approval.approver));
    view.emplace_back("changes_requested", Json(votes.changes_requested));
    view.emplace_back("may_decide", Json(may_decide(standing, viewer, now).has_value()));
    if (Json progress = progress_view(votes.stages); approval.status == ApprovalStatus::pending && !progress.is_null())
        view.emplace_back("progress", std::move(progress));
    return view;
}

Json vote_view(const Vote& vote) {
    return Json(Json::Object{{"person", Json(vote.person)},
                             {"decision", Json(to_string(vote.decision))},
                             {"at", Json(vote.at)},
                             {"comments", Json(vote.comments)},
                             {"proof", Json(vote.proof)}});
}

/// Who may vote in a stage as the request stands: once it escalated, others, too, and never its requester. These are
/// the people whom `of` counts. Nothing: anyone.
std::optional<Approvers> voters_of(const Standing& standing, const Stage& rule) {
    std::optional<Approvers> voters = rule.approvers;
    if (!voters) return voters;
    const auto join = [](std::vector<std::string>& names, const std::vector<std::string>& more) {
        for (const std::string& name : more) {
            const auto is_it = [&](const std::string& known) { return is_same_name(known, name); };
            if (std::ranges::none_of(names, is_it)) names.push_back(name);
        }
    };
    if (const auto& escalation = standing.policy.policy.escalation; standing.escalated_at && escalation) {
        join(voters->people, escalation->to.people);
        join(voters->groups, escalation->to.groups);
    }
    std::erase_if(voters->people, [&](const std::string& name) { return is_same_person(name, standing.requester); });
    return voters;
}

Json stage_view(const Standing& standing, const StageStanding& stage, const Stage& rule) {
    Json::Object view{{"name", Json(stage.name)},
                      {"state", Json(boost::describe::enum_to_string(stage.state, ""))},
                      {"required", Json(stage.required)}};
    if (stage.of) view.emplace_back("of", Json(*stage.of));
    view.emplace_back("who", Json(describe(voters_of(standing, rule))));
    Json::Array votes;
    for (const Vote& vote : standing.votes) {
        // Those on what the document was before do not count; the history has them.
        if (vote.stage == stage.name && vote.shown_digest == standing.versions.back().digest)
            votes.push_back(vote_view(vote));
    }
    view.emplace_back("votes", Json(std::move(votes)));
    return Json(std::move(view));
}

Json may_decide_view(const Standing& standing, const Identity& viewer, TimePoint now) {
    const auto approval = foresee(standing, viewer, VoteDecision::approved, now);
    const auto rejection = foresee(standing, viewer, VoteDecision::rejected, now);
    if (!approval || !rejection) {
        const Refusal& refusal = approval ? rejection.error() : approval.error();
        return Json(Json::Object{{"allowed", Json(false)},
                                 {"code", Json(std::string(to_string(refusal.code)))},
                                 {"message", Json(refusal.message)}});
    }
    Json::Object view{{"allowed", Json(true)},
                      {"stage", Json(approval->stage)},
                      {"approval_ends", Json(approval->status != ApprovalStatus::pending)},
                      {"rejection_ends", Json(rejection->status != ApprovalStatus::pending)}};
    if (!approval->opens.empty()) view.emplace_back("approval_opens", Json(approval->opens));
    return Json(std::move(view));
}

Json history_view(const AuditRecord& record) {
    Json::Object details;
    for (const auto& [name, value] : record.details) details.emplace_back(name, Json(value));
    const auto personal = [&](const std::string& name) {
        const auto field = record.personal.find(name);
        return field == record.personal.end() ? std::string() : field->second.value;
    };
    Json::Object view{{"seq", Json(record.seq)},           {"at", Json(record.at)},
                      {"event", Json(record.event)},       {"actor", Json(personal("actor"))},
                      {"proof", Json(record.actor_proof)}, {"details", Json(std::move(details))}};
    if (std::string comments = personal("comments"); !comments.empty())
        view.emplace_back("comments", Json(std::move(comments)));
    if (const std::string changes = personal("changes"); !changes.empty())
        view.emplace_back("changes", Json::parse(changes));
    return Json(std::move(view));
}

Json fields_view(const ApprovalRequest& approval) {
    Json::Array fields;
    for (const DocumentField& field : approval.fields.value_or(std::vector<DocumentField>{})) {
        fields.emplace_back(Json::Object{{"name", Json(field.name)}, {"value", Json(field.value)}});
    }
    return Json(std::move(fields));
}

}  // namespace

Json::Object summary_view(const ApprovalRequest& approval, const Identity& viewer, TimePoint now) {
    const Standing standing = standing_of(approval);
    return summary_of(approval, standing, tally(standing), viewer, now);
}

Json::Object detail_view(const ApprovalRequest& approval, const std::vector<AuditRecord>& trail, const Identity& viewer,
                         TimePoint now) {
    const Standing standing = standing_of(approval);
    const Tally votes = tally(standing);
    Json::Object shown = summary_of(approval, standing, votes, viewer, now);
    if (approval.comments) shown.emplace_back("comments", Json(*approval.comments));
    shown.emplace_back("shown_digest", Json(shown_digest(approval)));
    shown.emplace_back("document_version", Json(version_of(approval)));
    shown.emplace_back("amendable", Json(standing.amendable));
    shown.emplace_back("may_amend", Json(standing.amendable && is_same_person(viewer.person, approval.requester) &&
                                         !why_closed(standing, now)));
    shown.emplace_back("fields", fields_view(approval));
    if (approval.link) shown.emplace_back("link", Json(*approval.link));
    const PinnedPolicy& policy = standing.policy;
    shown.emplace_back("policy",
                       Json(Json::Object{{"name", Json(policy.policy.name)},
                                         {"version", Json(policy.policy.version)},
                                         {"text", Json(describe(policy, standing.escalated_at.has_value()))}}));
    Json::Array stages;
    for (std::size_t i = 0; i < votes.stages.size(); ++i) {
        stages.push_back(stage_view(standing, votes.stages[i], policy.policy.stages[i]));
    }
    Json::Array history;
    for (const AuditRecord& record : trail) history.push_back(history_view(record));
    return {{"approval", Json(std::move(shown))},
            {"stages", Json(std::move(stages))},
            {"may_decide", may_decide_view(standing, viewer, now)},
            {"history", Json(std::move(history))}};
}

Json::Object levels_view(const std::vector<GroupLevel>& groups, bool is_complete) {
    Json::Array views;
    for (const GroupLevel& group : groups) {
        views.emplace_back(Json::Object{{"name", Json(group.name)},
                                        {"pending", Json(group.pending)},
                                        {"oldest_seconds", Json(group.oldest_seconds)},
                                        {"decided", Json(group.decided)},
                                        {"median_seconds", Json(group.median_seconds)},
                                        {"p90_seconds", Json(group.p90_seconds)},
                                        {"breached", Json(group.breached)}});
    }
    return {{"groups", Json(std::move(views))}, {"complete", Json(is_complete)}};
}

}  // namespace holdpoint::approvals
