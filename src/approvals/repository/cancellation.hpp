// Cancellation: why a table refused a transaction.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace holdpoint::approvals {

/// Of one part of a transaction. (AWS API, DynamoDB, CancellationReason)
struct CancellationReason {
    std::string code;  // None: it was not this part
    std::string message;
};

/// For each part of a cancelled transaction, in order; of another error none.
[[nodiscard]] std::vector<CancellationReason> reasons_of(const Error& error);

/// Whether another writer, or an earlier try, was there first.
[[nodiscard]] bool is_conflict(const Error& error);

}  // namespace holdpoint::approvals
