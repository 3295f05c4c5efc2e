#include "approvals/web/views.hpp"

#include <algorithm>

namespace holdpoint::approvals {

using durable::Json;

namespace {

Json text(std::string value) {
    return Json(Json::Data(std::move(value)));
}
Json flag(bool value) {
    return Json(Json::Data(value));
}
Json number(std::int64_t value) {
    return Json(Json::Data(value));
}
Json object(Json::Object members) {
    return Json(Json::Data(std::move(members)));
}
Json list(Json::Array elements) {
    return Json(Json::Data(std::move(elements)));
}

/// Of the first stage that is open; null when none is.
Json progress_view(const std::vector<StageStanding>& stages) {
    const auto open = std::ranges::find(stages, StageState::open, &StageStanding::state);
    if (open == stages.end()) return Json();
    return object(
        {{"approved", number(open->approved)}, {"required", number(open->required)}, {"stage", text(open->name)}});
}

Json::Object summary_of(const ApprovalRequest& approval, const Standing& standing, const Tally& votes,
                        const Identity& viewer, TimePoint now) {
    Json::Object view{{"approval_id", text(approval.approval_id)},
                      {"document_id", text(approval.document_id)},
                      {"document_name", text(approval.document_name)},
                      {"requester", text(approval.requester)}};
    if (approval.kind) view.emplace_back("kind", text(*approval.kind));
    view.emplace_back("status", text(to_string(approval.status)));
    view.emplace_back("created_at", text(approval.created_at));
    view.emplace_back("expires_at", text(approval.expires_at));
    if (approval.decided_at) view.emplace_back("decided_at", text(*approval.decided_at));
    if (approval.approver) view.emplace_back("approver", text(*approval.approver));
    view.emplace_back("changes_requested", flag(votes.changes_requested));
    view.emplace_back("may_decide", flag(may_decide(standing, viewer, now).has_value()));
    if (Json progress = progress_view(votes.stages); approval.status == ApprovalStatus::pending && !progress.is_null())
        view.emplace_back("progress", std::move(progress));
    return view;
}

Json vote_view(const Vote& vote) {
    return object({{"person", text(vote.person)},
                   {"decision", text(to_string(vote.decision))},
                   {"at", text(vote.at)},
                   {"comments", text(vote.comments)},
                   {"proof", text(vote.proof)}});
}

Json stage_view(const Standing& standing, const StageStanding& stage, const Stage& rule) {
    Json::Object view{{"name", text(stage.name)},
                      {"state", text(boost::describe::enum_to_string(stage.state, ""))},
                      {"required", number(stage.required)}};
    if (stage.of) view.emplace_back("of", number(*stage.of));
    view.emplace_back("who", text(describe(rule.approvers)));
    Json::Array votes;
    for (const Vote& vote : standing.votes) {
        // Those on what the document was before do not count; the history has them.
        if (vote.stage == stage.name && vote.shown_digest == standing.versions.back().digest)
            votes.push_back(vote_view(vote));
    }
    view.emplace_back("votes", list(std::move(votes)));
    return object(std::move(view));
}

Json may_decide_view(const Standing& standing, const Identity& viewer, TimePoint now) {
    const auto stage = may_decide(standing, viewer, now);
    if (stage) {
        return object({{"allowed", flag(true)},
                       {"rejection_ends", flag(has_veto(standing.policy, viewer.person, viewer.groups))}});
    }
    return object({{"allowed", flag(false)},
                   {"code", text(std::string(to_string(stage.error().code)))},
                   {"message", text(stage.error().message)}});
}

Json history_view(const AuditRecord& record) {
    Json::Object details;
    for (const auto& [name, value] : record.details) details.emplace_back(name, text(value));
    const auto personal = [&](const std::string& name) {
        const auto field = record.personal.find(name);
        return field == record.personal.end() ? std::string() : field->second.value;
    };
    Json::Object view{{"seq", number(record.seq)},         {"at", text(record.at)},
                      {"event", text(record.event)},       {"actor", text(personal("actor"))},
                      {"proof", text(record.actor_proof)}, {"details", object(std::move(details))}};
    if (std::string comments = personal("comments"); !comments.empty())
        view.emplace_back("comments", text(std::move(comments)));
    if (const std::string changes = personal("changes"); !changes.empty())
        view.emplace_back("changes", Json::parse(changes));
    return object(std::move(view));
}

Json fields_view(const ApprovalRequest& approval) {
    Json::Array fields;
    for (const DocumentField& field : approval.fields.value_or(std::vector<DocumentField>{})) {
        fields.push_back(object({{"name", text(field.name)}, {"value", text(field.value)}}));
    }
    return list(std::move(fields));
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
    if (approval.comments) shown.emplace_back("comments", text(*approval.comments));
    shown.emplace_back("shown_digest", text(shown_digest(approval)));
    shown.emplace_back("document_version", number(version_of(approval)));
    shown.emplace_back("amendable", flag(standing.amendable));
    shown.emplace_back("may_amend", flag(standing.amendable && is_same_person(viewer.person, approval.requester) &&
                                         !why_closed(standing, now)));
    shown.emplace_back("fields", fields_view(approval));
    if (approval.link) shown.emplace_back("link", text(*approval.link));
    const PinnedPolicy& policy = standing.policy;
    shown.emplace_back("policy", object({{"name", text(policy.policy.name)},
                                         {"version", number(policy.policy.version)},
                                         {"text", text(describe(policy))}}));
    Json::Array stages;
    for (std::size_t i = 0; i < votes.stages.size(); ++i) {
        stages.push_back(stage_view(standing, votes.stages[i], policy.policy.stages[i]));
    }
    Json::Array history;
    for (const AuditRecord& record : trail) history.push_back(history_view(record));
    return {{"approval", object(std::move(shown))},
            {"stages", list(std::move(stages))},
            {"may_decide", may_decide_view(standing, viewer, now)},
            {"history", list(std::move(history))}};
}

Json::Object levels_view(const std::vector<GroupLevel>& groups, bool is_complete) {
    Json::Array views;
    for (const GroupLevel& group : groups) {
        views.push_back(object({{"name", text(group.name)},
                                {"pending", number(group.pending)},
                                {"oldest_seconds", number(group.oldest_seconds)},
                                {"decided", number(group.decided)},
                                {"median_seconds", number(group.median_seconds)},
                                {"p90_seconds", number(group.p90_seconds)},
                                {"breached", number(group.breached)}}));
    }
    return {{"groups", list(std::move(views))}, {"complete", flag(is_complete)}};
}

}  // namespace holdpoint::approvals
