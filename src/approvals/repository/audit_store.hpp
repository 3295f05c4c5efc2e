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

    /// The trails, chain after chain, none of which is kept. Answers what is wrong with items that are no audit
    /// records, or more than one says: "ID record 2: …".
    [[nodiscard]] Result<std::vector<std::string>> each_chain(
        const std::function<void(std::vector<AuditRecord> chain)>& take);

    /// The requests' records; nothing for what is none.
    [[nodiscard]] Result<void> each_record(
        const std::string& approvals_table,
        const std::function<void(const std::string& approval_id, std::optional<ApprovalRequest> record)>& take);

    /// The newest statement; nothing when there is none. In as few reads as that takes where there are no gaps.
    [[nodiscard]] Result<std::optional<HeadStatement>> newest();
    [[nodiscard]] Result<std::optional<HeadStatement>> statement(std::int64_t number);
    /// All statements by number.
    [[nodiscard]] Result<std::vector<HeadStatement>> statements();
    /// The ends that one of these names, one after the other; those that were taken out of the table are missing.
    [[nodiscard]] Result<void> each_chain_of(const HeadStatement& statement, const TakeEnd& take);
    /// `each` is called with what takes the ends that it names. False when there is a statement of this number already:
    /// somebody else sealed meanwhile.
    [[nodiscard]] Result<bool> add(const HeadStatement& statement,
                                   const std::function<void(const TakeEnd& take)>& each);

    /// Empties fields of a stored record. Fails when the record is not as it was read.
    [[nodiscard]] Result<void> erase(const AuditRecord& record, const std::vector<std::string>& fields);

private:
    /// Calls `take` with each item, page after page.
    template <class Take>
    Result<void> scan(boost::json::object request, Take take);
    Result<void> add_part(const HeadStatement& statement, std::size_t part, boost::json::array chains);

    aws::Client& client_;
    std::string audit_table_;
    std::string settings_table_;
};

}  // namespace holdpoint::approvals
