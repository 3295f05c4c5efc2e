// Refused: decisions that were not taken, as the audit trail tells of them.
#pragma once

#include <string_view>
#include <vector>

#include "approvals/domain/audit.hpp"
#include "approvals/domain/deciding.hpp"

namespace holdpoint::approvals {

/// How many refused decisions the trail of one request keeps, and how many of them of one person: whoever may send
/// decisions must not fill a trail.
inline constexpr std::size_t kRefusalsMax = 50;
inline constexpr std::size_t kRefusalsOfPersonMax = 5;

/// Whether an auditor is told of it: of decisions that came too late, from somebody who may not decide this,
/// or by a link that was used.
[[nodiscard]] bool is_for_auditors(RefusalCode code);

/// `code` as the caller was told it.
[[nodiscard]] AuditEvent refused_decision(const ApprovalRequest& approval, const Ballot& ballot, std::string_view code,
                                          TimePoint now);

/// Whether it belongs into this trail: not when the same ballot is there already, nor when there are too many.
[[nodiscard]] bool takes_refusal(const std::vector<AuditRecord>& trail, const AuditEvent& refused);

}  // namespace holdpoint::approvals
