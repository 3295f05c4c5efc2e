#include "approvals/sealing/sealing.hpp"

#include "approvals/domain/chain_walk.hpp"

namespace holdpoint::approvals {

namespace {

/// Several may seal at once; each loser seals after the winner.
constexpr int kAttempts = 5;

void add(std::vector<std::string>& all, const std::vector<std::string>& more) {
    all.insert(all.end(), more.begin(), more.end());
}

/// What is wrong with the newest statement, as the one after that before it.
Result<std::vector<std::string>> problems_of(AuditStore& store, const HeadStatement& newest, const KeyRing& keys) {
    std::optional<HeadStatement> previous;
    if (newest.number > 1) {
        auto found = store.statement(newest.number - 1);
        if (!found) return std::unexpected(found.error());
        previous = std::move(*found);
    }
    // The statement that is made now vouches for one whose key was dropped.
    return verify_head(newest, previous ? &*previous : nullptr, keys, true);
}

/// False when somebody else sealed meanwhile.
Result<bool> try_to_seal(AuditStore& store, SigningKeys& keys, const Clock& clock, Sealing& sealing) {
    // Before the chains, which may grow meanwhile.
    auto newest = store.newest();
    if (!newest) return std::unexpected(newest.error());
    sealing.statement = std::move(*newest);
    if (sealing.statement) {
        auto chains = store.chains_of(*sealing.statement);
        if (!chains) return std::unexpected(chains.error());
        sealing.statement->chains = std::move(*chains);
    }
    ChainWalk walk(sealing.statement ? &*sealing.statement : nullptr);
    const auto of_items = store.each_chain([&](std::vector<AuditRecord> chain) { walk.take(std::move(chain)); });
    if (!of_items) return std::unexpected(of_items.error());
    sealing.problems = walk.problems();
    add(sealing.problems, *of_items);
    std::vector<ChainHead> heads = walk.heads();
    if (heads.empty() && !sealing.statement) return true;

    const auto ring = keys.current();
    if (!ring) return std::unexpected(ring.error());
    if (sealing.statement) {
        const auto problems = problems_of(store, *sealing.statement, *ring);
        if (!problems) return std::unexpected(problems.error());
        add(sealing.problems, *problems);
        if (ring->has(sealing.statement->key_id) && sealing.statement->chains == heads) return true;
    }
    HeadStatement made =
        make_head(std::move(heads), sealing.statement ? &*sealing.statement : nullptr, clock.now(), *ring);
    const auto added = store.add(made);
    if (!added || !*added) return added;
    sealing.statement = std::move(made);
    sealing.is_new = true;
    return true;
}

}  // namespace

Result<Sealing> seal(AuditStore& store, SigningKeys& keys, const Clock& clock) {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        Sealing sealing;
        const auto sealed = try_to_seal(store, keys, clock, sealing);
        if (!sealed) return std::unexpected(sealed.error());
        if (*sealed) return sealing;
    }
    return fail("SealBusy", 503, "too many seal the audit trail at once");
}

}  // namespace holdpoint::approvals
