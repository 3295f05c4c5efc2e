// News: what became of a request that people were not told yet. The record says how far they were told, so
// that whoever wakes the workflow, and how often, changes nothing of who is told what.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "approvals/domain/models.hpp"

namespace holdpoint::approvals {

/// Whether its workflow has something to do now.
[[nodiscard]] bool has_news(const ApprovalRequest& approval);

/// The stage whose people are to be told: it opened since, or the document changed, after which all of them are told
/// anew. Where all stages are open at once, any of them stands for all.
[[nodiscard]] std::optional<std::size_t> stage_to_tell(const ApprovalRequest& approval);
/// `told_stages` of a request once the people of this stage are told.
[[nodiscard]] std::int64_t told_stages_after(const Policy& policy, std::size_t stage);

/// The requests for changes that still stand and of which the requester was not told, in the order in which they came.
[[nodiscard]] std::vector<const Vote*> changes_to_tell(const ApprovalRequest& approval);

}  // namespace holdpoint::approvals
