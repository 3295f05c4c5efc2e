// Sealing: what the function does that seals the audit trail periodically (docs/audit.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "approvals/repository/audit_store.hpp"
#include "approvals/repository/signing_keys.hpp"

namespace holdpoint::approvals {

struct Sealing {
    std::optional<HeadStatement> statement;  // the newest; nothing: there is no record yet
    bool is_new = false;                     // it was made just now
    std::vector<std::string> problems;       // of the trail, and by what the statement before says
};

/// Makes a statement of where all chains end, unless the newest says just that and its key is still there. Looks
/// whether everything is there that the newest says; what is not is told, and sealed all the same: a later statement
/// hides nothing.
[[nodiscard]] Result<Sealing> seal(AuditStore& store, SigningKeys& keys, const Clock& clock);

}  // namespace holdpoint::approvals
