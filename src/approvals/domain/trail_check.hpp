// Trail check: what a stack's tables have now: each chain by itself, against all statements, and against the request's
// record. Holds one of them at a time; the others wait in scratch files.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "approvals/domain/claims.hpp"
#include "approvals/domain/export_check.hpp"
#include "approvals/domain/sorting.hpp"
#include "approvals/domain/statements.hpp"
#include "base/result.hpp"

namespace holdpoint::approvals {

class TrailCheck {
public:
    /// `buffer_bytes` of each of a few kinds are in memory.
    explicit TrailCheck(const Scratch& scratch, std::size_t buffer_bytes = Sorter::kBufferBytes);

    /// The statements that were made before the chains are read, by number. `each` is called with what takes the ends
    /// that it names; fails as that does.
    [[nodiscard]] Result<void> add(const HeadStatement& statement,
                                   const std::function<Result<void>(const TakeEnd& take)>& each);
    /// A whole chain, in whatever order of chains; each once.
    void add(std::vector<AuditRecord> chain);
    /// A request's record, read after the chains; nothing when it cannot be read.
    void add(const std::string& approval_id, std::optional<ApprovalRequest> record);

    /// Once all were added: those whose record says something else than their chain, by approval_id. What was decided
    /// since the chains were read is among them (agreement.hpp).
    [[nodiscard]] std::vector<std::string> compare();

    /// What the chains say by themselves,
    [[nodiscard]] Verification& found() { return found_; }
    /// and, after compare(), what is wrong with the statements, and with the chains by what these say.
    [[nodiscard]] std::vector<std::string> verify_statements(const KeyRing& keys) const;
    [[nodiscard]] Sealed sealed(const KeyRing& keys) const { return sealed_by(statements_, &keys); }

private:
    Scratch scratch_;
    std::size_t buffer_bytes_;
    std::vector<ReadStatement> statements_;
    std::vector<std::vector<std::string>> told_;  // what each says that is not so
    ChainEnds ends_;                              // of the last statement
    Claims claims_;
    Sorter chains_;
    Sorter records_;
    Verification found_;
};

}  // namespace holdpoint::approvals
