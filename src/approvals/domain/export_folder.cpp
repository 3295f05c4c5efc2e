#include "approvals/domain/export_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "approvals/domain/erasures.hpp"
#include "approvals/domain/texts.hpp"
#include "base/encoding.hpp"

namespace holdpoint::approvals {

namespace {

constexpr std::string_view kPurpose = "holdpoint audit manifest 1";

using Problems = std::vector<std::string>;

void add(Problems& all, const Problems& more) {
    all.insert(all.end(), more.begin(), more.end());
}

const ExportFile* find(const std::vector<ExportFile>& files, std::string_view name) {
    const auto file =
        std::find_if(files.begin(), files.end(), [&](const ExportFile& each) { return each.name == name; });
    return file == files.end() ? nullptr : &*file;
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

/// One JSON document; nothing, and a problem, when it is none of this kind.
template <class T>
std::optional<T> read(std::string_view text, const std::string& where, std::string_view what, Problems& problems) {
    try {
        T value = durable::from_json<T>(durable::Json::parse(text));
        // Of a member that is there twice, each reader may see another value.
        if (durable::to_json(value).dump() != text.substr(0, text.find('\n'))) {
            problems.push_back(fmt::format(
                "{}: is written otherwise than {} is: it has more than the members of one, or a member twice", where,
                what));
        }
        return value;
    } catch (const std::exception& error) {
        problems.push_back(fmt::format("{}: expected {}, found something else ({})", where, what, error.what()));
        return std::nullopt;
    }
}

template <class T>
std::optional<T> read_file(const std::vector<ExportFile>& files, std::string_view name, std::string_view what,
                           Problems& problems) {
    const ExportFile* file = find(files, name);
    if (file != nullptr) return read<T>(file->content, std::string(name), what, problems);
    problems.push_back(fmt::format("{}: is missing", name));
    return std::nullopt;
}

/// The records in the order of the lines, which verify_chain is to see. The order of the chains is for this to tell.
Trails read_records(const ExportFile& file, Problems& problems) {
    Trails trails;
    const auto lines = lines_of(file.content);
    std::string before;
    bool is_told = false;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string where = fmt::format("{} line {}", file.name, i + 1);
        auto record = read<AuditRecord>(lines[i], where, "an audit record", problems);
        if (!record) continue;
        if (record->approval_id < before && !is_told) {
            problems.push_back(
                fmt::format("{}: {} record {} ({}) stands after records of {}: the lines are in "
                            "another order",
                            where, record->approval_id, record->seq, record->event, before));
            is_told = true;
        }
        before = record->approval_id;
        auto& chain = trails[record->approval_id];
        chain.push_back(std::move(*record));
    }
    return trails;
}

void compare_with_manifest(const Manifest& manifest, const Trails& trails, Problems& problems) {
    add(problems, compare(manifest.chains, trails, "manifest"));
    std::map<std::string, std::int64_t> ends;
    for (const ChainHead& chain : manifest.chains) ends[chain.approval_id] = chain.seq;
    for (const auto& [approval_id, records] : trails) {
        const auto end = ends.find(approval_id);
        if (end == ends.end()) {
            problems.push_back(fmt::format("{}: its chain is not in the manifest: it was added", approval_id));
            continue;
        }
        for (const AuditRecord& record : records) {
            if (record.seq <= end->second) continue;
            problems.push_back(
                fmt::format("{} record {} ({}): is not in the manifest, where the chain ends at {}: it was added",
                            approval_id, record.seq, record.event, end->second));
        }
    }
}

/// What the manifest counts, counted anew. Where something is missing or was added, that is named already.
void compare_counts(const Manifest& manifest, const Trails& trails, const std::vector<ExportFile>& files,
                    Problems& problems) {
    const Manifest own = make_manifest(trails, {}, "", {});
    const auto compare = [&](std::string_view what, std::int64_t said, std::int64_t found) {
        if (said == found) return;
        problems.push_back(fmt::format("{}: {}: expected {}, found {}", kManifestFile, what, found, said));
    };
    compare("approvals", manifest.approvals, own.approvals);
    compare("records", manifest.records, own.records);
    compare("erased_fields", manifest.erased_fields, own.erased_fields);
    for (const ManifestFile& named : manifest.files) {
        const ExportFile* file = find(files, named.name);
        if (file == nullptr) continue;
        const std::int64_t header = named.name == kCsvFile ? 1 : 0;
        compare("rows of " + named.name, named.rows, std::ssize(lines_of(file->content)) - header);
        compare("bytes of " + named.name, named.bytes, std::ssize(file->content));
    }
}

/// Those that the export could not take along, such as an item that was no record.
void add_known_problems(const Manifest& manifest, Problems& problems) {
    for (const std::string& known : manifest.problems) {
        if (std::find(problems.begin(), problems.end(), known) != problems.end()) continue;
        problems.push_back(fmt::format("{} (when it was exported)", known));
    }
}

/// Which line is there twice, and which is the first that stands elsewhere than it was written.
void compare_order(const std::string& name, const std::vector<std::string_view>& found,
                   const std::map<std::string_view, std::size_t>& places, const std::vector<std::string>& names,
                   Problems& problems) {
    std::vector<std::pair<std::size_t, std::size_t>> seen;  // its place, and where it stands
    std::set<std::size_t> known;
    for (std::size_t i = 0; i < found.size(); ++i) {
        const auto place = places.find(found[i]);
        if (place == places.end()) continue;
        if (known.insert(place->second).second) {
            seen.emplace_back(place->second, i);
        } else {
            problems.push_back(fmt::format("{} line {}: {} is there twice", name, i + 1, names[place->second]));
        }
    }
    auto belongs = known.begin();
    for (const auto& [place, at] : seen) {
        if (place != *belongs) {
            return problems.push_back(
                fmt::format("{} line {}: {} stands where {} belongs: the lines are in another order", name, at + 1,
                            names[place], names[*belongs]));
        }
        ++belongs;
    }
}

/// Which lines of the CSV file are not what the records say.
void compare_csv(const ExportFile& csv, const Trails& trails, Problems& problems) {
    const ExportFile expected = to_csv(trails, csv.name);
    const auto found_lines = lines_of(csv.content);
    const auto expected_lines = lines_of(expected.content);
    std::vector<std::string> names = {"the header"};
    for (const auto& [approval_id, records] : trails) {
        for (const AuditRecord& record : records) names.push_back(fmt::format("{} record {}", approval_id, record.seq));
    }
    const std::set<std::string_view> found(found_lines.begin(), found_lines.end());
    for (std::size_t i = 0; i < expected_lines.size(); ++i) {
        if (found.contains(expected_lines[i])) continue;
        problems.push_back(
            fmt::format("{}: its line of {} is not what {} says, or is missing", csv.name, names[i], kRecordsFile));
    }
    std::map<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i < expected_lines.size(); ++i) places.emplace(expected_lines[i], i);
    for (std::size_t i = 0; i < found_lines.size(); ++i) {
        if (places.contains(found_lines[i])) continue;
        problems.push_back(fmt::format("{} line {}: is of no record in {}", csv.name, i + 1, kRecordsFile));
    }
    compare_order(csv.name, found_lines, places, names, problems);
}

void check_statements(const ExportFile& file, const Trails& trails, const KeyRing* keys, Verification& found) {
    std::vector<StatementLine> statements;
    const auto lines = lines_of(file.content);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        auto line =
            read<StatementLine>(lines[i], fmt::format("{} line {}", file.name, i + 1), "a statement", found.problems);
        if (line) statements.push_back(std::move(*line));
    }
    ChainEnds ends;
    StatementCheck check(trails, keys, last_signed(statements, keys));
    for (const StatementLine& line : statements) check.check(ends.advance(line), found.problems);
    found.sealed = check.sealed();
}

}  // namespace

