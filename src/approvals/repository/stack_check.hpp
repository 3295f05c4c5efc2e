// Stack check: everything that can be said of what a stack's tables have now.
#pragma once

#include <string>

#include "approvals/domain/export_check.hpp"
#include "approvals/domain/sorting.hpp"
#include "approvals/repository/audit_store.hpp"
#include "approvals/repository/repository.hpp"
#include "approvals/repository/signing_keys.hpp"

namespace holdpoint::approvals {

struct CheckedStack {
    AuditStore& store;
    Repository& repository;
    SigningKeys& keys;
    std::string approvals_table;
};

/// The chains by themselves; the requests' records, which people are shown, against them; and all statements, among
/// which the one with the hash `sealed` must be, unless that is empty. Holds one chain at a time (trail_check.hpp).
[[nodiscard]] Result<Verification> verify_stack(const CheckedStack& stack, const std::string& sealed,
                                                const Scratch& scratch,
                                                std::size_t buffer_bytes = Sorter::kBufferBytes);

}  // namespace holdpoint::approvals
