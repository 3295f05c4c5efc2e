#include "approvals/domain/trail_check.hpp"

#include <expected>
#include <utility>

#include "approvals/domain/agreement.hpp"

namespace holdpoint::approvals {

namespace {

/// Also of what was unreadable.
bool agrees(const std::string& record, const std::vector<AuditRecord>& chain) {
    return !record.empty() &&
           disagreements(durable::from_json<ApprovalRequest>(durable::Json::parse(record)), chain).empty();
}

}  // namespace

TrailCheck::TrailCheck(const Scratch& scratch, std::size_t buffer_bytes)
    : scratch_(scratch),
      buffer_bytes_(buffer_bytes),
      ends_(scratch),
      claims_(scratch, buffer_bytes),
      chains_(scratch, buffer_bytes),
      records_(scratch, buffer_bytes) {}

Result<void> TrailCheck::add(const HeadStatement& statement,
                             const std::function<Result<void>(const TakeEnd& take)>& each) {
    HeadHash hash(statement);
    Sorter named(scratch_, buffer_bytes_);
    const auto read = each([&](const ChainHead& end) {
        hash.add(end);
        named.add(entry_of(end));
    });
    if (!read) return read;
    // What it repeats of the one before is compared once.
    const std::size_t source = claims_.add_source(name_of(statement));
    ends_.replace(named, [&](const ChainHead& end) { claims_.add(source, end); }, [](const std::string&) {});
    statements_.push_back({.head = statement, .hash = hash.hex()});
    told_.emplace_back();
    return {};
}

void TrailCheck::add(std::vector<AuditRecord> chain) {
    if (chain.empty()) return;
    const std::string approval_id = chain.front().approval_id;
    Trails one;
    std::vector<AuditRecord>& records = one.emplace(approval_id, std::move(chain)).first->second;
    found_.add(verify_all(one));
    for (AuditRecord& record : records) keep_compared(record);
    chains_.add({.key = approval_id, .value = durable::to_json(records).dump()});
}

void TrailCheck::add(const std::string& approval_id, std::optional<ApprovalRequest> record) {
    if (record) keep_compared(*record);
    records_.add({.key = approval_id, .value = record ? durable::to_json(*record).dump() : ""});
}

std::vector<std::string> TrailCheck::compare() {
    std::vector<std::string> unlike;
    const auto tell = [&](std::size_t source, std::string problem) {
        told_[source - 1].push_back(std::move(problem));  // the sources are the statements
    };
    claims_.rewind();
    auto record = records_.next();
    while (const auto entry = chains_.next()) {
        const Trails chain{
            {entry->key, durable::from_json<std::vector<AuditRecord>>(durable::Json::parse(entry->value))}};
        (void)claims_.check(entry->key, chain, tell);
        for (; record && record->key <= entry->key; record = records_.next()) {
            const bool has_chain = record->key == entry->key;
            if (!has_chain || !agrees(record->value, chain.at(entry->key))) unlike.push_back(record->key);
        }
    }
    for (; record; record = records_.next()) unlike.push_back(record->key);
    claims_.finish(tell);
    return unlike;
}

std::vector<std::string> TrailCheck::verify_statements(const KeyRing& keys) const {
    return approvals::verify_statements(statements_, told_, &keys);
}

}  // namespace holdpoint::approvals
