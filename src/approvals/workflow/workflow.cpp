#include "approvals/workflow/workflow.hpp"

#include <algorithm>

#include "approvals/workflow/steps.hpp"

namespace holdpoint::approvals {

namespace {

constexpr std::int64_t kPollsMax = 2500;
constexpr std::chrono::hours kKeptAfterExpiry{90 * 24};

/// The state of a poll.
struct Poll {
    std::optional<ApprovalRequest> approval;
    std::int64_t seconds_left = 0;  // until it expires
};
BOOST_DESCRIBE_STRUCT(Poll, (), (approval, seconds_left))

class Workflow {
public:
    Workflow(durable::Context& context, const WorkflowServices& services) : context_(context), services_(services) {}

    WorkflowResult run(const durable::Json& json) {
        const WorkflowEvent event = require(
            read_event(json, services_.configuration.approval_timeout_seconds, services_.configuration.timeout_max()));
        timeout_seconds_ = event.timeout_seconds.value_or(services_.configuration.approval_timeout_seconds);
        std::optional<durable::Callback<durable::RawText>> callback;
        if (services_.configuration.wait_mode == WaitMode::callback) {
            // Before the record: whoever may decide finds the token there.
            callback = context_.create_callback<durable::RawText>("decision",
                                                                  {.timeout = std::chrono::seconds(timeout_seconds_)});
        }
        approval_ = make_approval(event);
        // The step's result would hold the callback's id, so it has none.
        context_.step("create-approval-request", [&] { create(callback ? &callback->id() : nullptr); },
                      {.retry = patient()});
        context_.logger().info("approval requested", {{"approval_id", approval_.approval_id}});
        notify();
        if (callback) await(*callback);
        const ApprovalRequest decided = wait_for_decision();
        return complete(decided);
    }

private:
    /// The same in every replay.
    ApprovalRequest make_approval(const WorkflowEvent& event) const {
        const auto created = std::chrono::floor<Milliseconds>(context_.execution_started_at());
        const TimePoint expires = created + std::chrono::seconds(timeout_seconds_);
        ApprovalRequest approval;
        approval.approval_id = approval_id_of(context_.execution_arn());
        approval.document_id = event.document_id;
        approval.document_name = event.document_name;
        approval.requester = event.requester;
        approval.fields = event.fields;
        approval.link = event.link;
        approval.kind = event.kind;
        approval.policy = event.policy;
        approval.created_at = to_iso8601(created);
        approval.updated_at = approval.created_at;
        approval.expires_at = to_iso8601(expires);
        approval.ttl = to_epoch_ms(expires + kKeptAfterExpiry) / 1000;
        approval.execution_arn = context_.execution_arn();
        return approval;
    }

    void create(const std::string* callback_id) {
        ApprovalRequest approval = approval_;
        if (callback_id != nullptr) approval.callback_token = *callback_id;
        require(services_.repository.create(approval));
    }

    void notify() {
        try {
            context_.step("notify-approvers",
                          [&] {
                              require(services_.notifier.publish(make_notification(
                                  approval_, services_.configuration.api_function, services_.configuration.inbox_url)));
                              append("notified", {});
                          },
                          {.retry = patient()});
        } catch (const durable::StepError& error) {
            // Somebody may find the request in the list; the workflow waits on.
            context_.logger().error("nobody could be notified",
                                    {{"approval_id", approval_.approval_id}, {"error", error.info().message}});
            record("record-notification-failure", "notification_failed",
                   {{"error", error.info().type + ": " + error.info().message}});
        }
    }

    void record(std::string_view step, const std::string& event, std::map<std::string, std::string> details) {
        context_.step(step, [&] { append(event, std::move(details)); }, {.retry = patient()});
    }

    void append(const std::string& event, std::map<std::string, std::string> details) {
        AuditEvent audit{.event = event, .at = to_iso8601(services_.clock.now())};
        audit.details = std::move(details);
        require(services_.repository.append(approval_.approval_id, audit, true));
    }

    /// Suspends until somebody decided, or the time is over. What was decided, the record says.
    void await(const durable::Callback<durable::RawText>& callback) {
        try {
            (void)callback.result();
        } catch (const durable::CallbackError& error) {
            context_.logger().debug("the callback brought no decision", {{"error", error.what()}});
        }
    }

    ApprovalRequest wait_for_decision() {
        const std::int64_t interval = poll_interval(services_.configuration.poll_interval_seconds, timeout_seconds_);
        durable::ConditionOptions<Poll> options;
        options.strategy = [interval](const Poll& poll, int) -> durable::WaitDecision {
            if (poll.approval->status != ApprovalStatus::pending || poll.seconds_left <= 0) return std::nullopt;
            return std::chrono::seconds(std::min(interval, poll.seconds_left));
        };
        const Poll last =
            context_.wait_for_condition<Poll>("wait-for-decision", [&](const Poll&) { return poll(); }, options);
        if (last.approval->status != ApprovalStatus::pending) return *last.approval;
        return context_.step("record-timeout",
                             [&] { return without_token(require(services_.repository.time_out(approval_))); },
                             {.retry = patient()});
    }

    Poll poll() {
        auto found = require(services_.repository.find(approval_.approval_id));
        if (!found) throw durable::Error("ApprovalLost", "The approval's record is not in the table any more.");
        const auto left = require(parse_iso8601(found->expires_at)) - services_.clock.now();
        return {.approval = without_token(std::move(*found)),
                .seconds_left = std::chrono::ceil<std::chrono::seconds>(left).count()};
    }

    /// Operation results are shown to whoever may read the history.
    static ApprovalRequest without_token(ApprovalRequest approval) {
        approval.callback_token.reset();
        return approval;
    }

    WorkflowResult complete(const ApprovalRequest& decided) {
        WorkflowResult result{.approval_id = decided.approval_id,
                              .document_id = decided.document_id,
                              .decision = to_string(decided.status),
                              .approver = decided.approver,
                              .comments = decided.comments,
                              .decided_at = decided.decided_at};
        record("record-completion", "completed", {{"decision", result.decision}});
        context_.logger().info("approval completed",
                               {{"approval_id", result.approval_id}, {"decision", result.decision}});
        return result;
    }

    durable::Context& context_;
    const WorkflowServices& services_;
    std::int64_t timeout_seconds_ = 0;
    ApprovalRequest approval_;  // as it was created, without the callback's token
};

}  // namespace

std::int64_t poll_interval(std::int64_t configured, std::int64_t timeout_seconds) {
    return std::max(configured, (timeout_seconds + kPollsMax - 1) / kPollsMax);
}

WorkflowResult run_workflow(durable::Context& context, const durable::Json& event, const WorkflowServices& services) {
    return Workflow(context, services).run(event);
}

}  // namespace holdpoint::approvals
