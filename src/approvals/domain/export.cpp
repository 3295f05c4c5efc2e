#include "approvals/domain/export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace holdpoint::approvals {

namespace {

/// What makes a spreadsheet calculate, also after white space; the last four are the wide forms of the first.
constexpr std::array<std::string_view, 8> kFormulaStarts = {"=", "+", "-", "@", "＝", "＋", "－", "＠"};

bool is_formula(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n\v\f");
    if (first == std::string_view::npos) return false;
    if (text.front() == '\t' || text.front() == '\r' || text.front() == '\n') return true;
    text.remove_prefix(first);
    return std::any_of(kFormulaStarts.begin(), kFormulaStarts.end(),
                       [&](std::string_view start) { return text.starts_with(start); });
}

const std::string& personal_value(const AuditRecord& record, const std::string& name) {
    static const std::string none;
    const auto field = record.personal.find(name);
    return field == record.personal.end() ? none : field->second.value;
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += fmt::format("{}{}", text.empty() ? "" : ", ", name);
    return text;
}

/// The personal fields that have no column of their own.
std::string other_personal_fields(const AuditRecord& record) {
    std::map<std::string, std::string> fields;
    for (const auto& [name, field] : record.personal) {
        if (name != "actor" && name != "comments" && !is_erased(record, name)) fields[name] = field.value;
    }
    return durable::to_json(fields).dump();
}

std::string line_of(const std::vector<std::string>& cells) {
    std::string line;
    for (const std::string& cell : cells) line += (line.empty() ? "" : ",") + csv_cell(cell);
    return line + "\r\n";
}

}  // namespace

std::string json_line(const AuditRecord& record) {
    return durable::to_json(record).dump() + "\n";
}

std::string csv_cell(std::string_view text) {
    std::string cell = is_formula(text) ? "\"'" : "\"";
    for (const char c : text) {
        if (c == '"') {
            cell += "\"\"";
        } else if (c == '\n') {
            cell += "\\n";
        } else if (c == '\r') {
            cell += "\\r";
        } else if (c != '\0') {
            cell += c;
        }
    }
    return cell + '"';
}

std::string csv_header() {
    return line_of({"approval_id", "seq", "at", "event", "actor", "actor_proof", "comments", "personal", "details",
                    "erased", "shown_digest", "prev_hash", "hash"});
}

std::string csv_line(const AuditRecord& record) {
    return line_of({record.approval_id, std::to_string(record.seq), record.at, record.event,
                    personal_value(record, "actor"), record.actor_proof, personal_value(record, "comments"),
                    other_personal_fields(record), durable::to_json(record.details).dump(),
                    joined(erased_fields(record)), record.shown_digest, record.prev_hash, record.hash});
}

}  // namespace holdpoint::approvals
