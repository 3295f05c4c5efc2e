// Document approval: asks those whom the document's kind names, and marks its version with what they decided.
#pragma once

#include "approvals/use_cases/document_approval/document.hpp"
#include "approvals/use_cases/document_approval/documents.hpp"
#include "approvals/workflow/workflow.hpp"

namespace holdpoint::approvals {

/// All outlive the handler.
struct DocumentServices {
    const WorkflowServices& approvals;
    const DocumentRules& rules;
    Documents& documents;
};

/// `decision` is approved, rejected or timeout. `marked`: the table says so. It does not where another approval of the
/// same version was faster and ended as approved.
struct DocumentResult {
    std::string approval_id;
    std::string document_id;
    std::int64_t version = 1;
    std::string digest;
    std::string decision;
    std::optional<std::string> approver;
    std::optional<std::string> comments;
    std::optional<std::string> decided_at;
    bool marked = false;
};
BOOST_DESCRIBE_STRUCT(DocumentResult, (),
                      (approval_id, document_id, version, digest, decision, approver, comments, decided_at, marked))

/// AlreadyApproved when this version is.
[[nodiscard]] DocumentResult run_document_approval(durable::Context& context, const durable::Json& event,
                                                   const DocumentServices& services);

}  // namespace holdpoint::approvals
