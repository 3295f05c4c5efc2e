#include "approvals/domain/deciding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "approvals/domain/reading.hpp"

namespace holdpoint::approvals {

using durable::Json;

namespace {

Json text(std::string value) {
    return Json(Json::Data(std::move(value)));
}

std::unexpected<Refusal> refuse(RefusalCode code, std::string message, Json::Object details = {}) {
    return std::unexpected(Refusal{.code = code, .message = std::move(message), .details = std::move(details)});
}

std::optional<std::string> given(const std::string& value) {
    return value.empty() ? std::nullopt : std::optional(value);
}

std::string_view past_tense(VoteDecision decision) {
    switch (decision) {
        case VoteDecision::approved:
            return "approved";
        case VoteDecision::rejected:
            return "rejected";
        case VoteDecision::changes_requested:
            return "requested changes in";
    }
    std::unreachable();
}

/// Nobody's vote: the deadline decided when the votes alone do not come to what the record says.
const Vote* deciding_vote(const Standing& standing) {
    return !standing.votes.empty() && tally(standing).status == standing.status ? &standing.votes.back() : nullptr;
}

Refusal already_decided(const Standing& standing) {
    const Vote* vote = deciding_vote(standing);
    const std::string status = to_string(standing.status);
    const std::string approver = vote == nullptr ? "" : vote->person;
    const std::string decided_at = vote == nullptr ? to_iso8601(standing.expires_at) : vote->at;
    return {.code = RefusalCode::approval_already_decided,
            .message = fmt::format("Approval {} was {} by {} at {}.", standing.approval_id, status,
                                   vote == nullptr ? "its deadline" : approver, decided_at),
            .details = {{"decision", text(status)}, {"approver", text(approver)}, {"decided_at", text(decided_at)}}};
}

Refusal expired(const Standing& standing) {
    const std::string at = to_iso8601(standing.expires_at);
    return {.code = RefusalCode::approval_expired,
            .message = fmt::format("Approval {} expired at {}.", standing.approval_id, at),
            .details = {{"expired_at", text(at)}}};
}

Refusal document_changed(const Standing& standing, const std::string& shown_digest) {
    const DocumentVersion now = standing.versions.empty() ? DocumentVersion{} : standing.versions.back();
    const auto shown = std::find_if(standing.versions.begin(), standing.versions.end(),
                                    [&](const DocumentVersion& version) { return version.digest == shown_digest; });
    Json::Array changes;
    if (shown != standing.versions.end() && shown->document && now.document)
        changes = changes_between(*shown->document, *now.document);
    std::string names;
    for (const Json& change : changes) {
        names += fmt::format("{}{}", names.empty() ? ": " : ", ", *change.find("name")->get_if<std::string>());
    }
    return {
        .code = RefusalCode::document_changed,
        .message = fmt::format("The document of approval {} is not the one that was shown{}. Look at it again, then "
                               "decide.",
                               standing.approval_id, names),
        .details = {{"shown_digest", text(now.digest)}, {"changes", Json(Json::Data(std::move(changes)))}}};
}

/// Whether the policy lets this person vote in this stage, whatever its state.
bool is_approver(const Standing& standing, const Stage& stage, const Identity& identity) {
    const PinnedPolicy& policy = standing.policy;
    if (!stage.approvers || includes(policy, *stage.approvers, identity.person, identity.groups)) return true;
    return standing.escalated_at && policy.policy.escalation &&
           includes(policy, policy.policy.escalation->to, identity.person, identity.groups);
}

Refusal not_an_approver(const Standing& standing, const Identity& identity) {
    const std::string policy = describe(standing.policy, standing.escalated_at.has_value());
    return {.code = RefusalCode::not_an_approver,
            .message = fmt::format("{} may not decide approval {}. It takes: {}.", trimmed(identity.person),
                                   standing.approval_id, policy),
            .details = {{"policy", text(policy)}}};
}

Refusal already_voted(const Vote& vote, bool elsewhere) {
    return {.code = RefusalCode::already_voted,
            .message = fmt::format("{} {} stage {} at {} already{}.", vote.person, past_tense(vote.decision),
                                   vote.stage, vote.at, elsewhere ? ", and each person counts in one stage only" : ""),
            .details = {{"stage", text(vote.stage)},
                        {"decision", text(boost::describe::enum_to_string(vote.decision, ""))},
                        {"at", text(vote.at)}}};
}

Refusal stage_not_open(const Stage& stage, std::string why) {
    return {.code = RefusalCode::stage_not_open, .message = std::move(why), .details = {{"stage", text(stage.name)}}};
}

/// Finds the stage in which somebody's vote counts.
class Seat {
public:
    Seat(const Standing& standing, const Identity& identity)
        : standing_(standing), identity_(identity), tally_(tally(standing)) {}

