// Statements: all that were made of where the chains end: as a file of an export, and held against the trails.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "approvals/domain/heads.hpp"
#include "approvals/domain/sorting.hpp"

namespace holdpoint::approvals {

/// A statement as the file has it: next to the one before. So each end of a chain is in the file once, not once for
/// every statement that was made since.
struct StatementLine {
    std::int64_t number = 1;
    std::string at;
    std::vector<ChainHead> chains;  // those that the statement before has not, or with another end
    std::vector<std::string> gone;  // those that the statement before has, and this one has not
    std::string prev_hash;
    std::string hash;
    std::string key_id;
    std::string signature;
};
BOOST_DESCRIBE_STRUCT(StatementLine, (), (number, at, chains, gone, prev_hash, hash, key_id, signature))

/// The end of a chain as it is sorted, and back.
[[nodiscard]] Entry entry_of(const ChainHead& end);
[[nodiscard]] ChainHead end_of(const Entry& entry);

/// Where the chains end according to statements that come one after the other, in scratch files: they may be many.
class ChainEnds {
public:
    explicit ChainEnds(const Scratch& scratch) : ends_(scratch()), next_(scratch()) {}

    /// What changes with the next statement: entry_of each other end, the last of several of one chain; and an entry
    /// without a value for a chain that is gone, where there is none of it. `take` is called with each end then, by
    /// approval_id.
    void change(Sorter& changes, const std::function<void(const ChainHead& end, bool is_new)>& take);
    /// The other way round, from all ends that the next statement names.
    void replace(Sorter& ends, const std::function<void(const ChainHead& end)>& changed,
                 const std::function<void(const std::string& approval_id)>& gone);

private:
    Run ends_;
    Run next_;
};

/// How many statements were held against the trails.
struct Sealed {
    std::int64_t statements = 0;
    std::int64_t signatures = 0;  // those that were checked
    std::string last_at;          // ISO 8601 UTC
    std::set<std::string> hashes = {};

    void add(const HeadStatement& statement, const KeyRing* keys);
};

/// The number of the last statement whose key is known, which vouches for those before it; 0 for none.
template <class Statements>
[[nodiscard]] std::int64_t last_signed(const Statements& statements, const KeyRing* keys) {
    std::int64_t last = 0;
    for (const auto& statement : statements) {
        if (keys != nullptr && keys->has(statement.key_id)) last = statement.number;
    }
    return last;
}

/// Holds statements against the trails, and each against the one before. What one repeats of another is compared once.
class StatementCheck {
public:
    /// Without keys no signature is checked.
    StatementCheck(const Trails& trails, const KeyRing* keys, std::int64_t last_signed)
        : trails_(trails), keys_(keys), last_signed_(last_signed) {}

    void check(HeadStatement statement, std::vector<std::string>& problems);
    [[nodiscard]] const Sealed& sealed() const { return sealed_; }

private:
    const Trails& trails_;
    const KeyRing* keys_;
    std::int64_t last_signed_;
    std::optional<HeadStatement> previous_;  // without its chains
    std::set<std::tuple<std::string, std::int64_t, std::string>> compared_;
    Sealed sealed_;
};

}  // namespace holdpoint::approvals
