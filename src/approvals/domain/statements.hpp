// Statements: all that were made of where the chains end: as a file of an export, and each as the one after another.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
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
};

/// A statement that was read, and the HeadHash that it comes to.
struct ReadStatement {
    HeadStatement head;
    std::string hash;
};

/// What is wrong with all statements, by number: with each by itself and as the one after that before it, and then what
/// it says that is not so (`told`, a list for each). Without keys no signature is looked at.
[[nodiscard]] std::vector<std::string> verify_statements(const std::vector<ReadStatement>& statements,
                                                         const std::vector<std::vector<std::string>>& told,
                                                         const KeyRing* keys);
/// How many they are.
[[nodiscard]] Sealed sealed_by(const std::vector<ReadStatement>& statements, const KeyRing* keys);

}  // namespace holdpoint::approvals
