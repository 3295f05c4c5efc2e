// Expense approval: asks those whom the limits name, and books what they approve into the ledger, once.
#pragma once

#include "approvals/use_cases/expense_approval/expense.hpp"
#include "approvals/use_cases/expense_approval/ledger.hpp"
#include "approvals/workflow/workflow.hpp"

namespace holdpoint::approvals {

/// All outlive the handler.
struct ExpenseServices {
    const WorkflowServices& approvals;
    const ExpenseRules& rules;
    Ledger& ledger;
};

/// `decision` is approved, rejected or timeout; booked is what was approved, and nothing else. An expense that the
/// ledger had already names the approval that it was booked for.
struct ExpenseResult {
    std::string approval_id;
    std::string expense_id;
    std::string decision;
    std::optional<std::string> approver;
    std::optional<std::string> comments;
    std::optional<std::string> decided_at;
    std::string amount;  // "1234.50"
    std::string currency;
    bool booked = false;
    std::optional<std::string> already_booked_by = {};
};
BOOST_DESCRIBE_STRUCT(ExpenseResult, (),
                      (approval_id, expense_id, decision, approver, comments, decided_at, amount, currency, booked,
                       already_booked_by))

[[nodiscard]] ExpenseResult run_expense_approval(durable::Context& context, const durable::Json& event,
                                                 const ExpenseServices& services);

}  // namespace holdpoint::approvals
