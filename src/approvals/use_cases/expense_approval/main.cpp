// expense_approval: the workflow function of expenses.
#include <cstdlib>

#include "approvals/use_cases/expense_approval/expense_approval.hpp"
#include "approvals/workflow/process.hpp"

using namespace holdpoint;

int main() {
    const auto process = approvals::workflow_process();
    if (!process) return approvals::cannot_start("expense_approval", process.error());
    approvals::Settings settings(std::getenv);
    const std::string table = settings.text("LEDGER_TABLE_NAME");
    const auto rules = approvals::expense_rules(std::move(settings));
    if (!rules) return approvals::cannot_start("expense_approval", rules.error());
    approvals::Ledger ledger((*process)->client(), table);
    const approvals::ExpenseServices services{.approvals = (*process)->services(), .rules = *rules, .ledger = ledger};
    return durable::run([&](durable::Context& context, const durable::Json& event) {
        return approvals::run_expense_approval(context, event, services);
    });
}
