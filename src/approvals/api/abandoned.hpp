// Abandoned requests: their time is over, and so is the workflow that would have said so.
#pragma once

#include "approvals/api/decisions.hpp"

namespace holdpoint::approvals {

/// Ends as timeout what of a page is still pending although its time is over, because its workflow was stopped or
/// failed, and takes it off the page: nobody can decide it, and it would stay among what waits until its TTL. A few at
/// a time; the others, and what cannot be ended now, are another time.
void end_abandoned(const ApiServices& services, const durable::Logger& logger, ApprovalPage& page);
/// The same of one request, which is then as it ended.
void end_abandoned(const ApiServices& services, const durable::Logger& logger, ApprovalRequest& approval);

}  // namespace holdpoint::approvals
