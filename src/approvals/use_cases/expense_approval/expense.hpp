// Expense: what somebody asks to be paid, and which limits decide who approves it. Functions over values.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "approvals/use_cases/amount.hpp"
#include "approvals/use_cases/request.hpp"
#include "approvals/use_cases/settings.hpp"

namespace holdpoint::approvals {

/// Who approves: up to manager_limit a manager alone, up to finance_limit also finance, above also a director.
struct ExpenseRules {
    std::string currency;
    std::int64_t manager_limit = 0;  // cents
    std::int64_t finance_limit = 0;  // cents
    Approvers managers;
    Approvers finance;
    Approvers directors;
};

/// CURRENCY, MANAGER_LIMIT, FINANCE_LIMIT, MANAGERS, FINANCE, DIRECTORS. ConfigurationError naming the variable.
[[nodiscard]] Result<ExpenseRules> expense_rules(Settings settings);

struct Expense {
    std::string expense_id;
    std::string purpose;
    std::string requester;
    Money money;
    std::optional<std::string> cost_center;
    std::optional<std::string> receipt;  // where it is: http or https
    std::optional<std::int64_t> timeout_seconds;
};

/// The event of the function. InvalidEvent, with the member's path.
[[nodiscard]] Result<Expense> read_expense(const durable::Json& event, const std::string& currency,
                                           std::int64_t timeout_max);

[[nodiscard]] Policy expense_policy(std::int64_t cents, const ExpenseRules& rules);
/// What approvers are asked.
[[nodiscard]] Request make_request(const Expense& expense, const ExpenseRules& rules);

}  // namespace holdpoint::approvals
