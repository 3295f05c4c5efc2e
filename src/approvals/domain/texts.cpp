#include "approvals/domain/texts.hpp"

#include <algorithm>
#include <charconv>

#include "approvals/domain/people.hpp"

namespace holdpoint::approvals {

using durable::Json;

namespace {

constexpr auto kShown = "shown";
constexpr auto kPolicy = "policy";

/// The parts of what shown_text made.
std::vector<std::string> parts_of(std::string_view text) {
    std::vector<std::string> parts;
    while (true) {
        std::size_t size = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (error != std::errc{} || text.size() < 2 || size > text.size() - 2) return parts;
        parts.emplace_back(text.substr(1, size));
        text.remove_prefix(size + 2);
    }
}

void add_texts(const Json& json, std::vector<std::string>& texts) {
    if (const auto* text = json.get_if<std::string>()) texts.push_back(*text);
    if (const auto* array = json.get_if<Json::Array>()) {
        for (const Json& element : *array) add_texts(element, texts);
    }
    if (const auto* object = json.get_if<Json::Object>()) {
        for (const auto& [name, member] : *object) add_texts(member, texts);
    }
}

std::vector<std::string> texts_in(const std::string& field, const std::string& value) {
    std::vector<std::string> texts;
    if (field == kShown) return parts_of(value);
    if (field == kPolicy || field == "changes") add_texts(Json::parse(value), texts);
    return texts;
}

/// What a request without fields and link shows is in its record anyway.
std::string digest_of_members(const AuditRecord& record) {
    const auto personal = [&](const std::string& name) {
        const auto field = record.personal.find(name);
        return field == record.personal.end() ? "" : field->second.value;
    };
    ApprovalRequest request;
    request.approval_id = record.approval_id;
    if (const auto id = record.details.find("document_id"); id != record.details.end())
        request.document_id = id->second;
    request.document_name = personal("document_name");
    request.requester = personal("requester");
    request.created_at = record.at;
    return shown_digest(request);
}

}  // namespace

void tell_texts(const ApprovalRequest& approval, AuditEvent& event) {
    if (approval.policy) event.personal[kPolicy] = digested_text(*approval.policy);
    const bool has_more = approval.link || (approval.fields && !approval.fields->empty());
    if (has_more) event.personal[kShown] = shown_text(approval);
}

bool lacks_text(const AuditRecord& record) {
    if (record.details.contains("policy_digest") && !record.digests.contains(kPolicy)) return true;
    if (record.digests.contains(kShown) || record.shown_digest.empty()) return false;
    if (record.event == "amended") return true;
    if (record.event != "created" || is_erased(record, "document_name") || is_erased(record, "requester")) return false;
    return digest_of_members(record) != record.shown_digest;
}

std::vector<std::string> texts_naming(const AuditRecord& record, const std::vector<std::string>& people) {
    std::vector<std::string> names;
    for (const auto& [name, field] : record.personal) {
        if (is_erased(record, name)) continue;
        const auto texts = texts_in(name, field.value);
        const bool names_one = std::ranges::any_of(texts, [&](const std::string& text) {
            return std::ranges::any_of(people, [&](const std::string& person) { return is_same_person(text, person); });
        });
        if (names_one) names.push_back(name);
    }
    return names;
}

}  // namespace holdpoint::approvals
