#include "approvals/domain/chain_walk.hpp"

#include <fmt/format.h>

namespace holdpoint::approvals {

namespace {

void add(std::vector<std::string>& all, const std::vector<std::string>& more) {
    all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

ChainWalk::ChainWalk(const HeadStatement* last) {
    if (last == nullptr) return;
    said_by_ = fmt::format("statement {} of {}", last->number, last->at);
    for (const ChainHead& chain : last->chains) expected_[chain.approval_id] = chain;
}

void ChainWalk::take(std::vector<AuditRecord> chain) {
    if (chain.empty()) return;
    const std::string approval_id = chain.front().approval_id;
    const Trails one{{approval_id, std::move(chain)}};
    add(problems_, verify_trails(one));
    for (ChainHead& head : heads_of(one)) heads_[approval_id] = std::move(head);
    const auto expected = expected_.find(approval_id);
    if (expected == expected_.end()) return;
    add(problems_, compare({expected->second}, one, said_by_));
    expected_.erase(expected);
}

std::vector<ChainHead> ChainWalk::heads() const {
    std::vector<ChainHead> heads;
    heads.reserve(heads_.size());
    for (const auto& [approval_id, head] : heads_) heads.push_back(head);
    return heads;
}

std::vector<std::string> ChainWalk::problems() const {
    std::vector<std::string> problems = problems_;
    for (const auto& [approval_id, head] : expected_) add(problems, compare({head}, Trails(), said_by_));
    return problems;
}

}  // namespace holdpoint::approvals
