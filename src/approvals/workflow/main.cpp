// approvals_workflow: the workflow function.
#include "approvals/workflow/process.hpp"

using namespace holdpoint;

int main() {
    const auto process = approvals::workflow_process();
    if (!process) return approvals::cannot_start("approvals_workflow", process.error());
    return durable::run([&](durable::Context& context, const durable::Json& event) {
        return approvals::run_workflow(context, event, (*process)->services());
    });
}
