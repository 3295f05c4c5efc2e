#include "approvals/domain/export_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <istream>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

#include "approvals/domain/chain_reader.hpp"
#include "approvals/domain/claims.hpp"
#include "approvals/domain/csv_check.hpp"
#include "approvals/domain/document_reader.hpp"
#include "approvals/domain/erasures.hpp"
#include "approvals/domain/export.hpp"
#include "approvals/domain/texts.hpp"
#include "base/digest.hpp"

namespace holdpoint::approvals {

namespace {

using Problems = std::vector<std::string>;

void add(Problems& all, const Problems& more) {
    all.insert(all.end(), more.begin(), more.end());
}

std::string missing(std::string_view name) {
    return fmt::format("{}: is missing", name);
}

/// As it is found; `rows` are its lines.
ManifestFile measure(std::istream& file, std::string_view name) {
    constexpr std::size_t kPart = 65536;
    ManifestFile found{.name = std::string(name), .sha256 = {}};
    Sha256 digest;
    std::string part(kPart, '\0');
    char last = '\n';
    while (file.read(part.data(), kPart) || file.gcount() > 0) {
        const std::string_view bytes(part.data(), static_cast<std::size_t>(file.gcount()));
        digest.add(bytes);
        found.bytes += std::ssize(bytes);
        found.rows += std::ranges::count(bytes, '\n');
        last = bytes.back();
    }
    if (last != '\n') ++found.rows;
    found.sha256 = digest.hex();
    return found;
}

std::optional<Manifest> read_manifest(const OpenFile& open, const std::function<void(ChainHead)>& take,
                                      Problems& problems) {
    const auto file = open(kManifestFile);
    if (!file) {
        problems.push_back(missing(kManifestFile));
        return std::nullopt;
    }
    DocumentReader document(std::string(kManifestFile), "a manifest");
    auto manifest = document.read<Manifest>(take_lists(*file, {document.list<ChainHead>("chains", take)}));
    return document.finish(problems) ? std::move(manifest) : std::nullopt;
}

std::optional<ManifestSignature> read_signature(const OpenFile& open, Problems& problems) {
    const auto file = open(kSignatureFile);
    if (file)
        return read_document<ManifestSignature>(std::string{std::istreambuf_iterator<char>(*file), {}},
                                                std::string(kSignatureFile), "a signature", problems);
    problems.push_back(missing(kSignatureFile));
    return std::nullopt;
}

/// Of a file that was there a moment ago.
std::unique_ptr<std::istream> reopen(const OpenFile& open, std::string_view name) {
    auto file = open(name);
    if (!file) throw std::runtime_error(missing(name));
    return file;
}

/// What one walk over the chains says.
struct Findings {
    Verification chains;
    Problems manifest;                 // what it says otherwise
    Problems added;                    // that it does not say
    std::vector<Problems> statements;  // what each says otherwise
    Problems lines;
    std::int64_t erased_fields = 0;
    bool is_csv_same = true;
};

class ExportCheck {
public:
    ExportCheck(const OpenFile& open, const Scratch& scratch, const KeyRing* keys)
        : open_(open), scratch_(scratch), keys_(keys), claims_(scratch) {}

    Verification run();

private:
    void measure_files();
    void read_claims();
    void check_files();
    void read_statements();
    bool walk();
    [[nodiscard]] Claims::Tell teller();
    void take(std::vector<AuditRecord> chain, std::optional<CsvComparison>& csv);
    void check_statements(Verification& found) const;
    void add_known_problems(Problems& problems) const;
    [[nodiscard]] Problems csv_problems() const;
    [[nodiscard]] Problems count_problems() const;

