#include "approvals/domain/export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/encoding.hpp"

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

std::string csv_line(const std::vector<std::string>& cells) {
    std::string line;
    for (const std::string& cell : cells) line += (line.empty() ? "" : ",") + csv_cell(cell);
    return line + "\r\n";
}

}  // namespace

ExportFile to_json_lines(const Trails& trails, std::string name) {
    ExportFile file{.name = std::move(name), .content = {}, .rows = 0};
    for (const auto& [approval_id, records] : trails) {
        for (const AuditRecord& record : records) {
            file.content += durable::to_json(record).dump() + "\n";
            ++file.rows;
        }
    }
    return file;
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

ExportFile to_csv(const Trails& trails, std::string name) {
    ExportFile file{.name = std::move(name), .content = {}, .rows = 0};
    file.content = csv_line({"approval_id", "seq", "at", "event", "actor", "actor_proof", "comments", "personal",
                             "details", "erased", "shown_digest", "prev_hash", "hash"});
    for (const auto& [approval_id, records] : trails) {
        for (const AuditRecord& record : records) {
            file.content +=
                csv_line({record.approval_id, std::to_string(record.seq), record.at, record.event,
                          personal_value(record, "actor"), record.actor_proof, personal_value(record, "comments"),
                          other_personal_fields(record), durable::to_json(record.details).dump(),
                          joined(erased_fields(record)), record.shown_digest, record.prev_hash, record.hash});
            ++file.rows;
        }
    }
    return file;
}

Manifest make_manifest(const Trails& trails, const std::vector<ExportFile>& files, std::string tool_version,
                       TimePoint at) {
    Manifest manifest;
    manifest.tool_version = std::move(tool_version);
    manifest.at = to_iso8601(at);
    manifest.chains = heads_of(trails);
    manifest.approvals = count_approvals(trails);
    for (const auto& [approval_id, records] : trails) {
        manifest.records += static_cast<std::int64_t>(records.size());
        for (const AuditRecord& record : records) {
            manifest.erased_fields += static_cast<std::int64_t>(erased_fields(record).size());
        }
    }
    for (const ExportFile& file : files) {
        manifest.files.push_back({.name = file.name,
                                  .sha256 = to_hex(sha256(file.content)),
                                  .bytes = static_cast<std::int64_t>(file.content.size()),
                                  .rows = file.rows});
    }
    manifest.problems = verify_trails(trails);
    return manifest;
}

std::vector<std::string> verify_files(const Manifest& manifest, const std::vector<ExportFile>& files) {
    std::vector<std::string> problems;
    for (const ManifestFile& expected : manifest.files) {
        const auto file = std::find_if(files.begin(), files.end(),
                                       [&](const ExportFile& each) { return each.name == expected.name; });
        if (file == files.end()) {
            problems.push_back(fmt::format("{}: is missing", expected.name));
        } else if (to_hex(sha256(file->content)) != expected.sha256) {
            problems.push_back(fmt::format("{}: was changed after it was exported", expected.name));
        }
    }
    return problems;
}

}  // namespace holdpoint::approvals
