#include "approvals/use_cases/expense_approval/ledger.hpp"

#include <fmt/format.h>

namespace holdpoint::approvals {

using durable::Json;

Result<void> Ledger::book(const LedgerEntry& entry) {
    const auto put = table_.put(durable::to_json(entry), {.expression = "attribute_not_exists(approval_id)"});
    if (!put) return std::unexpected(put.error());
    if (*put) return {};
    // Mostly an earlier try of this very step, whose answer or checkpoint was lost.
    const auto booked = find(entry.approval_id);
    if (!booked) return std::unexpected(booked.error());
    if (*booked == entry) return {};
    return fail("LedgerConflict", 409,
                fmt::format("The ledger has another entry for the approval {}.", entry.approval_id));
}

Result<std::optional<LedgerEntry>> Ledger::find(const std::string& approval_id) {
    return table_.find_as<LedgerEntry>(Json(Json::Object{{"approval_id", Json(approval_id)}}));
}

}  // namespace holdpoint::approvals