    /// Why this person may not vote in a stage of theirs; nothing when they may.
    [[nodiscard]] std::optional<Refusal> obstacle(std::size_t index) const {
        const Stage& stage = stages()[index];
        const Vote* here = counting_vote(standing_, stage.name, identity_.person);
        if (here != nullptr && here->decision != VoteDecision::changes_requested) return already_voted(*here, false);
        if (standing_.policy.policy.distinct_people) {
            for (const Stage& other : stages()) {
                const Vote* there = counting_vote(standing_, other.name, identity_.person);
                if (there != nullptr && other.name != stage.name) return already_voted(*there, true);
            }
        }
        if (tally_.stages[index].state == StageState::approved) {
            return stage_not_open(stage, fmt::format("Stage {} is approved already.", stage.name));
        }
        if (tally_.stages[index].state != StageState::open) return not_open_yet(index);
        if (here == nullptr && tally_.stages[index].approved >= stage.required) {
            return stage_not_open(stage, fmt::format("Stage {} has its approvals and waits for those who requested "
                                                     "changes: for another vote of theirs{}.",
                                                     stage.name, standing_.amendable ? ", or for the changes" : ""));
        }
        if (!leaves_enough_people(standing_, index, identity_.person)) {
            return stage_not_open(stage, fmt::format("{} is needed in another stage than {}: each person counts in one "
                                                     "stage only, and not all stages could be approved.",
                                                     trimmed(identity_.person), stage.name));
        }
        return std::nullopt;
    }

    /// The first of this person's stages where they may vote; else what stands in the way at the next one to open, or
    /// at their last.
    [[nodiscard]] std::expected<std::size_t, Refusal> first() const {
        std::optional<Refusal> refusal;
        for (std::size_t i = 0; i < stages().size(); ++i) {
            if (!is_approver(standing_, stages()[i], identity_)) continue;
            refusal = obstacle(i);
            if (!refusal) return i;
            if (refusal->code == RefusalCode::stage_not_open && tally_.stages[i].state == StageState::waiting) break;
        }
        if (!refusal) return std::unexpected(not_an_approver(standing_, identity_));
        return std::unexpected(std::move(*refusal));
    }

    [[nodiscard]] std::expected<std::size_t, Refusal> named(const std::string& name) const {
        std::vector<std::string> names;
        for (std::size_t i = 0; i < stages().size(); ++i) {
            names.push_back(stages()[i].name);
            if (stages()[i].name != name) continue;
            if (!is_approver(standing_, stages()[i], identity_))
                return std::unexpected(not_an_approver(standing_, identity_));
            if (auto refusal = obstacle(i)) return std::unexpected(std::move(*refusal));
            return i;
        }
        return refuse(RefusalCode::invalid_request,
                      fmt::format("stage: expected {}, found {}.", choices(names), in_quotes(name)));
    }

private:
    [[nodiscard]] const std::vector<Stage>& stages() const { return standing_.policy.policy.stages; }

    [[nodiscard]] Refusal not_open_yet(std::size_t index) const {
        const auto before = std::find_if(tally_.stages.begin(), tally_.stages.end(), [](const StageStanding& stage) {
            return stage.state != StageState::approved;
        });
        const std::string& name = stages()[index].name;
        if (before == tally_.stages.end() || before->name == name) {
            return stage_not_open(stages()[index], fmt::format("Stage {} is closed.", name));
        }
        return stage_not_open(stages()[index],
                              fmt::format("Stage {} is not open yet: {} comes first.", name, before->name));
    }