std::vector<ExportFile> make_export(const Trails& trails, const std::vector<std::string>& unreadable,
                                    const std::string& tool_version, TimePoint at, const KeyRing& keys,
                                    const StatementsFile& statements) {
    std::vector<ExportFile> files = {to_json_lines(trails, std::string(kRecordsFile)),
                                     to_csv(trails, std::string(kCsvFile)), statements.file()};
    Manifest manifest = make_manifest(trails, files, tool_version, at);
    add(manifest.problems, unreadable);
    ExportFile manifest_file{.name = std::string(kManifestFile), .content = durable::to_json(manifest).dump() + "\n"};
    ManifestSignature signature{
        .manifest_sha256 = to_hex(sha256(manifest_file.content)), .key_id = keys.newest_id(), .signature = {}};
    signature.signature = keys.sign(kPurpose, signature.key_id, signature.manifest_sha256);
    files.push_back(std::move(manifest_file));
    files.push_back({.name = std::string(kSignatureFile), .content = durable::to_json(signature).dump() + "\n"});
    return files;
}

std::string manifest_digest(const std::vector<ExportFile>& files) {
    const ExportFile* manifest = find(files, kManifestFile);
    return manifest == nullptr ? "" : to_hex(sha256(manifest->content));
}

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
        found.records += static_cast<std::int64_t>(records.size());
        found.lacking_texts += std::ranges::count_if(records, lacks_text);
        add(found.erased, erasures(records));
    }
    return found;
}

