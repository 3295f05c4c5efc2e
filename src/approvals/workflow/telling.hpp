// Telling: what a workflow tells people of its request, and the trail that they were told.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "approvals/workflow/workflow.hpp"

namespace holdpoint::approvals {

class Telling {
public:
    /// `created` is the request as it was made; all outlive this.
    Telling(durable::Context& context, const WorkflowServices& services, const ApprovalRequest& created)
        : context_(context), services_(services), created_(created) {}

    /// Tells the approvers, all who subscribed and those whom the policy names, on this occasion, in a step of this
    /// name; `event` is what the trail calls it. Nobody who could not be told holds the workflow up: the trail says so.
    /// Nor is anybody asked for what is over by then.
    void approvers(std::string_view name, ApprovalRequest approval, Occasion occasion, const std::string& event,
                   const AuditDetails& details);
    /// Tells the requester that somebody asks for changes, unless it is decided by then.
    void requester(ApprovalRequest approval);
    /// Records that the workflow goes on with this outcome, once the requester was told of it.
    void completed(ApprovalRequest decided);

private:
    [[nodiscard]] bool tells_requester() const { return services_.people != nullptr && services_.tells_requester; }
    [[nodiscard]] bool is_over(const ApprovalRequest& approval) const;
    [[nodiscard]] bool is_decided() const;
    [[nodiscard]] std::optional<std::string_view> why_late(const ApprovalRequest& approval, bool reads) const;
    void nobody(std::string_view event, const AuditDetails& details, std::string_view why);
    void people(const ApprovalRequest& approval, Occasion occasion, AuditDetails details);
    void failed(std::string_view step, const std::string& message, const durable::ErrorInfo& error,
                AuditDetails details);
    void append(const std::string& event, AuditDetails details);

    durable::Context& context_;
    const WorkflowServices& services_;
    const ApprovalRequest& created_;
};

}  // namespace holdpoint::approvals
