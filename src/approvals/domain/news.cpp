#include "approvals/domain/news.hpp"

#include <ranges>
#include <utility>

#include "approvals/domain/standing.hpp"

namespace holdpoint::approvals {

namespace {

/// Executions of before there was such a thing do not look for any.
bool may_have_news(const ApprovalRequest& approval) {
    return approval.told_stages && approval.status == ApprovalStatus::pending;
}

/// The last vote for changes at or after this place that counts.
const Vote* changes_since(const ApprovalRequest& approval, std::size_t place) {
    if (!approval.votes || approval.votes->size() <= place) return nullptr;
    const auto wants_changes = [](const Vote& vote) { return vote.decision == VoteDecision::changes_requested; };
    std::optional<Standing> standing;  // made when it is needed: every poll comes here
    for (const Vote& vote : *approval.votes | std::views::drop(place) | std::views::reverse) {
        if (!wants_changes(vote)) continue;
        if (!standing) standing = standing_of(approval);
        const Vote* counting = counting_vote(*standing, vote.stage, vote.person);
        if (counting != nullptr && *counting == vote) return &vote;
    }
    return nullptr;
}

}  // namespace

std::int64_t told_stages_after(const Policy& policy, std::size_t stage) {
    return opens_stages_later(policy) ? static_cast<std::int64_t>(stage) + 1 : std::ssize(policy.stages);
}

std::optional<std::size_t> stage_to_tell(const ApprovalRequest& approval) {
    if (!may_have_news(approval)) return std::nullopt;
    if (*approval.told_stages >= std::ssize(policy_of(approval).stages)) return std::nullopt;
    const auto open = open_stages(standing_of(approval));
    if (open.empty() || std::cmp_less(open.front(), *approval.told_stages)) return std::nullopt;
    return open.front();
}

const Vote* changes_to_tell(const ApprovalRequest& approval) {
    if (!may_have_news(approval)) return nullptr;
    return changes_since(approval, static_cast<std::size_t>(approval.told_votes.value_or(0)));
}

bool has_news(const ApprovalRequest& approval) {
    return approval.status != ApprovalStatus::pending || stage_to_tell(approval) ||
           changes_to_tell(approval) != nullptr;
}

const Vote* standing_changes(const ApprovalRequest& approval) {
    return approval.status == ApprovalStatus::pending ? changes_since(approval, 0) : nullptr;
}

}  // namespace holdpoint::approvals