    const Standing& standing_;
    const Identity& identity_;
    Tally tally_;
};

Refusal link_used(const Vote& vote) {
    return {
        .code = RefusalCode::link_used,
        .message = fmt::format("This link was used by {} at {}: it {} the request, and decides once.", vote.person,
                               vote.at, past_tense(vote.decision)),
        .details = {
            {"used_by", text(vote.person)}, {"used_at", text(vote.at)}, {"decision", text(to_string(vote.decision))}}};
}

std::expected<std::size_t, Refusal> seat_of(const Standing& standing, const Identity& identity,
                                            const std::optional<std::string>& stage, TimePoint now) {
    if (const Vote* used = vote_of_link(standing, identity)) return std::unexpected(link_used(*used));
    if (auto refusal = why_closed(standing, now)) return std::unexpected(std::move(*refusal));
    if (person_key(identity.person).empty()) {
        return refuse(RefusalCode::invalid_request, "approver: expected somebody's name, found nothing.");
    }
    if (is_same_person(identity.person, standing.requester)) {
        return refuse(RefusalCode::own_request, fmt::format("{} made the request {}; somebody else has to decide it.",
                                                            trimmed(identity.person), standing.approval_id));
    }
    const Seat seat(standing, identity);
    return stage ? seat.named(*stage) : seat.first();
}

bool says_the_same(const Vote& vote, const Ballot& ballot, const Standing& standing) {
    const std::string digest =
        ballot.shown_digest.empty() && !standing.versions.empty() && ballot.idempotency_key.empty()
            ? standing.versions.back().digest
            : ballot.shown_digest;
    return is_same_person(vote.person, ballot.voter.person) && vote.decision == ballot.decision &&
           vote.comments == ballot.comments && (digest.empty() || vote.shown_digest == digest) &&
           (!ballot.stage || vote.stage == *ballot.stage);
}

/// The record as it was when this vote had just been taken.
Standing as_of(const Standing& standing, std::size_t vote) {
    const Vote& last = standing.votes[vote];
    Standing then = standing;
    then.votes.resize(vote + 1);
    const auto version = std::find_if(then.versions.begin(), then.versions.end(),
                                      [&](const DocumentVersion& each) { return each.digest == last.shown_digest; });
    if (version != then.versions.end()) then.versions.erase(version + 1, then.versions.end());
    if (then.escalated_at && to_iso8601(*then.escalated_at) > last.at) then.escalated_at.reset();
    return then;
}

/// A record is one item, and that holds 400 KB. (AWS API, DynamoDB) Names, ids, the link and the deciding comments,
/// which are in it twice, need some of it.
constexpr std::size_t kRecordMax = 385'000;
/// What longer comments leave for votes without them, so that whoever writes much does not keep others from deciding.
constexpr std::size_t kKeptForShortVotes = 30'000;
constexpr std::size_t kShortComments = 256;

/// Of what grows with votes and documents, and the policy: as JSON, which is no shorter than the item.
std::size_t record_size(const Standing& standing) {
    std::size_t size = durable::to_json(standing.policy).dump().size() + durable::to_json(standing.votes).dump().size();
    for (const DocumentVersion& version : standing.versions) size += durable::to_json(version).dump().size();
    return size;
}

}  // namespace

bool has_room(const Standing& standing) {
    return record_size(standing) <= kRecordMax - kKeptForShortVotes;
}

namespace {

/// Why the record cannot take the last of its votes; nothing when it can.
std::optional<Refusal> no_room(const Standing& with) {
    const std::string& comments = with.votes.back().comments;
    const std::size_t max = comments.size() > kShortComments ? kRecordMax - kKeptForShortVotes : kRecordMax;
    if (record_size(with) <= max) return std::nullopt;
    return Refusal{.code = RefusalCode::invalid_request,
                   .message = fmt::format("comments: the votes of approval {} leave room for comments of {} bytes at "
                                          "most, found {}.",
                                          with.approval_id, kShortComments, comments.size())};
}

Accepted accepted(const Standing& with, const Ballot& ballot, bool repeated) {
    Tally result = tally(with);
    return {.vote = with.votes.back(),
            .status = result.status,
            .stages = std::move(result.stages),
            .changes_requested = result.changes_requested,
            .repeated = repeated,
            .address = {},
            .was_shown = !ballot.shown_digest.empty()};
}

/// The answer that this ballot had before; nothing when it is new.
std::optional<Verdict> repetition(const Standing& standing, const Ballot& ballot) {
    for (std::size_t i = standing.votes.size(); i-- > 0;) {
        const Vote& vote = standing.votes[i];
        if (!is_same_person(vote.person, ballot.voter.person)) continue;  // a key is its sender's own
        const bool is_same = says_the_same(vote, ballot, standing);
        if (ballot.idempotency_key.empty() && !is_same) continue;
        if (!ballot.idempotency_key.empty() && vote.idempotency_key != ballot.idempotency_key) continue;
        if (!is_same) {
            return refuse(RefusalCode::invalid_request,
                          "idempotency_key: was sent before with another decision; a new decision needs a new key.");
        }
        return accepted(as_of(standing, i), ballot, true);
    }
    return std::nullopt;
}

}  // namespace

std::string_view to_string(RefusalCode code) {
    switch (code) {
        case RefusalCode::invalid_request:
            return "INVALID_REQUEST";
        case RefusalCode::own_request:
            return "OWN_REQUEST";
        case RefusalCode::not_an_approver:
            return "NOT_AN_APPROVER";
        case RefusalCode::not_the_requester:
            return "NOT_THE_REQUESTER";
        case RefusalCode::stage_not_open:
            return "STAGE_NOT_OPEN";
        case RefusalCode::already_voted:
            return "ALREADY_VOTED";
        case RefusalCode::document_changed:
            return "DOCUMENT_CHANGED";
        case RefusalCode::document_fixed:
            return "DOCUMENT_FIXED";
        case RefusalCode::link_used:
            return "LINK_USED";
        case RefusalCode::approval_already_decided:
            return "APPROVAL_ALREADY_DECIDED";
        case RefusalCode::approval_expired:
            return "APPROVAL_EXPIRED";
    }
    std::unreachable();
}

int http_status(RefusalCode code) {
    switch (code) {
        case RefusalCode::invalid_request:
            return 400;
        case RefusalCode::own_request:
        case RefusalCode::not_an_approver:
        case RefusalCode::not_the_requester:
            return 403;
        case RefusalCode::stage_not_open:
        case RefusalCode::already_voted:
        case RefusalCode::document_changed:
        case RefusalCode::document_fixed:
        case RefusalCode::link_used:
        case RefusalCode::approval_already_decided:
        case RefusalCode::approval_expired:
            return 409;
    }
    std::unreachable();
}

std::optional<Refusal> why_closed(const Standing& standing, TimePoint now) {
    if (standing.status == ApprovalStatus::approved || standing.status == ApprovalStatus::rejected) {
        return already_decided(standing);
    }
    if (standing.status == ApprovalStatus::timeout || now >= standing.expires_at) return expired(standing);
    return std::nullopt;
}

std::optional<Refusal> why_outdated(const Standing& standing, const std::string& shown_digest) {
    if (shown_digest.empty()) return std::nullopt;
    if (!standing.versions.empty() && shown_digest == standing.versions.back().digest) return std::nullopt;
    return document_changed(standing, shown_digest);
}

namespace {

Vote vote_of(const Standing& standing, std::size_t seat, const Ballot& ballot, TimePoint now) {
    return {.person = std::string(trimmed(ballot.voter.person)),
            .groups = ballot.voter.groups,
            .stage = standing.policy.policy.stages[seat].name,
            .decision = ballot.decision,
            .at = to_iso8601(now),
            .comments = ballot.comments,
            .proof = ballot.voter.proof,
            .shown_digest = standing.versions.empty() ? "" : standing.versions.back().digest,
            .idempotency_key = ballot.idempotency_key,
            .credential = given(ballot.voter.credential),
            .issuer = given(ballot.voter.issuer)};
}

}  // namespace

Verdict decide(const Standing& standing, const Ballot& ballot, TimePoint now) {
    if (auto before = repetition(standing, ballot)) return std::move(*before);
    const auto seat = seat_of(standing, ballot.voter, ballot.stage, now);
    if (!seat) return std::unexpected(seat.error());
    if (auto refusal = why_outdated(standing, ballot.shown_digest)) return std::unexpected(std::move(*refusal));
    if (ballot.decision == VoteDecision::changes_requested && trimmed(ballot.comments).empty()) {
        return refuse(RefusalCode::invalid_request, "comments: expected what has to change, found nothing.");
    }
    Standing with = standing;
    with.votes.push_back(vote_of(standing, *seat, ballot, now));
    if (auto refusal = no_room(with)) return std::unexpected(std::move(*refusal));
    Accepted taken = accepted(with, ballot, false);
    taken.address = ballot.voter.address;
    return taken;
}

const Vote* vote_of_link(const Standing& standing, const Identity& identity) {
    if (identity.proof != "link") return nullptr;
    const auto used = std::ranges::find_if(standing.votes, [&](const Vote& vote) {
        return vote.proof == "link" && vote.credential == identity.credential;
    });
    return used == standing.votes.end() ? nullptr : &*used;
}

std::expected<std::string, Refusal> may_decide(const Standing& standing, const Identity& identity, TimePoint now) {
    const auto seat = seat_of(standing, identity, std::nullopt, now);
    if (!seat) return std::unexpected(seat.error());
    return standing.policy.policy.stages[*seat].name;
}

std::expected<Foreseen, Refusal> foresee(const Standing& standing, const Identity& identity, VoteDecision decision,
                                         TimePoint now) {
    const auto seat = seat_of(standing, identity, std::nullopt, now);
    if (!seat) return std::unexpected(seat.error());
    Standing with = standing;
    with.votes.push_back(vote_of(standing, *seat,
                                 {.voter = identity,
                                  .decision = decision,
                                  .comments = {},
                                  .stage = {},
                                  .shown_digest = {},
                                  .idempotency_key = {}},
                                 now));
    const Tally then = tally(with);
    Foreseen foreseen{.stage = with.votes.back().stage, .status = then.status, .opens = {}};
    const Tally before = tally(standing);
    for (std::size_t i = 0; i < then.stages.size(); ++i) {
        if (then.stages[i].state == StageState::open && before.stages[i].state == StageState::waiting)
            foreseen.opens = then.stages[i].name;
    }
    return foreseen;
}

Standing with_vote(Standing standing, const Accepted& accepted) {
    if (accepted.repeated) return standing;
    standing.votes.push_back(accepted.vote);
    standing.status = accepted.status;
    ++standing.revision;
    return standing;
}

}  // namespace holdpoint::approvals
