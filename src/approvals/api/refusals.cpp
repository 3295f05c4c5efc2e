#include "approvals/api/refusals.hpp"

namespace holdpoint::approvals {

using durable::Json;

namespace {

Json text(std::string value) {
    return Json(Json::Data(std::move(value)));
}

Json object(Json::Object members) {
    return Json(Json::Data(std::move(members)));
}

}  // namespace

std::string body_of(const ApiRefusal& refusal) {
    return object({{"error", object({{"code", text(refusal.code)},
                                     {"message", text(refusal.message)},
                                     {"details", object(refusal.details)}})}})
        .dump();
}

ApiRefusal refusal_of(const Refusal& refusal) {
    return {.status = http_status(refusal.code),
            .code = std::string(to_string(refusal.code)),
            .message = refusal.message,
            .details = refusal.details};
}

ApiRefusal refusal_of(const Error& error) {
    if (error.name == "INVALID_REQUEST" || error.name == "APPROVAL_NOT_FOUND") {
        return {.status = error.http_status, .code = error.name, .message = error.message};
    }
    return {.status = 500,
            .code = "INTERNAL_ERROR",
            .message =
                "A service that this function needs could not be used; nothing is known to have changed. Send "
                "the same request again."};
}

}  // namespace holdpoint::approvals
