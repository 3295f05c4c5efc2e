// Export folder: the files that an auditor gets, and what can be said of them later, from nothing but themselves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "approvals/domain/export.hpp"
#include "approvals/domain/statements.hpp"

namespace holdpoint::approvals {

inline constexpr std::string_view kRecordsFile = "records.jsonl";
inline constexpr std::string_view kCsvFile = "records.csv";
inline constexpr std::string_view kManifestFile = "manifest.json";
inline constexpr std::string_view kSignatureFile = "manifest.signature.json";

struct ManifestSignature {
    std::string manifest_sha256;  // hex
    std::string key_id;
    std::string signature;  // of manifest_sha256
};
BOOST_DESCRIBE_STRUCT(ManifestSignature, (), (manifest_sha256, key_id, signature))

/// All files. `unreadable` are records that are not in them, for the manifest to name; `statements` are those that were
/// made before the trails were read.
[[nodiscard]] std::vector<ExportFile> make_export(const Trails& trails, const std::vector<std::string>& unreadable,
                                                  const std::string& tool_version, TimePoint at, const KeyRing& keys,
                                                  const StatementsFile& statements = {});

/// SHA-256 of the manifest, hex: whoever keeps it elsewhere can tell an export that was made anew.
[[nodiscard]] std::string manifest_digest(const std::vector<ExportFile>& files);

struct Verification {
    std::vector<std::string> problems;  // empty: all is as it was written
    std::vector<std::string> erased;    // no problem
    std::int64_t approvals = 0;
    std::int64_t records = 0;
    std::int64_t lacking_texts = 0;  // records, see lacks_text
    Sealed sealed;

    /// Of further chains, which no statement was held against yet.
    void add(const Verification& more);
};

/// Of the files of a folder; those that are not there are missing from `files`. With keys also the signatures of the
/// statements.
[[nodiscard]] Verification verify_export(const std::vector<ExportFile>& files, const KeyRing* keys = nullptr);
/// Whether the statement with this hash, which was kept elsewhere, is in the export.
[[nodiscard]] std::vector<std::string> verify_sealed(const Verification& found, const std::vector<ExportFile>& files,
                                                     const std::string& hash);
/// Whether the manifest was signed with one of our keys.
[[nodiscard]] std::vector<std::string> verify_signature(const std::vector<ExportFile>& files, const KeyRing& keys);

/// Every chain, by itself.
[[nodiscard]] Verification verify_all(const Trails& trails);

}  // namespace holdpoint::approvals
