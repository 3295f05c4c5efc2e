#include "approvals/domain/validation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "approvals/domain/names.hpp"
#include "approvals/domain/reading.hpp"
#include "approvals/domain/spelling.hpp"

namespace holdpoint::approvals {

using durable::Json;

namespace {

constexpr std::string_view kInvalidEvent = "InvalidEvent";
constexpr std::string_view kInvalidRequest = "INVALID_REQUEST";
constexpr std::size_t kIdMax = 256;
constexpr std::size_t kNameMax = 1024;
constexpr std::size_t kCommentsMax = 4096;
constexpr std::size_t kFieldMax = 4096;
constexpr std::size_t kDigestMax = 128;
constexpr std::size_t kKeyMax = 128;
constexpr std::int64_t kListMax = 100;

std::unexpected<Error> invalid(std::string_view name, std::string message) {
    return fail(name, 400, std::move(message));
}

Result<void> check_object(const Json& json, std::string_view name) {
    if (json.get_if<Json::Object>() != nullptr) return {};
    return invalid(name, fmt::format("Expected a JSON object, found {}.", json.kind()));
}

template <class Enum>
Result<Enum> read_enum(const Json& json, std::string_view field, std::string_view expected) {
    const Json* value = json.find(field);
    const std::string* text = value == nullptr ? nullptr : value->get_if<std::string>();
    Enum result{};
    if (text != nullptr && boost::describe::enum_from_string(text->c_str(), result)) return result;
    return invalid(kInvalidRequest, fmt::format("{}: expected {}, found {}.", field, expected,
                                                text == nullptr ? found(value) : in_quotes(*text)));
}

}  // namespace

Result<std::string> read_text(const Json& json, std::string_view field, std::size_t max, std::string_view error_name) {
    const Json* value = json.find(field);
    const std::string* text = value == nullptr ? nullptr : value->get_if<std::string>();
    if (text == nullptr) {
        return invalid(error_name,
                       fmt::format("{}: expected text of 1 to {} characters, found {}.", field, max, found(value)));
    }
    const bool blank =
        std::all_of(text->begin(), text->end(), [](char c) { return c == ' ' || c == '\t' || c == '\n'; });
    if (blank || text->size() > max) {
        return invalid(error_name, fmt::format("{}: expected text of 1 to {} characters, found {}.", field, max,
                                               blank ? "blank text" : fmt::format("{} characters", text->size())));
    }
    if (has_control_characters(*text)) {
        return invalid(error_name,
                       fmt::format("{}: expected text of 1 to {} characters, found control characters.", field, max));
    }
    return *text;
}

namespace {

/// The name of a person, as it was written.
Result<std::string> read_name(const Json& json, std::string_view field, std::string_view error_name) {
    const Json* value = json.find(field);
    const std::string* text = value == nullptr ? nullptr : value->get_if<std::string>();
    const auto problem = text == nullptr ? std::optional(found(value)) : name_problem(*text, kPersonMax);
    if (!problem) return *text;
    return invalid(error_name,
                   fmt::format("{}: expected text of 1 to {} characters, found {}.", field, kPersonMax, *problem));
}

/// What a field is called is shown as a line, beside its value.
void check_label(std::string_view label, const Reader& fields) {
    const auto problem = label_problem(label, kNameMax);
    if (problem) fields.expected(fmt::format("names of 1 to {} characters", kNameMax), *problem);
}

/// What approvers are shown besides the document's name: "fields" (name -> text), "link" and "kind"; and whether it
/// stays so: "amendable".
Result<void> read_shown(const Json& json, WorkflowEvent& event) {
    Reader::Problem problem;
    const Reader reader(&json, "event", problem);
    if (reader.has("fields")) {
        event.fields.emplace();
        for (const auto& [name, value] : reader.member("fields").members(kFieldsMax)) {
            check_label(name, reader.member("fields"));
            event.fields->push_back({.name = name, .value = value.lines(kFieldMax)});
        }
    }
    if (reader.has("link")) event.link = reader.member("link").link();
    if (reader.has("kind"))
        event.kind = boost::describe::enum_to_string(reader.member("kind").choice<ApprovalKind>(), "");
    if (reader.has("amendable") && !reader.member("amendable").flag()) event.amendable = false;
    if (problem) return invalid(kInvalidEvent, *problem);
    return {};
}

/// All that read_event reads.
std::vector<std::string_view> members_of_event() {
    std::vector<std::string_view> members = members_of<WorkflowEvent>();
    std::erase(members, "policy_name");  // what is made of a "policy" that is a name
    return members;
}

/// The request must end in time, also when its deadline moves.
Result<void> check_length(const Policy& policy, std::int64_t timeout_seconds, std::int64_t timeout_max) {
    if (!policy.escalation || policy.escalation->extend_seconds <= timeout_max - timeout_seconds) return {};
    return invalid(
        kInvalidEvent,
        fmt::format("policy.escalation.extend_seconds: expected at most {}, because a request takes at most "
                    "{} seconds and this one waits {} before it is extended, found {}.",
                    timeout_max - timeout_seconds, timeout_max, timeout_seconds, policy.escalation->extend_seconds));
}

/// "policy": one that is written here, pinned, or the name of one that the stack keeps.
Result<WorkflowEvent> with_policy(const Json& json, WorkflowEvent event, std::int64_t timeout_seconds,
                                  std::int64_t timeout_max) {
    const Json* given = json.find("policy");
    if (given == nullptr) return event;
    if (given->get_if<std::string>() != nullptr) {
        auto name = read_text(json, "policy", kIdMax, kInvalidEvent);
        if (!name) return std::unexpected(name.error());
        event.policy_name = std::move(*name);
        return event;
    }
    const auto policy = read_policy(*given);
    if (!policy) return invalid(kInvalidEvent, policy.error().message);
    auto pinned = pin(*policy, {});
    if (!pinned) return invalid(kInvalidEvent, pinned.error().message);
    if (auto ok = check_policy(*pinned, event.requester, timeout_seconds, timeout_max); !ok)
        return std::unexpected(ok.error());
    event.policy = std::move(*pinned);
    return event;
}

}  // namespace

Result<void> check_policy(const PinnedPolicy& policy, const std::string& requester, std::int64_t timeout_seconds,
                          std::int64_t timeout_max) {
    if (auto ok = check_request(policy, requester, timeout_seconds); !ok)
        return invalid(kInvalidEvent, ok.error().message);
    return check_length(policy.policy, timeout_seconds, timeout_max);
}

Result<WorkflowEvent> read_event(const Json& json, std::int64_t default_timeout, std::int64_t timeout_max) {
    if (auto ok = check_object(json, kInvalidEvent); !ok) return std::unexpected(ok.error());
    if (auto ok = check_spelling(json, members_of_event(), kInvalidEvent); !ok) return std::unexpected(ok.error());
    WorkflowEvent event;
    auto document_id = read_text(json, "document_id", kIdMax, kInvalidEvent);
    if (!document_id) return std::unexpected(document_id.error());
    auto document_name = read_text(json, "document_name", kNameMax, kInvalidEvent);
    if (!document_name) return std::unexpected(document_name.error());
    auto requester = read_name(json, "requester", kInvalidEvent);
    if (!requester) return std::unexpected(requester.error());
    event = {.document_id = std::move(*document_id),
             .document_name = std::move(*document_name),
             .requester = std::move(*requester),
             .timeout_seconds = {},
             .fields = {},
             .link = {},
             .kind = {},
             .policy = {},
             .policy_name = {},
             .amendable = {}};
    if (auto ok = read_shown(json, event); !ok) return std::unexpected(ok.error());
    const Json* timeout = json.find("timeout_seconds");
    if (timeout == nullptr) return with_policy(json, std::move(event), default_timeout, timeout_max);
    const std::int64_t* seconds = timeout->get_if<std::int64_t>();
    if (seconds == nullptr || *seconds < 1 || *seconds > timeout_max) {
        return invalid(kInvalidEvent, fmt::format("timeout_seconds: expected a whole number from 1 to {}, found {}.",
                                                  timeout_max, found(timeout)));
    }
    event.timeout_seconds = *seconds;
    return with_policy(json, std::move(event), *seconds, timeout_max);
}

Result<Amendment> read_amendment(const Json& json, const Identity& requester) {
    if (auto ok = check_object(json, kInvalidRequest); !ok) return std::unexpected(ok.error());
    const auto spelling = check_spelling(json, members_of<Amendment>({"action", "approval_id"}), kInvalidRequest);
    if (!spelling) return std::unexpected(spelling.error());
    Reader::Problem problem;
    const Reader reader(&json, "", problem);
    Amendment amendment{.requester = requester, .document_name = {}, .link = {}, .fields = {}, .shown_digest = {}};
    const auto goes_away = [&](const Json* value) { return value != nullptr && value->is_null(); };
    if (reader.has("document_name")) amendment.document_name = reader.member("document_name").text(kNameMax);
    if (goes_away(json.find("link"))) {
        amendment.link = "";
    } else if (reader.has("link")) {
        amendment.link = reader.member("link").link();
    }
    if (const Json* fields = json.find("fields"); fields != nullptr) {
        for (const auto& [name, value] : reader.member("fields").members(kFieldsMax)) {
            const bool drops = goes_away(fields->find(name));
            if (!drops) check_label(name, reader.member("fields"));  // what is there already can go
            amendment.fields.emplace_back(name, drops ? std::nullopt : std::optional(value.lines(kFieldMax)));
        }
    }
    if (reader.has("shown_digest")) amendment.shown_digest = reader.member("shown_digest").text(kDigestMax);
    if (problem) return invalid(kInvalidRequest, *problem);
    if (!amendment.document_name && !amendment.link && amendment.fields.empty()) {
        return invalid(kInvalidRequest, "Expected what is to change: document_name, link or fields; found nothing.");
    }
    return amendment;
}

Result<std::string> read_person(const Json& json, std::string_view field) {
    return read_name(json, field, kInvalidRequest);
}

Result<std::string> read_approval_id(const Json& json) {
    if (auto ok = check_object(json, kInvalidRequest); !ok) return std::unexpected(ok.error());
    return read_text(json, "approval_id", 64, kInvalidRequest);
}

Result<ApprovalDecisionRequest> read_decision(const Json& json) {
    ApprovalDecisionRequest request;
    if (auto ok = check_object(json, kInvalidRequest); !ok) return std::unexpected(ok.error());
    const bool has_synonym = json.find("decided_by") != nullptr;
    const bool has_approver = json.find("approver") != nullptr;
    const std::string_view approver_member = has_synonym && !has_approver ? "decided_by" : "approver";
    auto known = members_of<ApprovalDecisionRequest>({"action"});
    // Of two that mean the same, the one that is there; "approved" and "decided_at" are no misspellings then.
    if (!has_approver) known.emplace_back("decided_by");
    if (has_synonym && !has_approver) std::erase(known, "approver");
    const auto spelling = check_spelling(json, known, kInvalidRequest);
    if (!spelling) return std::unexpected(spelling.error());
    auto approval_id = read_approval_id(json);
    if (!approval_id) return std::unexpected(approval_id.error());
    request.approval_id = std::move(*approval_id);
    const auto decision = read_enum<VoteDecision>(json, "decision", "'approved', 'rejected' or 'changes_requested'");
    if (!decision) return std::unexpected(decision.error());
    request.decision = *decision;
    auto approver = read_name(json, approver_member, kInvalidRequest);
    if (!approver) return std::unexpected(approver.error());
    if (has_synonym && has_approver) {
        const auto synonym = read_name(json, "decided_by", kInvalidRequest);
        if (!synonym) return std::unexpected(synonym.error());
        if (*synonym != *approver) {
            return invalid(kInvalidRequest, "decided_by: means the same as approver, but is another name here.");
        }
    }
    request.approver = std::move(*approver);
    const auto optional_text = [&](std::string_view member, std::size_t max) -> Result<std::optional<std::string>> {
        const Json* found = json.find(member);
        if (found == nullptr || found->is_null()) return std::nullopt;
        return read_text(json, member, max, kInvalidRequest);
    };
    auto shown = optional_text("shown_digest", kDigestMax);
    if (!shown) return std::unexpected(shown.error());
    request.shown_digest = shown->value_or("");
    auto stage = optional_text("stage", kIdMax);
    if (!stage) return std::unexpected(stage.error());
    request.stage = std::move(*stage);
    auto key = optional_text("idempotency_key", kKeyMax);
    if (!key) return std::unexpected(key.error());
    request.idempotency_key = key->value_or("");
    const Json* comments = json.find("comments");
    if (comments == nullptr || comments->is_null()) return request;
    const std::string* text = comments->get_if<std::string>();
    if (text == nullptr || text->size() > kCommentsMax) {
        return invalid(kInvalidRequest,
                       fmt::format("comments: expected text of at most {} characters, found {}.", kCommentsMax,
                                   text == nullptr ? found(comments) : fmt::format("{}", text->size())));
    }
    request.comments = *text;
    return request;
}

Result<ListRequest> read_list(const Json& json) {
    ListRequest request;
    if (json.find("status") != nullptr) {
        const auto status = read_enum<ApprovalStatus>(json, "status", "pending, approved, rejected or timeout");
        if (!status) return std::unexpected(status.error());
        request.status = *status;
    }
    if (const Json* limit = json.find("limit")) {
        const std::int64_t* number = limit->get_if<std::int64_t>();
        if (number == nullptr || *number < 1 || *number > kListMax) {
            return invalid(kInvalidRequest, fmt::format("limit: expected a whole number from 1 to {}, found {}.",
                                                        kListMax, found(limit)));
        }
        request.limit = *number;
    }
    if (json.find("next_token") != nullptr) {
        auto token = read_text(json, "next_token", 4096, kInvalidRequest);
        if (!token) return std::unexpected(token.error());
        request.next_token = std::move(*token);
    }
    return request;
}

}  // namespace holdpoint::approvals
