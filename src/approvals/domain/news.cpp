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

std::vector<const Vote*> changes_to_tell(const ApprovalRequest& approval) {
    std::vector<const Vote*> asked;
    const auto told = static_cast<std::size_t>(approval.told_votes.value_or(0));
    if (!may_have_news(approval) || !approval.votes || approval.votes->size() <= told) return asked;
    const Standing standing = standing_of(approval);
    for (const Vote& vote : *approval.votes | std::views::drop(told)) {
        if (vote.decision != VoteDecision::changes_requested) continue;
        const Vote* counting = counting_vote(standing, vote.stage, vote.person);
        if (counting != nullptr && *counting == vote) asked.push_back(&vote);
    }
    return asked;
}

bool has_news(const ApprovalRequest& approval) {
    return approval.status != ApprovalStatus::pending || stage_to_tell(approval) || !changes_to_tell(approval).empty();
}

}  // namespace holdpoint::approvals
