// Statements with all that they name, for tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "approvals/domain/heads.hpp"

namespace holdpoint::approvals::testing {

struct WholeStatement : HeadStatement {
    std::vector<ChainHead> chains;  // by approval_id
    friend bool operator==(const WholeStatement&, const WholeStatement&) = default;
};

inline std::vector<ChainHead> heads_of(const Trails& trails) {
    std::vector<ChainHead> heads;
    for (const auto& [approval_id, records] : trails) {
        heads.push_back({.approval_id = approval_id, .seq = records.back().seq, .hash = records.back().hash});
    }
    return heads;
}

/// What calls something with each of them.
inline auto each_of(const std::vector<ChainHead>& chains) {
    return [&chains](const TakeEnd& take) {
        for (const ChainHead& chain : chains) take(chain);
    };
}

inline WholeStatement make_head(std::vector<ChainHead> chains, const HeadStatement* previous, TimePoint at,
                                const KeyRing& keys) {
    const HeadStatement head = approvals::make_head(each_of(chains), previous, at, keys);
    return {head, std::move(chains)};
}

inline std::string hash_of(const WholeStatement& head) {
    HeadHash hash(head);
    for (const ChainHead& chain : head.chains) hash.add(chain);
    return hash.hex();
}

inline std::vector<std::string> verify_head(const WholeStatement& head, const HeadStatement* previous,
                                            const KeyRing& keys, bool vouched = false) {
    return approvals::verify_head(head, hash_of(head), previous, &keys, vouched);
}

inline std::vector<std::string> compare(const WholeStatement& head, const Trails& trails) {
    return approvals::compare(head.chains, trails, name_of(head));
}

}  // namespace holdpoint::approvals::testing
