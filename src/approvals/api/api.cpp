#include "approvals/api/api.hpp"

#include <fmt/format.h>

#include "approvals/api/abandoned.hpp"
#include "approvals/api/amendments.hpp"
#include "approvals/api/details.hpp"
#include "approvals/domain/reading.hpp"
#include "base/encoding.hpp"

namespace holdpoint::approvals {

using durable::Json;

namespace {

ApiAnswer answer_of(const ApiRefusal& refusal) {
    return {.statusCode = refusal.status, .body = body_of(refusal)};
}

class Api {
public:
    Api(const ApiServices& services, const durable::Logger& logger) : services_(services), logger_(logger) {}

    ApiAnswer handle(const Json& request) {
        const Json* action = request.find("action");
        const std::string* name = action == nullptr ? nullptr : action->get_if<std::string>();
        if (name != nullptr && *name == "decide") return decide(request);
        if (name != nullptr && *name == "amend") return amend(request);
        if (name != nullptr && *name == "get") return get(request);
        if (name != nullptr && *name == "list") return list(request);
        return answer_of({.status = 400,
                          .code = "INVALID_REQUEST",
                          .message = fmt::format("action: expected 'decide', 'amend', 'get' or 'list', found {}.",
                                                 name == nullptr ? found(action) : in_quotes(*name))});
    }

private:
    ApiAnswer failed(const Error& error) { return answer_of(approvals::failed(logger_, error)); }

    Result<ApprovalRequest> require(const std::string& approval_id) {
        auto found = services_.repository.find(approval_id);
        if (!found) return std::unexpected(found.error());
        if (*found) return std::move(**found);
        return fail("APPROVAL_NOT_FOUND", 404, fmt::format("There is no approval {}.", approval_id));
    }

    ApiAnswer get(const Json& request) {
        const auto approval_id = read_approval_id(request);
        if (!approval_id) return failed(approval_id.error());
        auto approval = require(*approval_id);
        if (!approval) return failed(approval.error());
        end_abandoned(services_, logger_, *approval);
        return {.statusCode = 200, .body = detailed_view(*approval).dump()};
    }

    ApiAnswer list(const Json& request) {
        const auto wanted = read_list(request);
        if (!wanted) return failed(wanted.error());
        auto page = services_.repository.list(*wanted);
        if (!page) return failed(page.error());
        log_unreadable(logger_, *page);
        end_abandoned(services_, logger_, *page);
        Json::Array approvals;
        for (const auto& approval : page->approvals) approvals.push_back(public_view(approval));
        Json::Object body{{"approvals", Json(std::move(approvals))}};
        Json::Array unreadable;
        for (const auto& one : page->unreadable) {
            unreadable.emplace_back(
                Json::Object{{"approval_id", Json(one.approval_id)}, {"problem", Json(one.problem)}});
        }
        if (!unreadable.empty()) body.emplace_back("unreadable", Json(std::move(unreadable)));
        if (!page->next_token.empty()) body.emplace_back("next_token", Json(page->next_token));
        return {.statusCode = 200, .body = Json(std::move(body)).dump()};
    }

    ApiAnswer decide(const Json& json) {
        const auto request = read_decision(json);
        if (!request) return failed(request.error());
        const Ballot ballot{.voter = {.person = request->approver, .groups = {}, .proof = "claimed"},
                            .decision = request->decision,
                            .comments = request->comments,
                            .stage = request->stage,
                            .shown_digest = request->shown_digest,
                            .idempotency_key = request->idempotency_key};
        const auto decided = take_decision(services_, logger_, request->approval_id, ballot);
        if (!decided) return answer_of(decided.error());
        return {.statusCode = 200, .body = public_view(*decided).dump()};
    }

    ApiAnswer amend(const Json& json) {
        const auto approval_id = read_approval_id(json);
        if (!approval_id) return failed(approval_id.error());
        const auto requester = read_person(json, "requester");
        if (!requester) return failed(requester.error());
        const auto amendment = read_amendment(json, {.person = *requester, .groups = {}, .proof = "claimed"});
        if (!amendment) return failed(amendment.error());
        const auto amended = take_amendment(services_, logger_, *approval_id, *amendment);
        if (!amended) return answer_of(amended.error());
        return {.statusCode = 200, .body = public_view(*amended).dump()};
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

}  // namespace holdpoint::approvals
