// Export folder: the files that an auditor gets, and where they are. None of them has to fit into memory.
#pragma once

#include <boost/describe.hpp>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

namespace holdpoint::approvals {

inline constexpr std::string_view kRecordsFile = "records.jsonl";
inline constexpr std::string_view kCsvFile = "records.csv";
inline constexpr std::string_view kStatementsFile = "statements.jsonl";
inline constexpr std::string_view kManifestFile = "manifest.json";
inline constexpr std::string_view kSignatureFile = "manifest.signature.json";

/// What the signature of a manifest is for, and of nothing else.
inline constexpr std::string_view kManifestPurpose = "holdpoint audit manifest 1";

struct ManifestSignature {
    std::string manifest_sha256;  // hex
    std::string key_id;
    std::string signature;  // of manifest_sha256
};
BOOST_DESCRIBE_STRUCT(ManifestSignature, (), (manifest_sha256, key_id, signature))

/// A new file of this name, to be written. Its failures are exceptions.
using CreateFile = std::function<std::unique_ptr<std::ostream>(std::string_view name)>;
/// To be read; nullptr when there is none of this name.
using OpenFile = std::function<std::unique_ptr<std::istream>(std::string_view name)>;

}  // namespace holdpoint::approvals