Verification verify_export(const std::vector<ExportFile>& files, const KeyRing* keys) {
    Problems problems;
    const auto manifest = read_file<Manifest>(files, kManifestFile, "a manifest", problems);
    const auto signature = read_file<ManifestSignature>(files, kSignatureFile, "a signature", problems);
    if (manifest && signature && manifest_digest(files) != signature->manifest_sha256) {
        problems.push_back(fmt::format("{}: was changed after it was exported", kManifestFile));
    }
    if (manifest) add(problems, verify_files(*manifest, files));
    for (const std::string_view name : {kRecordsFile, kCsvFile}) {
        const std::string problem = fmt::format("{}: is missing", name);
        if (find(files, name) == nullptr && std::ranges::find(problems, problem) == problems.end())
            problems.push_back(problem);  // the manifest does not name it either
    }
    Verification found;
    const ExportFile* records = find(files, kRecordsFile);
    if (records != nullptr) {
        const Trails trails = read_records(*records, problems);
        found = verify_all(trails);
        if (manifest) compare_with_manifest(*manifest, trails, found.problems);
        if (const ExportFile* statements = find(files, kStatementsFile))
            check_statements(*statements, trails, keys, found);
        if (manifest) add_known_problems(*manifest, found.problems);
        if (const ExportFile* csv = find(files, kCsvFile)) compare_csv(*csv, trails, found.problems);
        if (manifest && problems.empty() && found.problems.empty())
            compare_counts(*manifest, trails, files, found.problems);
    }
    found.problems.insert(found.problems.begin(), problems.begin(), problems.end());
    return found;
}

std::vector<std::string> verify_sealed(const Verification& found, const std::vector<ExportFile>& files,
                                       const std::string& hash) {
    if (found.sealed.hashes.contains(hash)) return {};
    Problems ignored;  // verify_export tells them
    const auto manifest = read_file<Manifest>(files, kManifestFile, "a manifest", ignored);
    return {fmt::format("{}: the statement with the hash {} is not in it: it was made after this export{}, or is gone",
                        kStatementsFile, hash, manifest ? ", of " + manifest->at : "")};
}

std::vector<std::string> verify_signature(const std::vector<ExportFile>& files, const KeyRing& keys) {
    Problems problems;
    const auto signature = read_file<ManifestSignature>(files, kSignatureFile, "a signature", problems);
    if (!signature) return problems;
    if (!keys.has(signature->key_id)) {
        problems.push_back(fmt::format("{}: was signed with a key that is not known", kSignatureFile));
    } else if (!keys.verify(kPurpose, signature->key_id, signature->manifest_sha256, signature->signature)) {
        problems.push_back(fmt::format("{}: its signature is not ours", kSignatureFile));
    }
    return problems;
}

}  // namespace holdpoint::approvals
