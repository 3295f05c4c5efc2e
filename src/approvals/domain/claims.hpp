// Claims: what a manifest and statements say of where chains end, held against the chains one after the other.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "approvals/domain/heads.hpp"
#include "approvals/domain/sorting.hpp"

namespace holdpoint::approvals {

class Claims {
public:
    /// Who says what.
    static constexpr std::size_t kManifest = 0;
    using Tell = std::function<void(std::size_t source, std::string problem)>;

    explicit Claims(const Scratch& scratch, std::size_t buffer_bytes = Sorter::kBufferBytes)
        : claims_(scratch, buffer_bytes) {}

    /// The number of a statement, which is called so; those of later ones are larger.
    [[nodiscard]] std::size_t add_source(std::string said_by);
    void add(std::size_t source, const ChainHead& end);

    /// Once all were added: from the first chain on,
    void rewind();
    /// which come by approval_id, each alone. Tells what is otherwise than said; what statements repeat, once. Answers
    /// where the manifest says that the chain ends; nothing when it does not name it.
    std::optional<std::int64_t> check(const std::string& approval_id, const Trails& chain, const Tell& tell);
    /// After the last.
    void finish(const Tell& tell);

private:
    /// Holds the next claim against the chain that it is of, or against none.
    void check_next(const Trails& chain, const Tell& tell);

    Sorter claims_;
    std::vector<std::string> sources_ = {"manifest"};
    std::optional<Entry> next_;
    std::string compared_id_;
    std::set<std::string> compared_;  // of this chain
    std::optional<std::int64_t> manifest_end_;
};

}  // namespace holdpoint::approvals
