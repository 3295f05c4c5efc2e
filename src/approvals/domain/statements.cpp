#include "approvals/domain/statements.hpp"

#include <utility>

namespace holdpoint::approvals {

StatementLine ChainEnds::advance(const HeadStatement& statement) {
    StatementLine line{.number = statement.number,
                       .at = statement.at,
                       .chains = {},
                       .gone = {},
                       .prev_hash = statement.prev_hash,
                       .hash = statement.hash,
                       .key_id = statement.key_id,
                       .signature = statement.signature};
    std::map<std::string, ChainHead> ends;
    for (const ChainHead& chain : statement.chains) {
        const auto before = ends_.find(chain.approval_id);
        if (before == ends_.end() || before->second != chain) line.chains.push_back(chain);
        ends[chain.approval_id] = chain;
    }
    for (const auto& [approval_id, end] : ends_) {
        if (!ends.contains(approval_id)) line.gone.push_back(approval_id);
    }
    ends_ = std::move(ends);
    return line;
}

HeadStatement ChainEnds::advance(const StatementLine& line) {
    for (const std::string& approval_id : line.gone) ends_.erase(approval_id);
    for (const ChainHead& chain : line.chains) ends_[chain.approval_id] = chain;
    HeadStatement statement{.number = line.number,
                            .at = line.at,
                            .chains = {},
                            .prev_hash = line.prev_hash,
                            .hash = line.hash,
                            .key_id = line.key_id,
                            .signature = line.signature};
    for (const auto& [approval_id, end] : ends_) statement.chains.push_back(end);
    return statement;
}

void StatementsFile::add(const HeadStatement& statement) {
    file_.content += durable::to_json(ends_.advance(statement)).dump() + "\n";
    ++file_.rows;
}

void StatementCheck::check(HeadStatement statement, std::vector<std::string>& problems) {
    const auto add = [&](const std::vector<std::string>& more) {
        problems.insert(problems.end(), more.begin(), more.end());
    };
    const HeadStatement* previous = previous_ ? &*previous_ : nullptr;
    add(keys_ == nullptr ? verify_head(statement, previous)
                         : verify_head(statement, previous, *keys_, statement.number < last_signed_));
    ++sealed_.statements;
    if (keys_ != nullptr && keys_->has(statement.key_id)) ++sealed_.signatures;
    sealed_.last_at = statement.at;
    sealed_.hashes.insert(statement.hash);
    std::erase_if(statement.chains, [&](const ChainHead& chain) {
        return !compared_.emplace(chain.approval_id, chain.seq, chain.hash).second;
    });
    add(compare(statement, trails_));
    statement.chains.clear();
    previous_ = std::move(statement);
}

}  // namespace holdpoint::approvals
