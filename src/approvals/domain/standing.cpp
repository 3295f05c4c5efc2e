#include "approvals/domain/standing.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "approvals/domain/audit.hpp"

namespace holdpoint::approvals {

using durable::Json;

namespace {

Json text(std::string value) {
    return Json(Json::Data(std::move(value)));
}

constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

const std::string& current_digest(const Standing& standing) {
    static const std::string none;
    return standing.versions.empty() ? none : standing.versions.back().digest;
}

/// The votes that count in each stage: the last of each person on the version as it is now.
using Counting = std::vector<std::map<std::string, const Vote*>>;

Counting counting_votes(const Standing& standing) {
    const std::vector<Stage>& stages = standing.policy.policy.stages;
    Counting counting(stages.size());
    for (const Vote& vote : standing.votes) {
        if (vote.shown_digest != current_digest(standing)) continue;
        for (std::size_t i = 0; i < stages.size(); ++i) {
            if (stages[i].name == vote.stage) counting[i][person_key(vote.person)] = &vote;
        }
    }
    return counting;
}

struct Counts {
    std::int64_t approved = 0;
    std::int64_t rejected = 0;
    bool vetoed = false;
    bool held = false;
};

Counts count(const PinnedPolicy& policy, const std::map<std::string, const Vote*>& votes) {
    Counts counts;
    for (const auto& [person, vote] : votes) {
        const bool veto = has_veto(policy, vote->person, vote->groups);
        switch (vote->decision) {
            case VoteDecision::approved:
                ++counts.approved;
                break;
            case VoteDecision::rejected:
                ++counts.rejected;
                counts.vetoed = counts.vetoed || veto;
                break;
            case VoteDecision::changes_requested:
                counts.held = counts.held || veto;
                break;
        }
    }
    return counts;
}

/// Who may still add an approval to a stage.
std::optional<std::set<std::string>> people_left(const Standing& standing, const Counting& counting,
                                                 std::size_t stage) {
    const Policy& policy = standing.policy.policy;
    auto people = known_people(standing.policy, policy.stages[stage], standing.escalated_at.has_value());
    if (!people) return std::nullopt;
    people->erase(person_key(standing.requester));
    for (std::size_t i = 0; i < counting.size(); ++i) {
        if (i != stage && !policy.distinct_people) continue;
        for (const auto& [person, vote] : counting[i]) {
            if (i != stage || vote->decision != VoteDecision::changes_requested) people->erase(person);
        }
    }
    return people;
}

/// How many more approvals each stage needs, and who could give them.
std::vector<Need> needs_of(const Standing& standing, const Counting& counting) {
    const Policy& policy = standing.policy.policy;
    std::vector<Need> needs;
    for (std::size_t i = 0; i < policy.stages.size(); ++i) {
        const Counts counts = count(standing.policy, counting[i]);
        needs.push_back({.count = std::max<std::int64_t>(0, policy.stages[i].required - counts.approved),
                         .people = people_left(standing, counting, i)});
    }
    return needs;
}

/// The first stage that cannot be approved any more, whoever votes how.
std::optional<std::size_t> unreachable_stage(const Standing& standing, const Counting& counting) {
    const Policy& policy = standing.policy.policy;
    const std::vector<Need> needs = needs_of(standing, counting);
    for (std::size_t i = 0; i < needs.size(); ++i) {
        const Counts counts = count(standing.policy, counting[i]);
        const std::int64_t votes_left =
            policy.stages[i].of ? *policy.stages[i].of - counts.approved - counts.rejected : kUnlimited;
        const std::int64_t people = needs[i].people ? static_cast<std::int64_t>(needs[i].people->size()) : kUnlimited;
        if (needs[i].count > 0 && needs[i].count > std::min(votes_left, people)) return i;
    }
    return policy.distinct_people ? first_unmet(needs) : std::nullopt;
}

/// As many as vote: what the policy says, but no more than there are people.
std::optional<std::int64_t> votes_max(const Standing& standing, const Stage& stage) {
    auto people = known_people(standing.policy, stage, standing.escalated_at.has_value());
    if (!people) return stage.of;
    people->erase(person_key(standing.requester));
    const auto known = static_cast<std::int64_t>(people->size());
    return stage.of ? std::min(*stage.of, known) : known;
}

}  // namespace

durable::Json::Array changes_between(const ShownDocument& before, const ShownDocument& after) {
    const auto value_of = [](const std::vector<DocumentField>& fields, const std::string& name) {
        const auto field = std::ranges::find(fields, name, &DocumentField::name);
        return field == fields.end() ? std::optional<std::string>() : std::optional(field->value);
    };
    durable::Json::Array changes;
    const auto add = [&](const std::string& name, const std::optional<std::string>& old_value,
                         const std::optional<std::string>& new_value) {
        if (old_value == new_value) return;
        changes.push_back(Json(Json::Data(Json::Object{{"name", text(name)},
                                                       {"before", old_value ? text(*old_value) : Json()},
                                                       {"after", new_value ? text(*new_value) : Json()}})));
    };
    add("document_name", before.name, after.name);
    add("link", before.link, after.link);
    for (const DocumentField& field : after.fields) add(field.name, value_of(before.fields, field.name), field.value);
    for (const DocumentField& field : before.fields) {
        if (!value_of(after.fields, field.name)) add(field.name, field.value, std::nullopt);
    }
    return changes;
}

bool has_veto(const PinnedPolicy& policy, const std::string& person, const std::vector<std::string>& proven_groups) {
    if (policy.policy.rejection == RejectionRule::veto) return true;
    return policy.policy.veto && includes(policy, *policy.policy.veto, person, proven_groups);
}

const Vote* counting_vote(const Standing& standing, std::string_view stage, std::string_view person) {
    const std::string key = person_key(person);
    const auto last = std::find_if(standing.votes.rbegin(), standing.votes.rend(), [&](const Vote& vote) {
        return vote.stage == stage && vote.shown_digest == current_digest(standing) && person_key(vote.person) == key;
    });
    return last == standing.votes.rend() ? nullptr : &*last;
}

bool leaves_enough_people(const Standing& standing, std::size_t stage, std::string_view person) {
    if (!standing.policy.policy.distinct_people || standing.policy.policy.stages.size() == 1) return true;
    Counting counting = counting_votes(standing);
    if (unreachable_stage(standing, counting)) return true;  // there are too few with or without this vote
    const Vote approval{.person = std::string(person),
                        .groups = {},
                        .stage = standing.policy.policy.stages[stage].name,
                        .decision = VoteDecision::approved,
                        .at = {},
                        .comments = {},
                        .proof = {},
                        .shown_digest = current_digest(standing),
                        .idempotency_key = {}};
    counting[stage][person_key(person)] = &approval;
    return !unreachable_stage(standing, counting);
}

Standing standing_of(const ApprovalRequest& approval) {
    std::vector<DocumentVersion> versions = approval.earlier_versions.value_or(std::vector<DocumentVersion>{});
    versions.push_back({.digest = shown_digest(approval), .document = document_of(approval)});
    std::optional<TimePoint> escalated_at;
    if (approval.escalated_at) escalated_at = parse_iso8601(*approval.escalated_at).value_or(TimePoint{});
    // A record whose deadline cannot be read is one that nobody may decide any more.
    return {.approval_id = approval.approval_id,
            .requester = approval.requester,
            .policy = approval.policy.value_or(default_policy()),
            .versions = std::move(versions),
            .votes = approval.votes.value_or(std::vector<Vote>{}),
            .expires_at = parse_iso8601(approval.expires_at).value_or(TimePoint{}),
            .escalated_at = escalated_at,
            .status = approval.status,
            .revision = approval.revision.value_or(0),
            .amendable = is_amendable(approval)};
}

Tally tally(const Standing& standing) {
    const Policy& policy = standing.policy.policy;
    const Counting counting = counting_votes(standing);
    Tally result;
    bool all_approved = true;
    for (std::size_t i = 0; i < policy.stages.size(); ++i) {
        const Stage& stage = policy.stages[i];
        const Counts counts = count(standing.policy, counting[i]);
        StageStanding& now = result.stages.emplace_back(StageStanding{.name = stage.name,
                                                                      .state = StageState::open,
                                                                      .approved = counts.approved,
                                                                      .required = stage.required,
                                                                      .of = votes_max(standing, stage)});
        if (counts.vetoed) {
            now.state = StageState::rejected;
            result.status = ApprovalStatus::rejected;
        } else if (policy.order == StageOrder::sequential && !all_approved) {
            now.state = StageState::waiting;
        } else if (counts.approved >= stage.required && !counts.held) {
            now.state = StageState::approved;
        }
        all_approved = all_approved && now.state == StageState::approved;
        for (const auto& [person, vote] : counting[i]) {
            result.changes_requested = result.changes_requested || vote->decision == VoteDecision::changes_requested;
        }
    }
    if (policy.rejection == RejectionRule::quorum && result.status == ApprovalStatus::pending) {
        if (const auto unmet = unreachable_stage(standing, counting)) {
            result.stages[*unmet].state = StageState::rejected;
            result.status = ApprovalStatus::rejected;
        }
    }
    if (all_approved) result.status = ApprovalStatus::approved;
    if (result.status != ApprovalStatus::pending) {
        for (StageStanding& stage : result.stages) {
            if (stage.state == StageState::open) stage.state = StageState::waiting;
        }
    }
    return result;
}

std::vector<std::size_t> open_stages(const Standing& standing) {
    std::vector<std::size_t> open;
    const Tally now = tally(standing);
    for (std::size_t i = 0; i < now.stages.size(); ++i) {
        if (now.stages[i].state == StageState::open) open.push_back(i);
    }
    return open;
}

}  // namespace holdpoint::approvals
