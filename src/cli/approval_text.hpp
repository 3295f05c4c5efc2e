// Approval text: one request and its audit trail, as lines for people.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "approvals/domain/audit.hpp"

namespace holdpoint::cli {

/// Of what the approval API function answers about one request; what is not in it is left out.
[[nodiscard]] std::string approval_text(const boost::json::value& approval);

/// Everything that each record has.
[[nodiscard]] std::string trail_text(const std::vector<approvals::AuditRecord>& trail);

}  // namespace holdpoint::cli
