#include "cli/approval_text.hpp"

#include <fmt/format.h>

#include "cli/session.hpp"
#include "cli/table.hpp"

namespace holdpoint::cli {

namespace json = boost::json;

namespace {

std::string line(std::string_view name, std::string_view value) {
    return value.empty() ? "" : fmt::format("{:<14} {}\n", name, printable(value));
}

const json::value* member(const json::value& object, std::string_view name) {
    const json::object* members = object.if_object();
    return members == nullptr ? nullptr : members->if_contains(name);
}

json::array elements(const json::value& object, std::string_view name) {
    const json::value* list = member(object, name);
    return list == nullptr || !list->is_array() ? json::array{} : list->get_array();
}

std::string vote_text(const json::value& vote) {
    const std::string decision = text_of(vote, "decision");
    const std::string comments = text_of(vote, "comments");
    return fmt::format("{} {} at {}, stage {}, {}{}{}", text_of(vote, "person"),
                       decision == "changes_requested" ? "requested changes" : decision, text_of(vote, "at"),
                       text_of(vote, "stage"), text_of(vote, "proof"),
                       text_of(vote, "counts") == "false" ? ", counts no more" : "",
                       comments.empty() ? "" : ": " + comments);
}

/// A record's line, and below it what it has.
std::string record_text(const approvals::AuditRecord& record) {
    const auto value_of = [&](const std::string& name) -> std::string {
        if (approvals::is_erased(record, name)) return "(erased)";
        const auto field = record.personal.find(name);
        return field == record.personal.end() ? "" : printable(field->second.value);
    };
    std::string text = fmt::format("{:>3}  {}  {}  {} ({})\n", record.seq, short_time(record.at), record.event,
                                   value_of("actor"), record.actor_proof);
    const auto add = [&](std::string_view name, std::string_view value) {
        if (!value.empty()) text += fmt::format("     {:<16} {}\n", name, value);
    };
    for (const auto& [name, value] : record.details) add(name, printable(value));
    for (const auto& [name, digest] : record.digests) {
        if (name != "actor") add(name, value_of(name));
    }
    add("shown_digest", printable(record.shown_digest));
    add("hash", printable(record.hash));
    return text;
}

}  // namespace

std::string approval_text(const json::value& approval) {
    constexpr std::string_view kBefore[] = {"approval_id",   "status",    "document_id",
                                            "document_name", "requester", "amendable"};
    constexpr std::string_view kAfter[] = {"created_at", "expires_at", "decision",
                                           "approver",   "comments",   "decided_at"};
    std::string text;
    for (const std::string_view name : kBefore) text += line(name, text_of(approval, name));
    if (const std::string version = text_of(approval, "document_version"); version != "1")
        text += line("version", version);
    text += line("link", text_of(approval, "link"));
    for (const json::value& field : elements(approval, "fields")) {
        text += line("field", fmt::format("{} = {}", text_of(field, "name"), text_of(field, "value")));
    }
    for (const std::string_view name : kAfter) text += line(name, text_of(approval, name));
    if (const json::value* policy = member(approval, "policy")) {
        text += line("policy", fmt::format("{}, version {}: {}", text_of(*policy, "name"), text_of(*policy, "version"),
                                           text_of(*policy, "text")));
    }
    for (const json::value& vote : elements(approval, "votes")) text += line("vote", vote_text(vote));
    text += line("shown_digest", text_of(approval, "shown_digest"));
    return text;
}

std::string trail_text(const std::vector<approvals::AuditRecord>& trail) {
    std::string text;
    for (const auto& record : trail) text += record_text(record);
    return text;
}

}  // namespace holdpoint::cli
