#include "approvals/api/refusals.hpp"

#include <fmt/format.h>

#include "approvals/repository/repository.hpp"

namespace holdpoint::approvals {

using durable::Json;

std::string body_of(const ApiRefusal& refusal) {
    return Json(Json::Object{{"error", Json(Json::Object{{"code", Json(refusal.code)},
                                                         {"message", Json(refusal.message)},
                                                         {"details", Json(refusal.details)}})}})
        .dump();
}

ApiRefusal refusal_of(const Refusal& refusal) {
    return {.status = http_status(refusal.code),
            .code = std::string(to_string(refusal.code)),
            .message = refusal.message,
            .details = refusal.details};
}

ApiRefusal refusal_of(const Error& error) {
    if (error.name == "INVALID_REQUEST" || error.name == "APPROVAL_NOT_FOUND" || error.name == kRecordUnreadable) {
        return {.status = error.http_status, .code = error.name, .message = error.message};
    }
    return {.status = 500,
            .code = "INTERNAL_ERROR",
            .message =
                "A service that this function needs could not be used; nothing is known to have changed. Send "
                "the same request again."};
}

ApiRefusal no_approval(const std::string& approval_id) {
    return {
        .status = 404, .code = "APPROVAL_NOT_FOUND", .message = fmt::format("There is no approval {}.", approval_id)};
}

ApiRefusal too_many_at_once() {
    return {.status = 429,
            .code = "TOO_MANY_REQUESTS",
            .message = "Too many decide this at once. Send the same request again.",
            .details = {{"retry_after_seconds", Json(std::int64_t{1})}}};
}

ApiRefusal workflow_ended(const std::string& approval_id, const std::string& so) {
    return {.status = 409,
            .code = std::string(kWorkflowEnded),
            .message =
                fmt::format("The workflow of approval {} has ended (it was stopped, or failed); {}.", approval_id, so)};
}

}  // namespace holdpoint::approvals
