#include "approvals/use_cases/expense_approval/expense_approval.hpp"

#include "approvals/workflow/steps.hpp"

namespace holdpoint::approvals {

namespace {

LedgerEntry entry_of(const Expense& expense, const WorkflowResult& approval, const std::string& execution_arn) {
    return {.expense_id = expense.expense_id,
            .approval_id = approval.approval_id,
            .execution_arn = execution_arn,
            .purpose = expense.purpose,
            .requester = expense.requester,
            .cents = expense.money.cents,
            .currency = expense.money.currency,
            .cost_center = expense.cost_center,
            .approver = approval.approver.value_or(""),
            .approved_at = approval.decided_at.value_or("")};
}

}  // namespace

ExpenseResult run_expense_approval(durable::Context& context, const durable::Json& event,
                                   const ExpenseServices& services) {
    const WorkflowConfiguration& configuration = services.approvals.configuration;
    const Expense expense = require(read_expense(event, services.rules.currency, configuration.timeout_max()));
    const Request request = make_request(expense, services.rules);
    require(check_request(request, configuration));
    const WorkflowResult approval = ask(context, request, services.approvals);
    ExpenseResult result{.approval_id = approval.approval_id,
                         .expense_id = expense.expense_id,
                         .decision = approval.decision,
                         .approver = approval.approver,
                         .comments = approval.comments,
                         .decided_at = approval.decided_at,
                         .amount = format_amount(expense.money.cents),
                         .currency = expense.money.currency};
    if (approval.decision != to_string(Decision::approved)) return result;
    const LedgerEntry entry = entry_of(expense, approval, context.execution_arn());
    const std::string booked_by = context.step(
        "book-expense", [&] { return require(services.ledger.book(entry)).approval_id; }, {.retry = lasting()});
    result.booked = booked_by == entry.approval_id;
    if (result.booked) {
        context.logger().info("expense booked", {{"approval_id", entry.approval_id}, {"expense_id", entry.expense_id}});
    } else {
        result.already_booked_by = booked_by;
        context.logger().warn(
            "the expense was booked already",
            {{"approval_id", entry.approval_id}, {"expense_id", entry.expense_id}, {"booked_by", booked_by}});
    }
    return result;
}

}  // namespace holdpoint::approvals
