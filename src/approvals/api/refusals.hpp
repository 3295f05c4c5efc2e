// Refusals: what a caller is told who cannot have what they asked for.
#pragma once

#include <string>

#include "approvals/domain/deciding.hpp"
#include "base/result.hpp"
#include "durable/json.hpp"

namespace holdpoint::approvals {

struct ApiRefusal {
    int status = 400;
    std::string code;
    std::string message;
    durable::Json::Object details = {};
};

/// {"error": {"code", "message", "details"}}, as JSON text.
[[nodiscard]] std::string body_of(const ApiRefusal& refusal);

[[nodiscard]] ApiRefusal refusal_of(const Refusal& refusal);
/// A service that could not be used: nothing that a caller can mend. INVALID_REQUEST, APPROVAL_NOT_FOUND and
/// RECORD_UNREADABLE are said.
[[nodiscard]] ApiRefusal refusal_of(const Error& error);

[[nodiscard]] ApiRefusal no_approval(const std::string& approval_id);
/// Too many write the same record at once.
[[nodiscard]] ApiRefusal too_many_at_once();
/// The code of a refusal, and the reason in an audit record: the workflow of a request was stopped, or failed.
inline constexpr std::string_view kWorkflowEnded = "WORKFLOW_ENDED";
/// Nothing waits for this request any more; `so` is what did not happen.
[[nodiscard]] ApiRefusal workflow_ended(const std::string& approval_id, const std::string& so);

}  // namespace holdpoint::approvals
