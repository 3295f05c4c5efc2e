// Export: audit trails as files to hand over: JSON Lines, exact; CSV, for spreadsheets; and a manifest of both.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "approvals/domain/heads.hpp"

namespace holdpoint::approvals {

/// One file, in memory.
struct ExportFile {
    std::string name;
    std::string content;
    std::int64_t rows = 0;  // without a header
};

/// Every record as it is stored, one JSON object a line, chain after chain: verify_chain can be run over it.
[[nodiscard]] ExportFile to_json_lines(const Trails& trails, std::string name);

/// One line for each record, every cell quoted (RFC 4180). A line break in a text shows as \n, so a line is always one
/// record; text that a spreadsheet would take for a formula begins with an apostrophe.
[[nodiscard]] ExportFile to_csv(const Trails& trails, std::string name);

/// One cell of the CSV file.
[[nodiscard]] std::string csv_cell(std::string_view text);

struct ManifestFile {
    std::string name;
    std::string sha256;  // hex
    std::int64_t bytes = 0;
    std::int64_t rows = 0;
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
    std::vector<ChainHead> chains;
    std::vector<std::string> problems;  // of the chains, when they were exported
    friend bool operator==(const Manifest&, const Manifest&) = default;
};
BOOST_DESCRIBE_STRUCT(Manifest, (), (tool_version, at, approvals, records, erased_fields, files, chains, problems))

[[nodiscard]] Manifest make_manifest(const Trails& trails, const std::vector<ExportFile>& files,
                                     std::string tool_version, TimePoint at);

/// Every file that is not what the manifest says; empty when all are.
[[nodiscard]] std::vector<std::string> verify_files(const Manifest& manifest, const std::vector<ExportFile>& files);

}  // namespace holdpoint::approvals
