// Details: what the action "get" tells of one request.
#pragma once

#include "approvals/domain/models.hpp"

namespace holdpoint::approvals {

/// The public view, and by what it is decided: the digest to state with a decision, the policy, the votes so far.
[[nodiscard]] durable::Json detailed_view(const ApprovalRequest& approval);

}  // namespace holdpoint::approvals
