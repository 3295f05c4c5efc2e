#include "approvals/domain/export_writer.hpp"

#include <ostream>
#include <utility>

namespace holdpoint::approvals {

namespace {

/// A document with a list that is still empty, in two: the list's elements belong between them.
std::pair<std::string, std::string> around(const std::string& document, const std::string& list) {
    // Within a text a quote has a backslash before it.
    const std::size_t begin = document.find("\"" + list + "\":[]") + list.size() + 4;
    return {document.substr(0, begin), document.substr(begin)};
}

/// Writes the elements of a list.
class ListWriter {
public:
    explicit ListWriter(FileWriter& file) : file_(file) {}
    template <class T>
    void add(const T& element) {
        if (!std::exchange(is_first_, false)) file_.write(",");
        file_.write(durable::to_json(element).dump());
    }

private:
    FileWriter& file_;
    bool is_first_ = true;
};

}  // namespace

FileWriter::FileWriter(const CreateFile& create, std::string_view name)
    : file_(create(name)), about_{.name = std::string(name), .sha256 = {}} {}

void FileWriter::write(std::string_view text) {
    file_->write(text.data(), static_cast<std::streamsize>(text.size()));
    digest_.add(text);
    about_.bytes += std::ssize(text);
}

ManifestFile FileWriter::finish() {
    file_->flush();
    about_.sha256 = digest_.hex();
    return about_;
}

ExportWriter::ExportWriter(CreateFile create, const Scratch& scratch)
    : create_(std::move(create)),
      statements_(create_, kStatementsFile),
      sealed_ends_(scratch),
      gone_(scratch()),
      json_lines_(scratch),
      csv_lines_(scratch),
      ends_(scratch) {}

void ExportWriter::add(const HeadStatement& statement, Sorter& chains) {
    const StatementLine line{.number = statement.number,
                             .at = statement.at,
                             .chains = {},
                             .gone = {},
                             .prev_hash = statement.prev_hash,
                             .hash = statement.hash,
                             .key_id = statement.key_id,
                             .signature = statement.signature};
    const auto [before_chains, more] = around(durable::to_json(line).dump(), "chains");
    const auto [before_gone, rest] = around(more, "gone");
    statements_.write(before_chains);
    gone_.clear();
    ListWriter changed(statements_);
    sealed_ends_.replace(
        chains, [&](const ChainHead& end) { changed.add(end); },
        [&](const std::string& approval_id) { gone_.add({.key = approval_id, .value = {}}); });
    statements_.write(before_gone);
    ListWriter gone(statements_);
    gone_.rewind();
    while (const auto entry = gone_.next()) gone.add(entry->key);
    statements_.write(rest + "\n");
    statements_.add_rows(1);
}

void ExportWriter::add(std::vector<AuditRecord> chain) {
    if (chain.empty()) return;
    const std::string approval_id = chain.front().approval_id;
    std::string lines;
    std::string csv;
    for (const AuditRecord& record : chain) {
        lines += json_line(record);
        csv += csv_line(record);
        manifest_.erased_fields += std::ssize(erased_fields(record));
    }
    manifest_.records += std::ssize(chain);
    ends_.add(entry_of({.approval_id = approval_id, .seq = chain.back().seq, .hash = chain.back().hash}));
    const Trails one{{approval_id, std::move(chain)}};
    manifest_.approvals += count_approvals(one);
    if (auto problems = verify_trails(one); !problems.empty()) problems_[approval_id] = std::move(problems);
    json_lines_.add({.key = approval_id, .value = std::move(lines)});
    csv_lines_.add({.key = approval_id, .value = std::move(csv)});
}

Exported ExportWriter::finish(const std::vector<std::string>& unreadable, const std::string& tool_version, TimePoint at,
                              const KeyRing& keys) {
    manifest_.tool_version = tool_version;
    manifest_.at = to_iso8601(at);
    manifest_.files = {write_rows(kRecordsFile, "", json_lines_), write_rows(kCsvFile, csv_header(), csv_lines_),
                       statements_.finish()};
    for (const auto& [approval_id, problems] : problems_)
        manifest_.problems.insert(manifest_.problems.end(), problems.begin(), problems.end());
    manifest_.problems.insert(manifest_.problems.end(), unreadable.begin(), unreadable.end());
    ManifestSignature signature{.manifest_sha256 = write_manifest(), .key_id = keys.newest_id(), .signature = {}};
    signature.signature = keys.sign(kManifestPurpose, signature.key_id, signature.manifest_sha256);
    FileWriter signature_file(create_, kSignatureFile);
    signature_file.write(durable::to_json(signature).dump() + "\n");
    (void)signature_file.finish();
    return {.approvals = manifest_.approvals,
            .records = manifest_.records,
            .statements = manifest_.files.back().rows,
            .manifest_sha256 = signature.manifest_sha256,
            .problems = manifest_.problems};
}

ManifestFile ExportWriter::write_rows(std::string_view name, std::string_view header, Sorter& rows) {
    FileWriter file(create_, name);
    file.write(header);
    while (const auto entry = rows.next()) file.write(entry->value);
    file.add_rows(manifest_.records);
    return file.finish();
}

std::string ExportWriter::write_manifest() {
    const auto [before_chains, rest] = around(durable::to_json(manifest_).dump(), "chains");
    FileWriter file(create_, kManifestFile);
    file.write(before_chains);
    ListWriter chains(file);
    while (const auto entry = ends_.next()) chains.add(end_of(*entry));
    file.write(rest + "\n");
    return file.finish().sha256;
}

}  // namespace holdpoint::approvals