    const OpenFile& open_;
    const Scratch& scratch_;
    const KeyRing* keys_;
    std::map<std::string, ManifestFile, std::less<>> files_;  // those that are there
    std::optional<Manifest> manifest_;
    std::vector<ReadStatement> statements_;
    Problems statement_lines_;
    Claims claims_;
    bool is_sorted_ = false;
    Findings found_;
    Problems problems_;
};

void ExportCheck::measure_files() {
    for (const std::string_view name : {kRecordsFile, kCsvFile, kStatementsFile, kManifestFile, kSignatureFile}) {
        if (const auto file = open_(name)) files_.emplace(name, measure(*file, name));
    }
}

void ExportCheck::read_claims() {
    manifest_ = read_manifest(open_, [&](const ChainHead& end) { claims_.add(Claims::kManifest, end); }, problems_);
    if (!manifest_) claims_ = Claims(scratch_);
    if (files_.contains(kStatementsFile)) read_statements();
}

void ExportCheck::check_files() {
    const auto signature = read_signature(open_, problems_);
    if (manifest_ && signature && files_.at(std::string(kManifestFile)).sha256 != signature->manifest_sha256)
        problems_.push_back(fmt::format("{}: was changed after it was exported", kManifestFile));
    for (const ManifestFile& expected : manifest_ ? manifest_->files : std::vector<ManifestFile>{}) {
        const auto file = files_.find(expected.name);
        if (file == files_.end()) {
            problems_.push_back(missing(expected.name));
        } else if (file->second.sha256 != expected.sha256) {
            problems_.push_back(fmt::format("{}: was changed after it was exported", expected.name));
        }
    }
    for (const std::string_view name : {kRecordsFile, kCsvFile}) {
        if (!files_.contains(name) && std::ranges::find(problems_, missing(name)) == problems_.end())
            problems_.push_back(missing(name));  // the manifest does not name it either
    }
}

void ExportCheck::read_statements() {
    const auto file = reopen(open_, kStatementsFile);
    ChainEnds ends(scratch_);
    for (std::size_t number = 1; file->peek() != std::char_traits<char>::eof(); ++number) {
        DocumentReader document(fmt::format("{} line {}", kStatementsFile, number), "a statement");
        Sorter changes(scratch_);
        const auto line = document.read<StatementLine>(take_lists_of_line(
            *file, {document.list<ChainHead>("chains", [&](const ChainHead& end) { changes.add(entry_of(end)); }),
                    document.list<std::string>("gone", [&](const std::string& approval_id) {
                        changes.add({.key = approval_id, .value = {}});
                    })}));
        if (!document.finish(statement_lines_)) continue;
        ReadStatement statement{.head = {.number = line->number,
                                         .at = line->at,
                                         .prev_hash = line->prev_hash,
                                         .hash = line->hash,
                                         .key_id = line->key_id,
                                         .signature = line->signature},
                                .hash = {}};
        HeadHash hash(statement.head);
        const std::size_t source = claims_.add_source(name_of(statement.head));
        ends.change(changes, [&](const ChainHead& end, bool is_new) {
            hash.add(end);
            if (is_new) claims_.add(source, end);
        });
        statement.hash = hash.hex();
        statements_.push_back(std::move(statement));
    }
}

/// False where the chains must be sorted.
bool ExportCheck::walk() {
    found_ = {};
    found_.statements.resize(statements_.size());
    claims_.rewind();
    ChainReader chains(open_, scratch_, is_sorted_);
    std::optional<CsvComparison> csv;
    if (files_.contains(kCsvFile)) csv.emplace(reopen(open_, kCsvFile));
    while (auto chain = chains.next()) take(std::move(*chain), csv);
    if (!chains.is_whole()) return false;
    claims_.finish(teller());
    found_.lines = chains.problems();
    found_.is_csv_same = !csv || csv->is_same();
    return true;
}

Claims::Tell ExportCheck::teller() {
    return [this](std::size_t source, std::string problem) {
        Problems& problems = source == Claims::kManifest ? found_.manifest : found_.statements[source - 1];
        problems.push_back(std::move(problem));
    };
}

void ExportCheck::take(std::vector<AuditRecord> chain, std::optional<CsvComparison>& csv) {
    const std::string approval_id = chain.front().approval_id;
    Trails one;
    const std::vector<AuditRecord>& records = one.emplace(approval_id, std::move(chain)).first->second;
    const auto end = claims_.check(approval_id, one, teller());
    if (manifest_ && !end)
        found_.added.push_back(fmt::format("{}: its chain is not in the manifest: it was added", approval_id));
    for (const AuditRecord& record : records) {
        if (manifest_ && end && record.seq > *end) {
            found_.added.push_back(
                fmt::format("{} record {} ({}): is not in the manifest, where the chain ends at {}: it was added",
                            approval_id, record.seq, record.event, *end));
        }
        found_.erased_fields += std::ssize(erased_fields(record));
        if (csv) csv->take(record);
    }
    found_.chains.add(verify_all(one));
}

void ExportCheck::check_statements(Verification& found) const {
    add(found.problems, statement_lines_);
    add(found.problems, verify_statements(statements_, found_.statements, keys_));
    found.sealed = sealed_by(statements_, keys_);
}

/// Those that the export could not take along, such as an item that was no record.
void ExportCheck::add_known_problems(Problems& problems) const {
    const std::set<std::string> found(problems.begin(), problems.end());
    for (const std::string& known : manifest_->problems) {
        if (!found.contains(known)) problems.push_back(fmt::format("{} (when it was exported)", known));
    }
}

Problems ExportCheck::csv_problems() const {
    const auto each_record = [&](const std::function<void(const AuditRecord&)>& take_record) {
        ChainReader chains(open_, scratch_, is_sorted_);
        while (const auto chain = chains.next()) std::ranges::for_each(*chain, take_record);
    };
    return compare_csv(*reopen(open_, kCsvFile), each_record, scratch_);
}

/// What the manifest counts, counted anew. Where something is missing or was added, that is named already.
Problems ExportCheck::count_problems() const {
    Problems problems;
    const auto compare = [&](std::string_view what, std::int64_t said, std::int64_t found) {
        if (said == found) return;
        problems.push_back(fmt::format("{}: {}: expected {}, found {}", kManifestFile, what, found, said));
    };
    compare("approvals", manifest_->approvals, found_.chains.approvals);
    compare("records", manifest_->records, found_.chains.records);
    compare("erased_fields", manifest_->erased_fields, found_.erased_fields);
    for (const ManifestFile& named : manifest_->files) {
        const auto file = files_.find(named.name);
        if (file == files_.end()) continue;
        const std::int64_t header = named.name == kCsvFile ? 1 : 0;
        compare("rows of " + named.name, named.rows, file->second.rows - header);
        compare("bytes of " + named.name, named.bytes, file->second.bytes);
    }
    return problems;
}

Verification ExportCheck::run() {
    measure_files();
    read_claims();
    check_files();
    Verification found;
    if (files_.contains(kRecordsFile)) {
        if (!walk()) {
            is_sorted_ = true;
            (void)walk();
        }
        add(problems_, found_.lines);
        found = found_.chains;
        if (manifest_) {
            add(found.problems, found_.manifest);
            add(found.problems, found_.added);
        }
        if (files_.contains(kStatementsFile)) check_statements(found);
        if (manifest_) add_known_problems(found.problems);
        if (!found_.is_csv_same) add(found.problems, csv_problems());
        if (manifest_ && problems_.empty() && found.problems.empty()) add(found.problems, count_problems());
    }
    found.problems.insert(found.problems.begin(), problems_.begin(), problems_.end());
    found.exported_at = manifest_ ? manifest_->at : "";
    return found;
}

}  // namespace

void Verification::add(const Verification& more) {
    problems.insert(problems.end(), more.problems.begin(), more.problems.end());
    erased.insert(erased.end(), more.erased.begin(), more.erased.end());
    approvals += more.approvals;
    records += more.records;
    lacking_texts += more.lacking_texts;
}

Verification verify_all(const Trails& trails) {
    Verification found;
    found.problems = verify_trails(trails);
    found.approvals = count_approvals(trails);
    for (const auto& [approval_id, records] : trails) {
        found.records += std::ssize(records);
        found.lacking_texts += std::ranges::count_if(records, lacks_text);
        add(found.erased, erasures(records));
    }
    return found;
}

Verification verify_export(const OpenFile& open, const Scratch& scratch, const KeyRing* keys) {
    return ExportCheck(open, scratch, keys).run();
}

std::vector<std::string> verify_sealed(const Verification& found, const std::string& hash) {
    if (found.sealed.hashes.contains(hash)) return {};
    return {fmt::format("{}: the statement with the hash {} is not in it: it was made after this export{}, or is gone",
                        kStatementsFile, hash, found.exported_at.empty() ? "" : ", of " + found.exported_at)};
}

std::vector<std::string> verify_signature(const OpenFile& open, const KeyRing& keys) {
    Problems problems;
    const auto signature = read_signature(open, problems);
    if (!signature) return problems;
    if (!keys.has(signature->key_id)) {
        problems.push_back(fmt::format("{}: was signed with a key that is not known", kSignatureFile));
    } else if (!keys.verify(kManifestPurpose, signature->key_id, signature->manifest_sha256, signature->signature)) {
        problems.push_back(fmt::format("{}: its signature is not ours", kSignatureFile));
    }
    return problems;
}

}  // namespace holdpoint::approvals
