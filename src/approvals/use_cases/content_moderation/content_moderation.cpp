#include "approvals/use_cases/content_moderation/content_moderation.hpp"

#include "approvals/workflow/steps.hpp"

namespace holdpoint::approvals {

namespace {

class Review {
public:
    Review(durable::Context& context, const ModerationServices& services) : context_(context), services_(services) {}

    ReviewResult run(const durable::Json& event) {
        const WorkflowConfiguration& configuration = services_.approvals.configuration;
        const Content content = require(read_content(event, configuration.timeout_max()));
        const Request request = make_request(content, services_.rules);
        require(check_request(request, configuration));
        const ContentRecord held = hold(content);
        ReviewResult result{.approval_id = held.approval_id, .content_id = content.content_id};
        if (!holds_) return superseded(std::move(result));
        // An author requested nothing, and what moderators say to each other is not for them.
        WorkflowServices approvals = services_.approvals;
        approvals.tells_requester = false;
        const WorkflowResult approval = ask(context_, request, approvals);
        result.decision = approval.decision;
        result.approver = approval.approver;
        result.comments = approval.comments;
        result.decided_at = approval.decided_at;
        return settle(held, approval, std::move(result));
    }

private:
    ContentRecord hold(const Content& content) {
        const auto started = std::chrono::floor<Milliseconds>(context_.execution_started_at());
        ContentRecord record{.content_id = content.content_id,
                             .state = ContentState::held,
                             .title = content.title,
                             .author = content.author,
                             .urgent = content.urgent,
                             .approval_id = approval_id_of(context_.execution_arn()),
                             .review_started_at = to_iso8601(started),
                             .moderator = {},
                             .reason = {},
                             .decided_at = {}};
        holds_ = context_.step("hold-content", [&] { return require(services_.contents.hold(record)); },
                               {.retry = lasting()});
        return record;
    }

    ReviewResult settle(ContentRecord record, const WorkflowResult& approval, ReviewResult result) {
        ApprovalStatus outcome = ApprovalStatus::pending;
        boost::describe::enum_from_string(approval.decision.c_str(), outcome);
        record.state = state_after(outcome, record.urgent);
        result.outcome = outcome_of(record.state);
        if (record.state == ContentState::held) return result;
        record.moderator = approval.approver;
        record.reason = outcome == ApprovalStatus::timeout ? "Nobody decided in time." : approval.comments;
        record.decided_at = approval.decided_at;
        const bool settled =
            context_.step(record.state == ContentState::published ? "publish-content" : "remove-content",
                          [&] { return require(services_.contents.settle(record)); }, {.retry = lasting()});
        if (!settled) return superseded(std::move(result));
        context_.logger().info("content settled", {{"approval_id", result.approval_id},
                                                   {"content_id", result.content_id},
                                                   {"state", boost::describe::enum_to_string(record.state, "")}});
        return result;
    }

    ReviewResult superseded(ReviewResult result) {
        result.outcome = ReviewOutcome::superseded;
        context_.logger().warn("a later review of this content counts",
                               {{"approval_id", result.approval_id}, {"content_id", result.content_id}});
        return result;
    }

    static ReviewOutcome outcome_of(ContentState state) {
        switch (state) {
            case ContentState::published:
                return ReviewOutcome::published;
            case ContentState::removed:
                return ReviewOutcome::removed;
            case ContentState::held:
                break;
        }
        return ReviewOutcome::held;
    }

    durable::Context& context_;
    const ModerationServices& services_;
    bool holds_ = false;
};

}  // namespace

ReviewResult run_content_moderation(durable::Context& context, const durable::Json& event,
                                    const ModerationServices& services) {
    return Review(context, services).run(event);
}

}  // namespace holdpoint::approvals
