// Heads: signed statements of where every audit chain ends, each naming the one before. A chain is whole by itself;
// only a statement tells that a whole chain, or the end of one, is gone.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "approvals/domain/audit.hpp"
#include "approvals/domain/signing.hpp"
#include "base/clock.hpp"
#include "base/digest.hpp"

namespace holdpoint::approvals {

/// Approval -> its chain, by seq.
using Trails = std::map<std::string, std::vector<AuditRecord>>;

/// Without the chain that is of no approval.
[[nodiscard]] inline std::int64_t count_approvals(const Trails& trails) {
    return static_cast<std::int64_t>(trails.size() - trails.count(kPoliciesChain));
}

/// The last record of one chain.
struct ChainHead {
    std::string approval_id;
    std::int64_t seq = 0;
    std::string hash;
    friend bool operator==(const ChainHead&, const ChainHead&) = default;
};
BOOST_DESCRIBE_STRUCT(ChainHead, (), (approval_id, seq, hash))

/// Takes one chain's end after the other.
using TakeEnd = std::function<void(const ChainHead& end)>;

/// Without the ends of the chains that it names: they may be many.
struct HeadStatement {
    std::int64_t number = 1;  // from 1, without gaps
    std::string at;           // ISO 8601 UTC
    std::string prev_hash;    // of the statement before; 64 zeros for the first
    std::string hash;         // over all above, and the ends of the chains by approval_id
    std::string key_id;
    std::string signature;  // of hash
    friend bool operator==(const HeadStatement&, const HeadStatement&) = default;
};

/// The hash of a statement, over the ends that it names one after the other.
class HeadHash {
public:
    explicit HeadHash(const HeadStatement& head);
    void add(const ChainHead& chain);
    /// Once all were added.
    [[nodiscard]] std::string hex();

private:
    Sha256 digest_;
};

/// `previous` is the last statement, nullptr for the first. `each` is called with what takes the ends, by approval_id.
[[nodiscard]] HeadStatement make_head(const std::function<void(const TakeEnd& take)>& each,
                                      const HeadStatement* previous, TimePoint at, const KeyRing& keys);

/// Everything that is wrong with a statement that comes to this HeadHash, by itself and as the one after `previous`;
/// empty when nothing is. Without keys its signature is not looked at. When it is `vouched` for, by a later statement
/// that follows from it and whose key is known, its own key may be gone.
[[nodiscard]] std::vector<std::string> verify_head(const HeadStatement& head, const std::string& hash,
                                                   const HeadStatement* previous, const KeyRing* keys, bool vouched);

/// What the trails no longer have, or have otherwise, of the ends that `said_by` says. Newer chains and records are no
/// fault.
[[nodiscard]] std::vector<std::string> compare(const std::vector<ChainHead>& chains, const Trails& trails,
                                               std::string_view said_by);
/// What a statement is called as one who says so.
[[nodiscard]] std::string name_of(const HeadStatement& head);

/// Every problem of every chain (verify_chain).
[[nodiscard]] std::vector<std::string> verify_trails(const Trails& trails);

}  // namespace holdpoint::approvals
