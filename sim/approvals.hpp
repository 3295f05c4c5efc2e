// Approvals: the application itself in a simulated world: its workflow and its API over the server's real tables.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "api/service.hpp"
#include "approvals/api/api.hpp"
#include "approvals/workflow/workflow.hpp"
#include "sim/ledger.hpp"
#include "sim/nature.hpp"
#include "sim/processes.hpp"

namespace holdpoint::sim {

/// The functions that run the approvals workflow, one for each way to wait.
inline constexpr const char* kPolling = "approve-polling";
inline constexpr const char* kCallback = "approve-callback";
[[nodiscard]] bool is_approval(const std::string& function);

class Approvals final : private approvals::Notifier {
public:
    Approvals(Nature& nature, Random& ids, Processes& processes);

    /// What creates the tables, as the server's DynamoDB takes it.
    [[nodiscard]] static std::vector<net::Request> table_requests();
    [[nodiscard]] durable::detail::DurableHandler handler(approvals::WaitMode mode);
    /// What starts a workflow. In stages Ann decides first and then Bob, else one of them.
    [[nodiscard]] static std::string event(const std::string& document, bool in_stages);
    /// Deciders still wait for their answer, or the auditor reads.
    [[nodiscard]] bool are_busy() const { return busy_ > 0; }

    /// Reads every record and its trail, once all has ended.
    void audit();
    /// One of approved, rejected and timeout; record, result, trail, and what deciders were told agree.
    [[nodiscard]] std::vector<std::string> broken_laws(const RowReader& rows) const;

private:
    /// What one decider said, and was answered.
    struct Heard {
        std::string approval_id;
        std::string decision;
        std::string approver;
        int status = 0;
        durable::Json body = {};
    };
    struct Found {
        approvals::ApprovalRequest record;
        std::vector<approvals::AuditRecord> trail;
    };
    using Complain = std::function<void(bool is_so, const std::string& law)>;

    [[nodiscard]] Result<void> publish(const approvals::Notification& notification) override;
    [[nodiscard]] approvals::WorkflowConfiguration configuration(approvals::WaitMode mode) const;
    void ask(const std::string& approval_id, const std::string& approver);
    void decide(const Heard& decider);
    void read(const std::string& approval_id);
    void judge_ended(const approvals::WorkflowResult& result, const Complain& require) const;
    void judge_trail(const Found& found, const Complain& require) const;
    void judge_heard(const Heard& heard, const Complain& require) const;

    Nature& nature_;
    Random& ids_;
    Processes& processes_;
    std::set<std::string> made_;                              // approvals that a workflow makes
    std::set<std::pair<std::string, std::string>> deciders_;  // who was asked for which
    std::vector<Heard> heard_;
    std::map<std::string, Found> found_;
    int busy_ = 0;
};

}  // namespace holdpoint::sim
