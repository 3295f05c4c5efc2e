#include "approvals/use_cases/request.hpp"

#include <fmt/format.h>

namespace holdpoint::approvals {

using durable::Json;

namespace {

ShownDocument document_of(const Request& request) {
    ShownDocument document{.name = request.document_name, .link = request.link, .fields = {}};
    for (const DocumentField& field : request.fields) {
        if (!field.value.empty()) document.fields.push_back(field);
    }
    return document;
}

std::string names_of(const Json::Array& changes) {
    std::string names;
    for (const Json& change : changes) {
        names += fmt::format("{}{}", names.empty() ? "" : ", ", *change.find("name")->get_if<std::string>());
    }
    return names;
}

std::unexpected<Error> refuse(std::string_view why, const Error& error) {
    return fail("InvalidEvent", 400, fmt::format("{} ({})", why, error.message));
}

}  // namespace

Stage make_stage(std::string name, Approvers approvers, std::int64_t required) {
    Stage stage;
    stage.name = std::move(name);
    stage.approvers = std::move(approvers);
    stage.required = required;
    return stage;
}

Result<void> check_request(const Request& request, const WorkflowConfiguration& configuration) {
    const auto pinned = pin(request.policy, {});
    if (!pinned) return refuse("the people whom this function's settings name are too few for this", pinned.error());
    const auto ok = check_request(*pinned, request.requester,
                                  request.timeout_seconds.value_or(configuration.approval_timeout_seconds));
    if (!ok) return refuse("requester: nobody decides their own request, and the others are too few", ok.error());
    return {};
}

Json event_of(const Request& request) {
    const ShownDocument document = document_of(request);
    Json::Object fields;
    for (const DocumentField& field : document.fields) fields.emplace_back(field.name, Json(field.value));
    Json::Object event{{"document_id", Json(request.document_id)},
                       {"document_name", Json(request.document_name)},
                       {"requester", Json(request.requester)},
                       {"fields", Json(std::move(fields))},
                       {"kind", durable::to_json(request.kind)},
                       {"policy", durable::to_json(request.policy)},
                       {"amendable", Json(false)}};
    if (request.link) event.emplace_back("link", Json(*request.link));
    if (request.timeout_seconds) event.emplace_back("timeout_seconds", Json(*request.timeout_seconds));
    return Json(std::move(event));
}

WorkflowResult ask(durable::Context& context, const Request& request, const WorkflowServices& services) {
    ApprovalOutcome outcome = ask_for_approval(context, event_of(request), services);
    const ShownDocument asked = document_of(request);
    if (outcome.document == asked) return std::move(outcome.result);
    throw durable::Error(
        "DocumentChanged",
        fmt::format("The document of approval {} is not the one that was submitted (what differs: {}), "
                    "so nothing was done.",
                    outcome.result.approval_id, names_of(changes_between(asked, outcome.document))));
}

}  // namespace holdpoint::approvals
