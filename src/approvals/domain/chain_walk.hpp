// Chain walk: looks at all chains, one after the other, so that a seal takes no more memory for many than for few:
// where they end waits in scratch files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "approvals/domain/claims.hpp"
#include "approvals/domain/heads.hpp"
#include "approvals/domain/sorting.hpp"

namespace holdpoint::approvals {

class ChainWalk {
public:
    explicit ChainWalk(const Scratch& scratch, std::size_t buffer_bytes = Sorter::kBufferBytes)
        : said_(scratch, buffer_bytes), records_(scratch, buffer_bytes) {}

    /// The newest statement, if there is one: the walk holds the chains against each end that it names.
    void expect(const HeadStatement& last) { source_ = said_.add_source(name_of(last)); }
    void expect(const ChainHead& end) { said_.add(source_, end); }
    /// A whole chain, by seq; each once.
    void take(std::vector<AuditRecord> chain);

    /// Once all were taken: what is wrong with them, by themselves and by what the statement says,
    [[nodiscard]] std::vector<std::string> problems();
    /// and where they end, by approval_id, as often as it is asked.
    void each_end(const TakeEnd& take);

private:
    std::size_t source_ = Claims::kManifest;
    Claims said_;
    Sorter records_;  // where each would be an end
    std::vector<std::string> problems_;
};

}  // namespace holdpoint::approvals
