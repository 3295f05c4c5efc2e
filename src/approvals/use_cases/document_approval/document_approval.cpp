#include "approvals/use_cases/document_approval/document_approval.hpp"

#include <fmt/format.h>

#include "approvals/workflow/steps.hpp"

namespace holdpoint::approvals {

namespace {

const std::string kApproved = to_string(Decision::approved);

DocumentRecord record_of(const Document& document, const WorkflowResult& approval) {
    return {.document_id = document.document_id,
            .version = document.version,
            .document_name = document.document_name,
            .kind = boost::describe::enum_to_string(document.kind, ""),
            .digest = document.digest,
            .decision = approval.decision,
            .approval_id = approval.approval_id,
            .approver = approval.approver,
            .comments = approval.comments,
            .decided_at = approval.decided_at};
}

/// Nobody is asked for what is approved already.
void check_version(durable::Context& context, const Document& document, Documents& documents) {
    const auto known =
        context.step("look-up-version", [&] { return require(documents.find(document.document_id, document.version)); },
                     {.retry = patient()});
    if (!known || known->decision != kApproved) return;
    throw durable::Error(
        "AlreadyApproved",
        fmt::format("version: {} of {} is approved already, with the digest {} (approval {}); a "
                    "document that changed has a new version.",
                    document.version, in_quotes(document.document_id), known->digest, known->approval_id));
}

}  // namespace

DocumentResult run_document_approval(durable::Context& context, const durable::Json& event,
                                     const DocumentServices& services) {
    const WorkflowConfiguration& configuration = services.approvals.configuration;
    const Document document = require(read_document(event, services.rules.currency, configuration.timeout_max()));
    const Request request = make_request(document, services.rules);
    require(check_request(request, configuration));
    check_version(context, document, services.documents);
    const WorkflowResult approval = ask(context, request, services.approvals);
    const DocumentRecord record = record_of(document, approval);
    const bool marked =
        context.step("mark-document", [&] { return require(services.documents.mark(record)); }, {.retry = lasting()});
    if (!marked) {
        context.logger().warn("another approval of this version was faster",
                              {{"approval_id", approval.approval_id}, {"document_id", document.document_id}});
    }
    return {.approval_id = approval.approval_id,
            .document_id = document.document_id,
            .version = document.version,
            .digest = document.digest,
            .decision = approval.decision,
            .approver = approval.approver,
            .comments = approval.comments,
            .decided_at = approval.decided_at,
            .marked = marked};
}

}  // namespace holdpoint::approvals
