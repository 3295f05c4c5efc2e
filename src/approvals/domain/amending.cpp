#include "approvals/domain/amending.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

namespace holdpoint::approvals {

using durable::Json;

namespace {

/// Bytes of older documents in a record, whose item holds 400 KB with all that it has. (AWS API, DynamoDB)
constexpr std::size_t kKeptMax = 65'536;
/// Bytes of what one amendment changes, which its audit record tells.
constexpr std::size_t kChangesMax = 65'536;

std::unexpected<Refusal> invalid(std::string message) {
    return std::unexpected(Refusal{.code = RefusalCode::invalid_request, .message = std::move(message), .details = {}});
}

ShownDocument changed(ShownDocument document, const Amendment& amendment) {
    if (amendment.document_name) document.name = *amendment.document_name;
    if (amendment.link) document.link = amendment.link->empty() ? std::nullopt : amendment.link;
    for (const auto& [name, value] : amendment.fields) {
        const auto known = std::ranges::find(document.fields, name, &DocumentField::name);
        if (known == document.fields.end()) {
            if (value) document.fields.push_back({.name = name, .value = *value});
        } else if (value) {
            known->value = *value;
        } else {
            document.fields.erase(known);
        }
    }
    return document;
}

Refusal document_fixed(const ApprovalRequest& approval) {
    return {.code = RefusalCode::document_fixed,
            .message = fmt::format("The document of approval {} may not be changed while it waits: submit a new "
                                   "request.",
                                   approval.approval_id),
            .details = {}};
}

/// Takes the oldest documents away until the rest has room; their digests stay.
void shorten(std::vector<DocumentVersion>& versions) {
    std::size_t bytes = 0;
    for (DocumentVersion& version : versions | std::views::reverse) {
        if (!version.document) continue;
        bytes += durable::to_json(*version.document).dump().size();
        if (bytes > kKeptMax) version.document.reset();
    }
}

}  // namespace

std::expected<std::optional<Amended>, Refusal> amend(const ApprovalRequest& approval, const Amendment& amendment,
                                                     TimePoint now) {
    const Standing standing = standing_of(approval);
    const std::string& person = amendment.requester.person;
    if (!is_same_person(person, approval.requester)) {
        return std::unexpected(Refusal{
            .code = RefusalCode::not_the_requester,
            .message = fmt::format("{} did not make the request {}; only its requester may change the document.",
                                   trimmed(person), approval.approval_id),
            .details = {}});
    }
    const ShownDocument before = document_of(approval);
    const ShownDocument after = changed(before, amendment);
    if (after == before) return std::nullopt;
    if (auto refusal = why_closed(standing, now)) return std::unexpected(std::move(*refusal));
    if (!standing.amendable) return std::unexpected(document_fixed(approval));
    if (auto refusal = why_outdated(standing, amendment.shown_digest)) return std::unexpected(std::move(*refusal));
    if (after.fields.size() > kFieldsMax) {
        return invalid(fmt::format("fields: expected at most {} with those that the document has, found {}.",
                                   kFieldsMax, after.fields.size()));
    }
    if (standing.versions.size() >= kVersionsMax) {
        return invalid(
            fmt::format("The document of approval {} has {} versions, which is the most; make a new request.",
                        approval.approval_id, kVersionsMax));
    }
    const std::string changes = Json(Json::Data(changes_between(before, after))).dump();
    if (changes.size() > kChangesMax) {
        return invalid(
            fmt::format("Expected changes of at most {} bytes, before and after together, found {}; make "
                        "them in several steps.",
                        kChangesMax, changes.size()));
    }
    Amended amended{.approval = approval, .event = {.event = "amended", .at = to_iso8601(now)}};
    ApprovalRequest& next = amended.approval;
    next.document_name = after.name;
    next.link = after.link;
    if (approval.fields || !after.fields.empty()) next.fields = after.fields;
    next.earlier_versions = standing.versions;
    shorten(*next.earlier_versions);
    if (!has_room(standing_of(next))) {
        return invalid(fmt::format("The record of approval {} has no room for one more version; make a new request.",
                                   approval.approval_id));
    }
    next.revision = approval.revision.value_or(0) + 1;
    next.updated_at = amended.event.at;
    // The votes start anew, and so does telling people.
    if (next.told_stages) next.told_stages = 0;
    amended.event.actor = std::string(trimmed(person));
    amended.event.actor_proof = amendment.requester.proof;
    amended.event.details = {{"version", std::to_string(version_of(next))},
                             {"digest_before", standing.versions.back().digest}};
    amended.event.personal = {{"changes", changes}, {"shown", shown_text(next)}};
    const Identity& requester = amendment.requester;
    tell_proof(requester.credential, requester.issuer, requester.address, amended.event);
    amended.event.shown_digest = shown_digest(next);
    return amended;
}

}  // namespace holdpoint::approvals
