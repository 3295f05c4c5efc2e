// Request: what a use case asks approvers, as the event of the approval's workflow.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "approvals/configuration.hpp"
#include "approvals/domain/models.hpp"
#include "approvals/domain/reading.hpp"
#include "approvals/workflow/workflow.hpp"

namespace holdpoint::approvals {

inline constexpr std::size_t kIdMax = 256;
inline constexpr std::size_t kTextMax = 900;  // with an amount or a version, a document's name

struct Request {
    std::string document_id;
    std::string document_name;
    std::string requester;
    std::vector<DocumentField> fields;  // what approvers are shown; those without a value are left out
    std::optional<std::string> link;
    ApprovalKind kind = ApprovalKind::document;
    Policy policy;
    std::optional<std::int64_t> timeout_seconds;  // absent: the configured default
};

[[nodiscard]] Stage make_stage(std::string name, Approvers approvers, std::int64_t required = 1);

/// Whether the policy finds its people for this requester, before anything is done. InvalidEvent.
[[nodiscard]] Result<void> check_request(const Request& request, const WorkflowConfiguration& configuration);

/// What ask_for_approval takes. Its document stays as it is until the end: what is carried out is the request of the
/// event, not whatever somebody made of it meanwhile.
[[nodiscard]] durable::Json event_of(const Request& request);

/// Asks, and waits for the end. DocumentChanged when the record does not say any more what was asked, so that nothing
/// is done that nobody approved.
[[nodiscard]] WorkflowResult ask(durable::Context& context, const Request& request, const WorkflowServices& services);

}  // namespace holdpoint::approvals
