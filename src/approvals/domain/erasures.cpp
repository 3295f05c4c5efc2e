#include "approvals/domain/erasures.hpp"

#include <fmt/format.h>

#include <set>
#include <string_view>
#include <utility>

#include "base/text.hpp"

namespace holdpoint::approvals {

namespace {

constexpr auto kErased = "erased";
constexpr auto kFields = "fields";
constexpr std::string_view kBetweenRecords = "; ";
constexpr std::string_view kBetweenFields = ", ";
constexpr std::string_view kBeforeSeq = "record ";
constexpr std::string_view kAfterSeq = ": ";

std::vector<std::string_view> split(std::string_view text, std::string_view between) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t end = text.find(between);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + between.size());
    }
}

/// Back from to_text; without fields where it is no such text.
Erasure read_erasure(std::string_view text) {
    Erasure erasure;
    if (!text.starts_with(kBeforeSeq)) return erasure;
    text.remove_prefix(kBeforeSeq.size());
    const std::size_t end = text.find(kAfterSeq);
    const auto seq = read_number<std::int64_t>(text.substr(0, end));
    if (end == std::string_view::npos || !seq) return erasure;
    erasure.seq = *seq;
    for (const auto field : split(text.substr(end + kAfterSeq.size()), kBetweenFields)) {
        erasure.fields.emplace_back(field);
    }
    return erasure;
}

/// Of which records which fields may be empty.
std::set<std::pair<std::int64_t, std::string>> told_erasures(const std::vector<AuditRecord>& records) {
    std::set<std::pair<std::int64_t, std::string>> told;
    for (const AuditRecord& record : records) {
        for (const Erasure& erasure : erasures_told_by(record)) {
            for (const std::string& field : erasure.fields) told.emplace(erasure.seq, field);
        }
    }
    return told;
}

}  // namespace

std::string to_text(const Erasure& erasure) {
    return fmt::format("{}{}{}{}", kBeforeSeq, erasure.seq, kAfterSeq, fmt::join(erasure.fields, kBetweenFields));
}

AuditEvent erasure_event(const std::vector<Erasure>& erasures) {
    std::vector<std::string> texts;
    texts.reserve(erasures.size());
    for (const Erasure& erasure : erasures) texts.push_back(to_text(erasure));
    AuditEvent event{.event = kErased, .at = {}};
    event.details = {{kFields, fmt::format("{}", fmt::join(texts, kBetweenRecords))}};
    return event;
}

std::vector<Erasure> erasures_told_by(const AuditRecord& record) {
    std::vector<Erasure> told;
    const auto fields = record.details.find(kFields);
    if (record.event != kErased || fields == record.details.end()) return told;
    for (const auto text : split(fields->second, kBetweenRecords)) {
        Erasure erasure = read_erasure(text);
        // It can tell only of what was there when it was written.
        if (!erasure.fields.empty() && erasure.seq < record.seq) told.push_back(std::move(erasure));
    }
    return told;
}

std::vector<std::string> erasures(const std::vector<AuditRecord>& records) {
    const auto told = told_erasures(records);
    std::vector<std::string> all;
    for (const AuditRecord& record : records) {
        for (const std::string& name : erased_fields(record)) {
            if (!told.contains({record.seq, name})) continue;
            all.push_back(
                fmt::format("{} record {} ({}): {} erased", record.approval_id, record.seq, record.event, name));
        }
    }
    return all;
}

std::vector<Erasure> untold_erasures(const std::vector<AuditRecord>& records) {
    const auto told = told_erasures(records);
    std::vector<Erasure> untold;
    for (const AuditRecord& record : records) {
        std::vector<std::string> fields = erased_fields(record);
        std::erase_if(fields, [&](const std::string& field) { return told.contains({record.seq, field}); });
        if (!fields.empty()) untold.push_back({.seq = record.seq, .fields = std::move(fields)});
    }
    return untold;
}

}  // namespace holdpoint::approvals
