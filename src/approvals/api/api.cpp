#include "approvals/api/api.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"

namespace holdpoint::approvals {

using durable::Json;

namespace {

Json text(std::string value) {
    return Json(Json::Data(std::move(value)));
}

Json object(Json::Object members) {
    return Json(Json::Data(std::move(members)));
}

/// An error that the caller gets, with details.
struct Refusal {
    int status = 400;
    std::string code;
    std::string message;
    Json::Object details = {};
};

ApiAnswer answer_of(const Refusal& refusal) {
    return {.statusCode = refusal.status,
            .body = object({{"error", object({{"code", text(refusal.code)},
                                              {"message", text(refusal.message)},
                                              {"details", object(refusal.details)}})}})
                        .dump()};
}

/// What stands in the way of deciding this request; nothing when it is still open.
std::optional<Refusal> conflict_of(const ApprovalRequest& approval, TimePoint now) {
    if (approval.status == ApprovalStatus::approved || approval.status == ApprovalStatus::rejected) {
        return Refusal{
            .status = 409,
            .code = "APPROVAL_ALREADY_DECIDED",
            .message = fmt::format("Approval {} was {} by {} at {}.", approval.approval_id, to_string(approval.status),
                                   approval.approver.value_or("somebody"), approval.decided_at.value_or("")),
            .details = {{"decision", text(to_string(approval.status))},
                        {"approver", text(approval.approver.value_or(""))},
                        {"decided_at", text(approval.decided_at.value_or(""))}}};
    }
    const auto expires = parse_iso8601(approval.expires_at);
    if (approval.status == ApprovalStatus::pending && expires && *expires > now) return std::nullopt;
    return Refusal{.status = 409,
                   .code = "APPROVAL_EXPIRED",
                   .message = fmt::format("Approval {} expired at {}.", approval.approval_id, approval.expires_at),
                   .details = {{"expired_at", text(approval.expires_at)}}};
}

bool is_same_decision(const ApprovalRequest& approval, const ApprovalDecisionRequest& request) {
    return approval.decision == request.decision && approval.approver == request.approver &&
           approval.comments.value_or("") == request.comments;
}

class Api {
public:
    Api(const ApiServices& services, const durable::Logger& logger) : services_(services), logger_(logger) {}

    ApiAnswer handle(const Json& request) {
        const Json* action = request.find("action");
        const std::string* name = action == nullptr ? nullptr : action->get_if<std::string>();
        if (name != nullptr && *name == "decide") return decide(request);
        if (name != nullptr && *name == "get") return get(request);
        if (name != nullptr && *name == "list") return list(request);
        return answer_of({.status = 400,
                          .code = "INVALID_REQUEST",
                          .message = fmt::format("action: expected 'decide', 'get' or 'list', found {}.",
                                                 name == nullptr ? (action == nullptr ? "nothing" : action->kind())
                                                                 : std::string_view("'" + name->substr(0, 64) + "'"))});
    }

private:
    /// Errors of our own have a code of the API; the rest is nothing that a caller can mend.
    ApiAnswer failed(const Error& error) {
        if (error.name == "INVALID_REQUEST" || error.name == "APPROVAL_NOT_FOUND") {
            return answer_of({.status = error.http_status, .code = error.name, .message = error.message});
        }
        logger_.error("a service could not be used", {{"error", error.name}, {"message", error.message}});
        return answer_of({.status = 500,
                          .code = "INTERNAL_ERROR",
                          .message = "A service that this function needs could not be used; nothing is known to have "
                                     "changed. Send the same request again."});
    }

    Result<ApprovalRequest> require(const std::string& approval_id) {
        auto found = services_.repository.find(approval_id);
        if (!found) return std::unexpected(found.error());
        if (*found) return std::move(**found);
        return fail("APPROVAL_NOT_FOUND", 404, fmt::format("There is no approval {}.", approval_id));
    }

    ApiAnswer get(const Json& request) {
        const auto approval_id = read_approval_id(request);
        if (!approval_id) return failed(approval_id.error());
        const auto approval = require(*approval_id);
        if (!approval) return failed(approval.error());
        return {.statusCode = 200, .body = public_view(*approval).dump()};
    }

    ApiAnswer list(const Json& request) {
        const auto wanted = read_list(request);
        if (!wanted) return failed(wanted.error());
        const auto page = services_.repository.list(*wanted);
        if (!page) return failed(page.error());
        Json::Array approvals;
        for (const auto& approval : page->approvals) approvals.push_back(public_view(approval));
        Json::Object body{{"approvals", Json(Json::Data(std::move(approvals)))}};
        if (!page->next_token.empty()) body.emplace_back("next_token", text(page->next_token));
        return {.statusCode = 200, .body = object(std::move(body)).dump()};
    }

