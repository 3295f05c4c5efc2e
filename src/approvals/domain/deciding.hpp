// Deciding: whether somebody may vote on a request, and what their vote makes of it. Whoever stores the answer writes
// it on the condition that the record still has the revision that was read, and decides again when it has not.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "approvals/domain/standing.hpp"

namespace holdpoint::approvals {

/// Who somebody proved to be.
struct Identity {
    std::string person;
    std::vector<std::string> groups;
    std::string proof = "claimed";  // claimed, link, token or oidc
    std::string credential = {};    // the id of the link or token; of oidc: whom the issuer means
    std::string issuer = {};        // of oidc: who says so
    std::string address = {};       // from where: the IP address, as API Gateway saw it; of an action: not known
    friend bool operator==(const Identity&, const Identity&) = default;
};

/// What somebody wants to say.
struct Ballot {
    Identity voter;
    VoteDecision decision = VoteDecision::rejected;
    std::string comments;
    std::optional<std::string> stage;  // absent: the first where they may vote
    std::string shown_digest;          // of the version that they saw; empty: they were shown none
    std::string idempotency_key;       // empty: what it says is its key
    friend bool operator==(const Ballot&, const Ballot&) = default;
};

enum class RefusalCode {
    invalid_request,
    own_request,
    not_an_approver,
    not_the_requester,
    stage_not_open,
    already_voted,
    document_changed,
    document_fixed,
    link_used,
    approval_already_decided,
    approval_expired
};

/// "OWN_REQUEST" …, as callers see it.
[[nodiscard]] std::string_view to_string(RefusalCode code);
[[nodiscard]] int http_status(RefusalCode code);

/// Why somebody may not vote.
struct Refusal {
    RefusalCode code = RefusalCode::invalid_request;
    std::string message;
    durable::Json::Object details = {};
    friend bool operator==(const Refusal&, const Refusal&) = default;
};

struct Accepted {
    Vote vote;
    ApprovalStatus status = ApprovalStatus::pending;  // with this vote
    std::vector<StageStanding> stages;
    bool changes_requested = false;
    bool repeated =
        false;  // the ballot was taken before, and this is what was answered then: there is nothing to write
    std::string address = {};  // from where it came
    bool was_shown = false;    // the voter stated which version they saw
    friend bool operator==(const Accepted&, const Accepted&) = default;

    [[nodiscard]] bool is_final() const { return status != ApprovalStatus::pending; }
};

using Verdict = std::expected<Accepted, Refusal>;

/// Why nothing of this request may change any more, if that is so.
[[nodiscard]] std::optional<Refusal> why_closed(const Standing& standing, TimePoint now);
/// Why what somebody was shown is not the document as it is now, if it is not; an empty digest is of nothing.
[[nodiscard]] std::optional<Refusal> why_outdated(const Standing& standing, const std::string& shown_digest);
/// Whether its record, which is one item of 400 KB at most, has room for what people may still say. (AWS API, DynamoDB)
[[nodiscard]] bool has_room(const Standing& standing);

/// A ballot that was taken before, by its idempotency key or, without one, by what it says, is answered as it was then.
[[nodiscard]] Verdict decide(const Standing& standing, const Ballot& ballot, TimePoint now);

/// Which vote was given with this link; nothing when it was not used yet. A link decides once.
[[nodiscard]] const Vote* vote_of_link(const Standing& standing, const Identity& identity);

/// The stage in which this person's vote would count now, or why none would.
[[nodiscard]] std::expected<std::string, Refusal> may_decide(const Standing& standing, const Identity& identity,
                                                             TimePoint now);

/// What the votes come to with one more.
struct Foreseen {
    std::string stage;  // in which it would count
    ApprovalStatus status = ApprovalStatus::pending;
    std::string opens;  // the stage that it would open; empty: none
};
/// What a vote of this person would come to now, or why there can be none.
[[nodiscard]] std::expected<Foreseen, Refusal> foresee(const Standing& standing, const Identity& identity,
                                                       VoteDecision decision, TimePoint now);

/// The record with the vote.
[[nodiscard]] Standing with_vote(Standing standing, const Accepted& accepted);

}  // namespace holdpoint::approvals
