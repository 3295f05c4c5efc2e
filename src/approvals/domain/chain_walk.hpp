// Chain walk: looks at all chains, one after the other, so that a seal takes no more memory than their ends do, however
// long the trail has become.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "approvals/domain/heads.hpp"

namespace holdpoint::approvals {

class ChainWalk {
public:
    /// `last` is the newest statement, with its chains; nullptr when there is none.
    explicit ChainWalk(const HeadStatement* last);

    /// A whole chain, by seq; each once.
    void take(std::vector<AuditRecord> chain);

    /// Once all were taken: where they end, by approval_id,
    [[nodiscard]] std::vector<ChainHead> heads() const;
    /// and what is wrong with them, by themselves and by what the statement says.
    [[nodiscard]] std::vector<std::string> problems() const;

private:
    std::string said_by_;
    std::map<std::string, ChainHead> expected_;  // of the statement, and not taken yet
    std::map<std::string, ChainHead> heads_;
    std::vector<std::string> problems_;
};

}  // namespace holdpoint::approvals
