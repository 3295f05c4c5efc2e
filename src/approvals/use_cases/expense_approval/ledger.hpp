// Ledger: the table of booked expenses, in which an approval's expense stands once.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "approvals/repository/table.hpp"

namespace holdpoint::approvals {

/// The same whichever try writes it.
struct LedgerEntry {
    std::string approval_id;  // the key: there is one for each execution
    std::string execution_arn;
    std::string expense_id;
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
                      (approval_id, execution_arn, expense_id, purpose, requester, cents, currency, cost_center,
                       approver, approved_at))

class Ledger {
public:
    Ledger(aws::Client& client, std::string table) : table_(client, std::move(table)) {}

    /// Once, however often it is called: meeting the same entry is success, meeting another one LedgerConflict.
    [[nodiscard]] Result<void> book(const LedgerEntry& entry);
    [[nodiscard]] Result<std::optional<LedgerEntry>> find(const std::string& approval_id);

private:
    Table table_;
};

}  // namespace holdpoint::approvals
