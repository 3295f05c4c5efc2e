// Sealing: what the function does that seals the audit trail periodically (docs/audit.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "approvals/domain/sorting.hpp"
#include "approvals/repository/audit_store.hpp"
#include "approvals/repository/signing_keys.hpp"

namespace holdpoint::approvals {

struct Sealing {
    std::optional<HeadStatement> statement;  // the newest; nothing: there is no record yet
    std::int64_t chains = 0;                 // that it names
    bool is_new = false;                     // it was made just now
    std::vector<std::string> problems;       // of the trail, and by what the statement before says
};

/// Makes a statement of where all chains end, unless the newest says just that and its key is still there. Looks
/// whether everything is there that the newest says; what is not is told, and sealed all the same: a later statement
/// hides nothing. Holds one chain at a time (chain_walk.hpp).
[[nodiscard]] Result<Sealing> seal(AuditStore& store, SigningKeys& keys, const Clock& clock, const Scratch& scratch,
                                   std::size_t buffer_bytes = Sorter::kBufferBytes);

}  // namespace holdpoint::approvals
