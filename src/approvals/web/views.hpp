// Views: what a signed-in person sees of a request (docs/approvals-api.md). Never a callback token, never an execution.
#pragma once

#include <vector>

#include "approvals/domain/audit.hpp"
#include "approvals/domain/deciding.hpp"
#include "approvals/domain/models.hpp"
#include "approvals/domain/service_levels.hpp"
#include "durable/json.hpp"

namespace holdpoint::approvals {

/// One line of the list.
[[nodiscard]] durable::Json::Object summary_view(const ApprovalRequest& approval, const Identity& viewer,
                                                 TimePoint now);
/// All of one request, without `now`.
[[nodiscard]] durable::Json::Object detail_view(const ApprovalRequest& approval, const std::vector<AuditRecord>& trail,
                                                const Identity& viewer, TimePoint now);
/// Without `now`.
[[nodiscard]] durable::Json::Object levels_view(const std::vector<GroupLevel>& groups, bool is_complete);

}  // namespace holdpoint::approvals
