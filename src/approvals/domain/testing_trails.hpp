// Trails and exports of them, for tests: in memory.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <ranges>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "approvals/domain/export_check.hpp"
#include "approvals/domain/export_writer.hpp"
#include "approvals/domain/testing_statements.hpp"

namespace holdpoint::approvals::testing {

inline const TimePoint kNow = parse_iso8601("2026-11-26T08:00:00Z").value();

inline KeyRing keys() {
    return KeyRing::make({{"k1", std::string(32, 's')}}).value();
}

inline void add_record(Trails& trails, const std::string& approval_id, const std::string& comments) {
    SeededRandom random(trails[approval_id].size());
    auto& chain = trails[approval_id];
    AuditEvent event{.event = "decided", .at = to_iso8601(kNow)};
    event.actor = "ann@x";
    event.details = {{"decision", "approved"}};
    event.personal = {{"comments", comments}, {"requester", "req@x"}};
    const AuditRecord* last = chain.empty() ? nullptr : &chain.back();
    chain.push_back(next_record(approval_id, last, event, random));
}

/// As `holdpoint audit erase` does it.
inline void erase_with_record(Trails& trails, const std::string& approval_id, std::size_t seq,
                              const std::string& fields) {
    auto& chain = trails[approval_id];
    SeededRandom random(chain.size());
    AuditEvent event{.event = "erased", .at = to_iso8601(kNow)};
    event.details = {{"fields", fmt::format("record {}: {}", seq, fields)}};
    chain.push_back(next_record(approval_id, &chain.back(), event, random));
    std::vector<std::string> names;
    for (const auto name : std::views::split(fields, std::string_view(", ")))
        names.emplace_back(name.begin(), name.end());
    erase(chain[seq - 1], names);
}

inline Trails three_chains() {
    Trails trails;
    for (const std::string id : {"a", "b", "c"}) {
        for (int i = 0; i < 3; ++i) add_record(trails, id, "fine");
    }
    return trails;
}

inline std::unique_ptr<std::iostream> memory() {
    return std::make_unique<std::stringstream>();
}

struct ExportFile {
    std::string name;
    std::string content;
};

/// Its content is another's when it is closed.
class KeptStream final : public std::ostringstream {
public:
    explicit KeptStream(std::string& content) : content_(content) {}
    ~KeptStream() override { content_ = str(); }

private:
    std::string& content_;
};

/// Every file, in the order of docs/audit.md.
inline std::vector<ExportFile> make_export(const Trails& trails, const std::vector<WholeStatement>& statements = {},
                                           const std::vector<std::string>& unreadable = {}) {
    std::vector<ExportFile> files;
    for (const auto name : {kRecordsFile, kCsvFile, kStatementsFile, kManifestFile, kSignatureFile})
        files.push_back({.name = std::string(name), .content = {}});
    ExportWriter writer(
        [&](std::string_view name) {
            return std::make_unique<KeptStream>(std::ranges::find(files, name, &ExportFile::name)->content);
        },
        memory);
    for (const WholeStatement& statement : statements) {
        Sorter chains(memory);
        for (const ChainHead& chain : statement.chains) chains.add(entry_of(chain));
        writer.add(statement, chains);
    }
    // As a table may give them.
    for (const auto& [approval_id, chain] : std::views::reverse(trails)) writer.add(chain);
    (void)writer.finish(unreadable, "1.0.0", kNow, keys());
    return files;
}

inline OpenFile opened(const std::vector<ExportFile>& files) {
    return [&files](std::string_view name) -> std::unique_ptr<std::istream> {
        const auto file = std::ranges::find(files, name, &ExportFile::name);
        if (file == files.end()) return nullptr;
        return std::make_unique<std::istringstream>(file->content);
    };
}

inline Verification verify_export(const std::vector<ExportFile>& files, const KeyRing* ring = nullptr) {
    return approvals::verify_export(opened(files), memory, ring);
}

inline std::vector<std::string> verify_signature(const std::vector<ExportFile>& files, const KeyRing& ring) {
    return approvals::verify_signature(opened(files), ring);
}

}  // namespace holdpoint::approvals::testing