    ApiAnswer decide(const Json& json) {
        const auto request = read_decision(json);
        if (!request) return failed(request.error());
        auto approval = require(request->approval_id);
        if (!approval) return failed(approval.error());
        if (conflict_of(*approval, services_.clock.now())) return settled(*approval, *request);
        const auto running = services_.workflows.is_running(approval->execution_arn);
        if (!running) return failed(running.error());
        if (!*running) return refuse_ended(*approval, *request);
        auto decided = services_.repository.decide(*approval, *request);
        if (!decided) return failed(decided.error());
        if (!decided->won) return settled(decided->approval, *request);
        logger_.info("decision recorded", {{"approval_id", request->approval_id},
                                           {"decision", to_string(request->decision)},
                                           {"approver", request->approver}});
        return accepted(decided->approval);
    }

    /// A request that is not open: the same decision again is success, anything else a conflict.
    ApiAnswer settled(const ApprovalRequest& approval, const ApprovalDecisionRequest& request) {
        if (is_same_decision(approval, request)) return accepted(approval);
        const auto conflict = conflict_of(approval, services_.clock.now());
        if (conflict) return answer_of(*conflict);
        // Still open: the table's condition and our clock disagree by a moment.
        return failed(
            Error{.name = "ClockDisagreement", .http_status = 500, .message = "try again", .details_json = {}});
    }

    /// Resumes the workflow, also when an earlier call recorded the decision and then came no further.
    ApiAnswer accepted(const ApprovalRequest& approval) {
        if (approval.callback_token) {
            const auto resumed = services_.workflows.resume(*approval.callback_token, to_string(approval.status));
            if (!resumed) {
                // The decision stands; the workflow finds it when its callback times out, or the same request comes
                // again.
                logger_.warn("the workflow could not be resumed yet",
                             {{"approval_id", approval.approval_id}, {"error", resumed.error().name}});
            }
        }
        return {.statusCode = 200, .body = public_view(approval).dump()};
    }

    ApiAnswer refuse_ended(const ApprovalRequest& approval, const ApprovalDecisionRequest& request) {
        AuditEvent event{.event = "decision_refused", .at = to_iso8601(services_.clock.now())};
        event.actor = request.approver;
        event.actor_proof = "claimed";
        event.details = {{"reason", "WORKFLOW_ENDED"}, {"decision", to_string(request.decision)}};
        event.personal = {{"comments", request.comments}};
        event.shown_digest = shown_digest(approval);
        if (auto ok = services_.repository.append(approval.approval_id, event, false); !ok) return failed(ok.error());
        return answer_of(
            {.status = 409,
             .code = "WORKFLOW_ENDED",
             .message = fmt::format("The workflow of approval {} has ended (it was stopped, or failed); the "
                                    "decision was not taken, and the attempt was recorded.",
                                    approval.approval_id)});
    }

    const ApiServices& services_;
    const durable::Logger& logger_;
};

/// The request itself, or what an API Gateway event carries as its body.
Result<Json> unwrap(const Json& event) {
    const Json* body = event.find("body");
    if (body == nullptr) return event;
    const std::string* raw = body->get_if<std::string>();
    if (raw == nullptr)
        return fail("INVALID_REQUEST", 400, fmt::format("body: expected JSON text, found {}.", body->kind()));
    std::string decoded = *raw;
    const Json* encoded = event.find("isBase64Encoded");
    if (encoded != nullptr && encoded->get_if<bool>() != nullptr && *encoded->get_if<bool>()) {
        decoded = base64_decode(*raw).value_or("");
    }
    try {
        return Json::parse(decoded);
    } catch (const durable::SerdesError& error) {
        return fail("INVALID_REQUEST", 400, std::string("body: ") + error.what());
    }
}

}  // namespace

ApiAnswer handle_api(const Json& event, const ApiServices& services, const durable::Logger& logger) {
    const auto request = unwrap(event);
    if (!request) {
        return answer_of({.status = 400, .code = request.error().name, .message = request.error().message});
    }
    return Api(services, logger).handle(*request);
}

Result<bool> LambdaWorkflows::is_running(const std::string& execution_arn) {
    aws::RestRequest request;
    request.method = "GET";
    request.path = "/2025-12-01/durable-executions/" + percent_encode(execution_arn);
    request.query = {{"IncludeExecutionData", "false"}};
    const auto response = client_.rest("lambda", request);
    if (!response && response.error().name == "ResourceNotFoundException") return false;
    if (!response) return std::unexpected(response.error());
    const Json body = Json::parse(response->body);
    const Json* status = body.find("Status");
    return status != nullptr && *status == Json(Json::Data(std::string("RUNNING")));
}

Result<void> LambdaWorkflows::resume(const std::string& callback_token, const std::string& decision) {
    aws::RestRequest request;
    request.method = "POST";
    request.path = "/2025-12-01/durable-execution-callbacks/" + percent_encode(callback_token) + "/succeed";
    request.body = object({{"decision", text(decision)}}).dump();
    const auto response = client_.rest("lambda", request);
    // It was answered, or timed out, before: the record says what was decided.
    if (!response && response.error().name == "CallbackTimeoutException") return {};
    if (!response) return std::unexpected(response.error());
    return {};
}

}  // namespace holdpoint::approvals
