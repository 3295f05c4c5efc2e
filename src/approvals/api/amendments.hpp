// Amendments: lets the requester change the document of a request that waits for its decision.
#pragma once

#include <expected>
#include <string>

#include "approvals/api/decisions.hpp"
#include "approvals/domain/amending.hpp"

namespace holdpoint::approvals {

/// The record as it is after the amendment, also when the document says all that already.
[[nodiscard]] std::expected<ApprovalRequest, ApiRefusal> take_amendment(const ApiServices& services,
                                                                        const durable::Logger& logger,
                                                                        const std::string& approval_id,
                                                                        const Amendment& amendment);

}  // namespace holdpoint::approvals
