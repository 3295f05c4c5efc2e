// Erasures: what a record `erased` says was emptied in the records before it, written and read in one place. A field
// that is empty without such a record was emptied by somebody who told nobody.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "approvals/domain/audit.hpp"

namespace holdpoint::approvals {

/// The fields of one record that were erased.
struct Erasure {
    std::int64_t seq = 0;
    std::vector<std::string> fields;
    friend bool operator==(const Erasure&, const Erasure&) = default;
};

/// "record 1: requester, shown", for people and for the record.
[[nodiscard]] std::string to_text(const Erasure& erasure);
/// The event that tells of them, which goes into the chain before anything is emptied; without who and when.
[[nodiscard]] AuditEvent erasure_event(const std::vector<Erasure>& erasures);
/// What a record tells of; nothing where it is no such record, and of what is not written as the above.
[[nodiscard]] std::vector<Erasure> erasures_told_by(const AuditRecord& record);

/// What was erased in a chain: "ID record 2 (decided): comments erased". None of it is a problem.
[[nodiscard]] std::vector<std::string> erasures(const std::vector<AuditRecord>& records);
/// The fields that are empty although no later record of the chain tells of it, by seq.
[[nodiscard]] std::vector<Erasure> untold_erasures(const std::vector<AuditRecord>& records);

}  // namespace holdpoint::approvals
