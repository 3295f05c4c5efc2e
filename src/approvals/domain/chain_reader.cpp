#include "approvals/domain/chain_reader.hpp"

#include <fmt/format.h>

#include <istream>
#include <utility>

#include "approvals/domain/document_reader.hpp"

namespace holdpoint::approvals {

ChainReader::ChainReader(const OpenFile& open, const Scratch& scratch, bool is_sorted) : file_(open(kRecordsFile)) {
    if (is_sorted) sort(scratch);
    next_ = next_record();
}

std::optional<std::vector<AuditRecord>> ChainReader::next() {
    if (!next_) return std::nullopt;
    std::vector<AuditRecord> chain;
    while (next_ && (chain.empty() || next_->approval_id == chain.front().approval_id)) {
        chain.push_back(std::move(*next_));
        next_ = next_record();
    }
    if (next_ && next_->approval_id < chain.front().approval_id) {
        is_whole_ = false;
        return std::nullopt;
    }
    return chain;
}

std::optional<AuditRecord> ChainReader::next_record() {
    if (!sorter_) return next_of_lines();
    const auto entry = sorter_->next();
    if (!entry) return std::nullopt;
    return durable::from_json<AuditRecord>(durable::Json::parse(entry->value));
}

std::optional<AuditRecord> ChainReader::next_of_lines() {
    while (std::getline(*file_, text_)) {
        ++line_;
        auto record = read_document<AuditRecord>(text_, where(), "an audit record", problems_);
        if (record) return record;
    }
    return std::nullopt;
}

void ChainReader::sort(const Scratch& scratch) {
    Sorter sorter(scratch);
    std::string before;
    bool is_told = false;
    while (const auto record = next_of_lines()) {
        if (record->approval_id < before && !std::exchange(is_told, true)) {
            problems_.push_back(
                fmt::format("{}: {} record {} ({}) stands after records of {}: the lines are in another order", where(),
                            record->approval_id, record->seq, record->event, before));
        }
        before = record->approval_id;
        sorter.add({.key = record->approval_id, .value = text_});
    }
    sorter_ = std::move(sorter);
}

std::string ChainReader::where() const {
    return fmt::format("{} line {}", kRecordsFile, line_);
}

}  // namespace holdpoint::approvals
