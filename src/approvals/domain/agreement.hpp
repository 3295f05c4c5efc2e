// Agreement: whether a request's record says what its chain says. People are shown the record, which anybody may change
// who may write its table; only the chain proves what was asked and decided.
#pragma once

#include <string>
#include <vector>

#include "approvals/domain/audit.hpp"

namespace holdpoint::approvals {

/// What the record says otherwise than the chain, which was read after it or holds nothing newer. What was erased from
/// the chain, or what records of earlier versions do not tell, is not compared.
[[nodiscard]] std::vector<std::string> disagreements(const ApprovalRequest& record,
                                                     const std::vector<AuditRecord>& chain);

/// Takes out of a record of a verified chain what neither these nor statements are held against: of many chains that is
/// most.
void keep_compared(AuditRecord& record);
/// Takes out of a request's record what is not held against its chain.
void keep_compared(ApprovalRequest& record);

}  // namespace holdpoint::approvals
