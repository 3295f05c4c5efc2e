// Export check: what can be said of the files of an export later, from nothing but themselves. Holds one chain at a
// time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "approvals/domain/export_folder.hpp"
#include "approvals/domain/sorting.hpp"
#include "approvals/domain/statements.hpp"

namespace holdpoint::approvals {

struct Verification {
    std::vector<std::string> problems;  // empty: all is as it was written
    std::vector<std::string> erased;    // no problem
    std::int64_t approvals = 0;
    std::int64_t records = 0;
    std::int64_t lacking_texts = 0;  // records, see lacks_text
    Sealed sealed;
    std::string exported_at;  // of an export whose manifest says it

    /// Of further chains, which no statement was held against yet.
    void add(const Verification& more);
};

/// Of the files of a folder. With keys also the signatures of the statements.
[[nodiscard]] Verification verify_export(const OpenFile& open, const Scratch& scratch, const KeyRing* keys = nullptr);
/// Whether the statement with this hash, which was kept elsewhere, is in the export.
[[nodiscard]] std::vector<std::string> verify_sealed(const Verification& found, const std::string& hash);
/// Whether the manifest was signed with one of our keys.
[[nodiscard]] std::vector<std::string> verify_signature(const OpenFile& open, const KeyRing& keys);

/// Every chain, by itself.
[[nodiscard]] Verification verify_all(const Trails& trails);

}  // namespace holdpoint::approvals
