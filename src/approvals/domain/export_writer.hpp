// Export writer: writes the files of an export chain after chain, and holds none of them.
#pragma once

#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "approvals/domain/export.hpp"
#include "approvals/domain/export_folder.hpp"
#include "approvals/domain/sorting.hpp"
#include "approvals/domain/statements.hpp"
#include "base/digest.hpp"

namespace holdpoint::approvals {

/// One file, which is digested while it is written.
class FileWriter {
public:
    FileWriter(const CreateFile& create, std::string_view name);

    void write(std::string_view text);
    void add_rows(std::int64_t rows) { about_.rows += rows; }
    [[nodiscard]] std::int64_t rows() const { return about_.rows; }
    /// All of it is written.
    [[nodiscard]] ManifestFile finish();

private:
    std::unique_ptr<std::ostream> file_;
    ManifestFile about_;
    Sha256 digest_;
};

struct Exported {
    std::int64_t approvals = 0;
    std::int64_t records = 0;
    std::int64_t statements = 0;
    std::string manifest_sha256;  // hex: whoever keeps it elsewhere can tell an export that was made anew
    std::vector<std::string> problems;
};

class ExportWriter {
public:
    ExportWriter(CreateFile create, const Scratch& scratch);

    /// The statements that were made before the chains were read, by number; `chains` are entry_of what each names.
    void add(const HeadStatement& statement, Sorter& chains);
    /// A whole chain, in whatever order of chains; each once.
    void add(std::vector<AuditRecord> chain);
    /// Once all were added. `unreadable` are records that are not in the files, for the manifest to name.
    [[nodiscard]] Exported finish(const std::vector<std::string>& unreadable, const std::string& tool_version,
                                  TimePoint at, const KeyRing& keys);

private:
    /// A file of what was sorted, a row for each record.
    [[nodiscard]] ManifestFile write_rows(std::string_view name, std::string_view header, Sorter& rows);
    /// Answers its SHA-256, hex.
    [[nodiscard]] std::string write_manifest();

    CreateFile create_;
    FileWriter statements_;
    ChainEnds sealed_ends_;
    Run gone_;           // of one statement
    Sorter json_lines_;  // these three by approval_id, of each chain
    Sorter csv_lines_;
    Sorter ends_;
    std::map<std::string, std::vector<std::string>> problems_;  // by approval_id
    Manifest manifest_;
};

}  // namespace holdpoint::approvals
