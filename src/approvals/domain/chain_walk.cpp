#include "approvals/domain/chain_walk.hpp"

#include <utility>

#include "approvals/domain/statements.hpp"

namespace holdpoint::approvals {

void ChainWalk::take(std::vector<AuditRecord> chain) {
    if (chain.empty()) return;
    const std::string approval_id = chain.front().approval_id;
    const Trails one{{approval_id, std::move(chain)}};
    const auto found = verify_trails(one);
    problems_.insert(problems_.end(), found.begin(), found.end());
    for (const AuditRecord& record : one.at(approval_id)) {
        records_.add(entry_of({.approval_id = approval_id, .seq = record.seq, .hash = record.hash}));
    }
}

std::vector<std::string> ChainWalk::problems() {
    std::vector<std::string> problems = problems_;
    const auto tell = [&](std::size_t, std::string problem) { problems.push_back(std::move(problem)); };
    said_.rewind();
    records_.rewind();
    auto entry = records_.next();
    while (entry) {
        const std::string approval_id = entry->key;
        std::vector<AuditRecord> records;
        for (; entry && entry->key == approval_id; entry = records_.next()) {
            const ChainHead end = end_of(*entry);
            AuditRecord record;
            record.seq = end.seq;
            record.hash = end.hash;
            records.push_back(std::move(record));
        }
        (void)said_.check(approval_id, {{approval_id, std::move(records)}}, tell);
    }
    said_.finish(tell);
    return problems;
}

void ChainWalk::each_end(const TakeEnd& take) {
    records_.rewind();
    auto last = records_.next();
    while (last) {
        auto next = records_.next();
        if (!next || next->key != last->key) take(end_of(*last));
        last = std::move(next);
    }
}

}  // namespace holdpoint::approvals
