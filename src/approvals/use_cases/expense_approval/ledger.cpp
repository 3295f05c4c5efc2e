#include "approvals/use_cases/expense_approval/ledger.hpp"

#include <fmt/format.h>

namespace holdpoint::approvals {

using durable::Json;

Result<LedgerEntry> Ledger::book(const LedgerEntry& entry) {
    const auto put = table_.put(durable::to_json(entry), {.expression = "attribute_not_exists(expense_id)"});
    if (!put) return std::unexpected(put.error());
    if (*put) return entry;
    // Mostly an earlier try of this very step, whose answer or checkpoint was lost.
    auto booked = find(entry.expense_id);
    if (!booked) return std::unexpected(booked.error());
    if (*booked) return std::move(**booked);
    return fail("LedgerConflict", 409,
                fmt::format("The entry of the expense {} was taken out of the ledger meanwhile.", entry.expense_id));
}

Result<std::optional<LedgerEntry>> Ledger::find(const std::string& expense_id) {
    return table_.find_as<LedgerEntry>(Json(Json::Object{{"expense_id", Json(expense_id)}}));
}

}  // namespace holdpoint::approvals
