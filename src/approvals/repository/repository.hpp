// Repository: the table operations of approvals. Races are settled here, by conditions in the table, never in memory.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "approvals/domain/amending.hpp"
#include "approvals/domain/audit.hpp"
#include "approvals/domain/deciding.hpp"
#include "approvals/domain/models.hpp"
#include "approvals/domain/service_levels.hpp"
#include "approvals/domain/validation.hpp"
#include "aws/client.hpp"
#include "base/clock.hpp"

namespace holdpoint::approvals {

/// A stored request whose record is none, because something else wrote it.
struct UnreadableRequest {
    std::string approval_id;
    std::string problem;  // "$.votes: expected a list, found text"
};

struct ApprovalPage {
    std::vector<ApprovalRequest> approvals;
    std::vector<UnreadableRequest> unreadable;  // left out of these
    std::string next_token;                     // empty: nothing more
};

/// The error of who asks for such a record, or for a chain that has one.
inline constexpr std::string_view kRecordUnreadable = "RECORD_UNREADABLE";

/// Which requests service levels look at: of this status, made since then, no more than `max` of them.
struct TimingsRequest {
    ApprovalStatus status = ApprovalStatus::pending;
    TimePoint since;
    std::size_t max = 0;
    bool oldest_first = false;
};
struct Timings {
    std::vector<RequestTiming> timings;
    bool is_complete = true;  // there are no more, and none that cannot be read
};

/// What a request's people are told from now on (domain/news.hpp).
struct Told {
    std::int64_t stages = 0;
    std::int64_t votes = 0;
    std::optional<std::string> callback_token = {};  // absent: the one that the record has
};

/// Every error is one of the service's, after its retries; a change and its audit record are one transaction.
class Repository {
public:
    virtual ~Repository() = default;

    /// Writes the record and its first audit record, once: meeting this execution's own record is success.
    [[nodiscard]] virtual Result<void> create(const ApprovalRequest& approval) = 0;
    /// A consistent read; nothing when there is no such record. RECORD_UNREADABLE when it is none.
    [[nodiscard]] virtual Result<std::optional<ApprovalRequest>> find(const std::string& approval_id) = 0;
    /// Records a vote, and the decision when it is the last one, where the request is pending, not expired and has the
    /// votes that it had when it was read. Answers the record as it is then; nothing when it had changed.
    [[nodiscard]] virtual Result<std::optional<ApprovalRequest>> vote(const ApprovalRequest& approval,
                                                                      const Accepted& accepted) = 0;
    /// Writes an amended record, where the request is pending, not expired and as it was when it was read. False when
    /// it had changed.
    [[nodiscard]] virtual Result<bool> amend(const ApprovalRequest& before, const Amended& amended) = 0;
    /// Ends a pending request that nobody decided in time, as timeout or rejected; or answers what won. `more` goes
    /// into the audit record.
    [[nodiscard]] virtual Result<ApprovalRequest> time_out(const ApprovalRequest& approval, ApprovalStatus outcome,
                                                           const AuditDetails& more) = 0;
    /// Lets those decide, too, whom the policy's escalation names, and moves the deadline, once; or answers what won.
    [[nodiscard]] virtual Result<ApprovalRequest> escalate(const ApprovalRequest& approval,
                                                           const std::string& expires_at) = 0;
    /// Notes what people are told from now on, and the callback that the workflow waits on, where the request is
    /// pending and as it was when it was read. False when it had changed.
    [[nodiscard]] virtual Result<bool> note_told(const ApprovalRequest& read, const Told& told) = 0;
    /// By StatusIndex, newest first; or by ExpiryIndex, most urgent first.
    [[nodiscard]] virtual Result<ApprovalPage> list(const ListRequest& request) = 0;
    /// By StatusIndex.
    [[nodiscard]] virtual Result<Timings> timings(const TimingsRequest& request) = 0;

    /// Adds an audit record; with `once`, not when the chain already has one of this event with these details.
    [[nodiscard]] virtual Result<void> append(const std::string& approval_id, const AuditEvent& event, bool once) = 0;
    /// The same where the chain, as it is when the record is written, takes it.
    [[nodiscard]] virtual Result<void> append_where(
        const std::string& approval_id, const AuditEvent& event,
        const std::function<bool(const std::vector<AuditRecord>& chain)>& takes) = 0;
    /// Adds a refused decision (domain/refused.hpp), unless the chain takes it not.
    [[nodiscard]] virtual Result<void> append_refusal(const std::string& approval_id, const AuditEvent& refused) = 0;
    /// Makes a write, as TransactWriteItems takes it, and adds its record to a chain, in one transaction. False when
    /// the write's condition did not hold.
    [[nodiscard]] virtual Result<bool> write_with(boost::json::object write, const std::string& chain,
                                                  const AuditEvent& event) = 0;
    /// The whole chain, by seq. RECORD_UNREADABLE when a record of it is none.
    [[nodiscard]] virtual Result<std::vector<AuditRecord>> trail(const std::string& approval_id) = 0;
};

/// The token of the page that begins after this request.
[[nodiscard]] std::string list_token(ListOrder order, const ApprovalRequest& last);

struct TableNames {
    std::string approvals;
    std::string audit;
};

/// Over DynamoDB.
[[nodiscard]] std::unique_ptr<Repository> make_repository(aws::Client& client, TableNames tables, const Clock& clock,
                                                          Random& random);

}  // namespace holdpoint::approvals
