// Audit store: what an auditor does with the tables, by their own credentials: reads every chain, seals where all of
// them end, erases a person's fields. The one function that may read and seal is the one that seals periodically.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "approvals/domain/heads.hpp"
#include "aws/client.hpp"

namespace holdpoint::approvals {

class AuditStore {
public:
    AuditStore(aws::Client& client, std::string audit_table, std::string settings_table)
        : client_(client), audit_table_(std::move(audit_table)), settings_table_(std::move(settings_table)) {}

    /// The requests whose record says something else than their chain, by approval_id: what was decided since the
    /// trails were read is among them (agreements.hpp).
    [[nodiscard]] Result<std::vector<std::string>> records_unlike(const std::string& approvals_table,
                                                                  const Trails& trails);

    /// The trails, chain after chain, none of which is kept. Answers what is wrong with items that are no audit
    /// records, or more than one says: "ID record 2: …".
    [[nodiscard]] Result<std::vector<std::string>> each_chain(
        const std::function<void(std::vector<AuditRecord> chain)>& take);

    /// The newest statement, without its chains; nothing when there is none. In as few reads as that takes where there
    /// are no gaps.
    [[nodiscard]] Result<std::optional<HeadStatement>> newest();
    [[nodiscard]] Result<std::optional<HeadStatement>> statement(std::int64_t number);
    /// All statements by number, without their chains, which may be many.
    [[nodiscard]] Result<std::vector<HeadStatement>> statements();
    /// The chains of one of these, one after the other; those that were taken out of the table are missing.
    [[nodiscard]] Result<void> each_chain_of(const HeadStatement& statement,
                                             const std::function<void(const ChainHead& chain)>& take);
    /// All of them.
    [[nodiscard]] Result<std::vector<ChainHead>> chains_of(const HeadStatement& statement);
    /// False when there is a statement of this number already: somebody else sealed meanwhile.
    [[nodiscard]] Result<bool> add(const HeadStatement& statement);

    /// Empties fields of a stored record. Fails when the record is not as it was read.
    [[nodiscard]] Result<void> erase(const AuditRecord& record, const std::vector<std::string>& fields);

private:
    /// Calls `take` with each item, page after page.
    template <class Take>
    Result<void> scan(boost::json::object request, Take take);

    aws::Client& client_;
    std::string audit_table_;
    std::string settings_table_;
};

}  // namespace holdpoint::approvals
