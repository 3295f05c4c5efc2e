// document_approval: the workflow function of documents.
#include <cstdlib>

#include "approvals/use_cases/document_approval/document_approval.hpp"
#include "approvals/workflow/process.hpp"

using namespace holdpoint;

int main() {
    const auto process = approvals::workflow_process();
    if (!process) return approvals::cannot_start("document_approval", process.error());
    approvals::Settings settings(std::getenv);
    const std::string table = settings.text("DOCUMENTS_TABLE_NAME");
    const auto rules = approvals::document_rules(std::move(settings));
    if (!rules) return approvals::cannot_start("document_approval", rules.error());
    approvals::Documents documents((*process)->client(), table);
    const approvals::DocumentServices services{
        .approvals = (*process)->services(), .rules = *rules, .documents = documents};
    return durable::run([&](durable::Context& context, const durable::Json& event) {
        return approvals::run_document_approval(context, event, services);
    });
}
