// Export: audit records as lines of files to hand over: JSON Lines, exact; CSV, for spreadsheets; and a manifest of
// both.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "approvals/domain/heads.hpp"

namespace holdpoint::approvals {

/// The record exactly as it is stored, as one line: verify_chain can be run over the lines.
[[nodiscard]] std::string json_line(const AuditRecord& record);

/// Every cell quoted (RFC 4180). A line break in a text shows as \n, so a line is always one record; text that a
/// spreadsheet would take for a formula begins with an apostrophe.
[[nodiscard]] std::string csv_header();
[[nodiscard]] std::string csv_line(const AuditRecord& record);

/// One cell of the CSV file.
[[nodiscard]] std::string csv_cell(std::string_view text);

struct ManifestFile {
    std::string name;
    std::string sha256;  // hex
    std::int64_t bytes = 0;
    std::int64_t rows = 0;  // without a header
    friend bool operator==(const ManifestFile&, const ManifestFile&) = default;
};
BOOST_DESCRIBE_STRUCT(ManifestFile, (), (name, sha256, bytes, rows))

struct Manifest {
    std::string tool_version;
    std::string at;  // ISO 8601 UTC
    std::int64_t approvals = 0;
    std::int64_t records = 0;
    std::int64_t erased_fields = 0;
    std::vector<ManifestFile> files;
    std::vector<ChainHead> chains;      // empty while it is written or checked: they may be many
    std::vector<std::string> problems;  // of the chains, when they were exported
    friend bool operator==(const Manifest&, const Manifest&) = default;
};
BOOST_DESCRIBE_STRUCT(Manifest, (), (tool_version, at, approvals, records, erased_fields, files, chains, problems))

}  // namespace holdpoint::approvals
