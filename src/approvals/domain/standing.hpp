// Standing: everything that a decision about one request depends on, and what the votes so far come to.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "approvals/domain/models.hpp"
#include "approvals/domain/policy.hpp"
#include "base/clock.hpp"

namespace holdpoint::approvals {

/// What is different, as callers see it: [{"name", "before", "after"}], null where there is no such thing. Name and
/// link of the document are "document_name" and "link"; the rest are its fields.
[[nodiscard]] durable::Json::Array changes_between(const ShownDocument& before, const ShownDocument& after);

/// One request as it stands in its record. `revision` grows with each change of the record: writing a vote needs the
/// one that was read.
struct Standing {
    std::string approval_id;
    std::string requester;
    PinnedPolicy policy = default_policy();
    std::vector<DocumentVersion> versions;  // the last one is what is decided on
    std::vector<Vote> votes;                // in the order in which they were taken
    TimePoint expires_at;
    std::optional<TimePoint> escalated_at;
    ApprovalStatus status = ApprovalStatus::pending;
    std::int64_t revision = 0;
    bool amendable = true;  // whether the document may become another one
    friend bool operator==(const Standing&, const Standing&) = default;
};

/// waiting: for the stages before it, or never opened.
enum class StageState { waiting, open, approved, rejected };
BOOST_DESCRIBE_ENUM(StageState, waiting, open, approved, rejected)

struct StageStanding {
    std::string name;
    StageState state = StageState::waiting;
    std::int64_t approved = 0;
    std::int64_t required = 1;
    std::optional<std::int64_t> of;  // nothing: not known
    friend bool operator==(const StageStanding&, const StageStanding&) = default;
};
BOOST_DESCRIBE_STRUCT(StageStanding, (), (name, state, approved, required, of))

/// What the record of a request says.
[[nodiscard]] Standing standing_of(const ApprovalRequest& approval);

/// What the votes come to. A request for changes holds its stage back where a rejection by the same person would have
/// rejected: until that person votes again, or the document changes. Meanwhile nobody votes there who is not needed.
struct Tally {
    ApprovalStatus status = ApprovalStatus::pending;  // approved, rejected, or not certain yet: pending
    std::vector<StageStanding> stages;                // in the policy's order
    bool changes_requested = false;
    friend bool operator==(const Tally&, const Tally&) = default;
};
[[nodiscard]] Tally tally(const Standing& standing);

/// The places of the stages that may be voted in now, in the policy's order.
[[nodiscard]] std::vector<std::size_t> open_stages(const Standing& standing);

/// The vote of this person in this stage that counts, if there is one: their last, on the version as it is now.
[[nodiscard]] const Vote* counting_vote(const Standing& standing, std::string_view stage, std::string_view person);

/// Whether the stages could all be approved if this person voted in this one, as far as the people are known. Where
/// each counts in one stage only, somebody may be needed elsewhere.
[[nodiscard]] bool leaves_enough_people(const Standing& standing, std::size_t stage, std::string_view person);

/// Whether this person's rejection rejects by itself.
[[nodiscard]] bool has_veto(const PinnedPolicy& policy, const std::string& person,
                            const std::vector<std::string>& proven_groups);

}  // namespace holdpoint::approvals
