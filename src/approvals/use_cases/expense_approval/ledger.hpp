// Ledger: the table of booked expenses, in which each stands once, however often it was submitted and approved.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "approvals/repository/table.hpp"

namespace holdpoint::approvals {

/// The same whichever try writes it.
struct LedgerEntry {
    std::string expense_id;   // the key
    std::string approval_id;  // of the request that it was booked for
    std::string execution_arn;
    std::string purpose;
    std::string requester;
    std::int64_t cents = 0;
    std::string currency;
    std::optional<std::string> cost_center;
    std::string approver;  // the last one; the others are in the approval's record
    std::string approved_at;
    friend bool operator==(const LedgerEntry&, const LedgerEntry&) = default;
};
BOOST_DESCRIBE_STRUCT(LedgerEntry, (),
                      (expense_id, approval_id, execution_arn, purpose, requester, cents, currency, cost_center,
                       approver, approved_at))

class Ledger {
public:
    Ledger(aws::Client& client, std::string table) : table_(client, std::move(table)) {}

    /// Answers the entry that the ledger has for this expense: this one, however often it is called, or that of an
    /// approval which was faster; nothing is booked then.
    [[nodiscard]] Result<LedgerEntry> book(const LedgerEntry& entry);
    [[nodiscard]] Result<std::optional<LedgerEntry>> find(const std::string& expense_id);

private:
    Table table_;
};

}  // namespace holdpoint::approvals
