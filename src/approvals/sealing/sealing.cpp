#include "approvals/sealing/sealing.hpp"

#include "approvals/domain/chain_walk.hpp"

namespace holdpoint::approvals {

namespace {

/// Several may seal at once; each loser seals after the winner.
constexpr int kAttempts = 5;

void add(std::vector<std::string>& all, const std::vector<std::string>& more) {
    all.insert(all.end(), more.begin(), more.end());
}

/// What is wrong with the newest statement, which comes to this hash, as the one after that before it.
Result<std::vector<std::string>> problems_of(AuditStore& store, const HeadStatement& newest, const std::string& hash,
                                             const KeyRing& keys) {
    std::optional<HeadStatement> previous;
    if (newest.number > 1) {
        auto found = store.statement(newest.number - 1);
        if (!found) return std::unexpected(found.error());
        previous = std::move(*found);
    }
    // The statement that is made now vouches for one whose key was dropped.
    return verify_head(newest, hash, previous ? &*previous : nullptr, &keys, true);
}

/// The hash that the newest statement comes to, and how many ends it names, which `walk` is to expect.
Result<std::string> expect(AuditStore& store, Sealing& sealing, ChainWalk& walk) {
    walk.expect(*sealing.statement);
    HeadHash hash(*sealing.statement);
    const auto read = store.each_chain_of(*sealing.statement, [&](const ChainHead& end) {
        hash.add(end);
        walk.expect(end);
        ++sealing.chains;
    });
    if (!read) return std::unexpected(read.error());
    return hash.hex();
}

/// False when somebody else sealed meanwhile.
Result<bool> try_to_seal(AuditStore& store, SigningKeys& keys, const Clock& clock, ChainWalk& walk, Sealing& sealing) {
    // Before the chains, which may grow meanwhile.
    auto newest = store.newest();
    if (!newest) return std::unexpected(newest.error());
    sealing.statement = std::move(*newest);
    Result<std::string> hash;
    if (sealing.statement) hash = expect(store, sealing, walk);
    if (!hash) return std::unexpected(hash.error());
    const auto of_items = store.each_chain([&](std::vector<AuditRecord> chain) { walk.take(std::move(chain)); });
    if (!of_items) return std::unexpected(of_items.error());
    sealing.problems = walk.problems();
    add(sealing.problems, *of_items);
    const auto each_end = [&](const TakeEnd& take) { walk.each_end(take); };
    std::int64_t chains = 0;
    each_end([&](const ChainHead&) { ++chains; });
    if (chains == 0 && !sealing.statement) return true;

    const auto ring = keys.current();
    if (!ring) return std::unexpected(ring.error());
    if (sealing.statement) {
        const auto problems = problems_of(store, *sealing.statement, *hash, *ring);
        if (!problems) return std::unexpected(problems.error());
        add(sealing.problems, *problems);
        HeadHash now(*sealing.statement);
        each_end([&](const ChainHead& end) { now.add(end); });
        if (ring->has(sealing.statement->key_id) && now.hex() == *hash) return true;
    }
    HeadStatement made = make_head(each_end, sealing.statement ? &*sealing.statement : nullptr, clock.now(), *ring);
    const auto added = store.add(made, each_end);
    if (!added || !*added) return added;
    sealing.statement = std::move(made);
    sealing.chains = chains;
    sealing.is_new = true;
    return true;
}

}  // namespace

Result<Sealing> seal(AuditStore& store, SigningKeys& keys, const Clock& clock, const Scratch& scratch,
                     std::size_t buffer_bytes) {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        Sealing sealing;
        ChainWalk walk(scratch, buffer_bytes);
        const auto sealed = try_to_seal(store, keys, clock, walk, sealing);
        if (!sealed) return std::unexpected(sealed.error());
        if (*sealed) return sealing;
    }
    return fail("SealBusy", 503, "too many seal the audit trail at once");
}

}  // namespace holdpoint::approvals
