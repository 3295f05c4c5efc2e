#include "approvals/use_cases/expense_approval/expense.hpp"

#include <fmt/format.h>

namespace holdpoint::approvals {

Result<ExpenseRules> expense_rules(Settings settings) {
    ExpenseRules rules;
    rules.currency = settings.currency("CURRENCY");
    rules.manager_limit = settings.amount("MANAGER_LIMIT");
    rules.finance_limit = settings.amount("FINANCE_LIMIT");
    if (rules.finance_limit < rules.manager_limit) {
        settings.refuse("FINANCE_LIMIT",
                        fmt::format("at least MANAGER_LIMIT, which is {}", format_amount(rules.manager_limit)));
    }
    rules.managers = settings.approvers("MANAGERS");
    rules.finance = settings.approvers("FINANCE");
    rules.directors = settings.approvers("DIRECTORS");
    return unless_wrong(std::move(rules), settings);
}

Result<Expense> read_expense(const durable::Json& event, const std::string& currency, std::int64_t timeout_max) {
    Reader::Problem problem;
    const Reader reader(&event, "", problem);
    reader.only(
        {"expense_id", "purpose", "requester", "amount", "currency", "cost_center", "receipt", "timeout_seconds"});
    Expense expense;
    expense.expense_id = reader.member("expense_id").text(kIdMax);
    expense.purpose = reader.member("purpose").text(kTextMax);
    expense.requester = reader.member("requester").text(kIdMax);
    expense.money = read_money(event, reader, currency);
    if (reader.has("cost_center")) expense.cost_center = reader.member("cost_center").text(kIdMax);
    if (reader.has("receipt")) expense.receipt = reader.member("receipt").link();
    if (reader.has("timeout_seconds")) {
        expense.timeout_seconds = reader.member("timeout_seconds").number(1, timeout_max);
    }
    if (problem) return fail("InvalidEvent", 400, std::move(*problem));
    return expense;
}

Policy expense_policy(std::int64_t cents, const ExpenseRules& rules) {
    Policy policy;
    policy.name = "expense";
    policy.stages.push_back(make_stage("manager", rules.managers));
    if (cents > rules.manager_limit) policy.stages.push_back(make_stage("finance", rules.finance));
    if (cents > rules.finance_limit) policy.stages.push_back(make_stage("director", rules.directors));
    return policy;
}

Request make_request(const Expense& expense, const ExpenseRules& rules) {
    const std::string amount = to_string(expense.money);
    return {
        .document_id = expense.expense_id,
        .document_name = fmt::format("{}: {}", expense.purpose, amount),
        .requester = expense.requester,
        .fields = {{"Amount", amount}, {"Purpose", expense.purpose}, {"Cost center", expense.cost_center.value_or("")}},
        .link = expense.receipt,
        .kind = ApprovalKind::expense,
        .policy = expense_policy(expense.money.cents, rules),
        .timeout_seconds = expense.timeout_seconds};
}

}  // namespace holdpoint::approvals
