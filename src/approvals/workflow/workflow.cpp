#include "approvals/workflow/workflow.hpp"

#include <algorithm>

#include "approvals/domain/schedule.hpp"
#include "approvals/workflow/steps.hpp"

namespace holdpoint::approvals {

namespace {

constexpr const char* kInvalidEvent = "InvalidEvent";
constexpr std::int64_t kPollsMax = 2500;
constexpr std::int64_t kLooksForStages = 12;  // at most, in all of a request's time
constexpr std::chrono::hours kKeptAfterExpiry{90 * 24};

/// The state of a poll.
struct Poll {
    std::optional<ApprovalRequest> approval;
    std::int64_t seconds_left = 0;  // until it expires
};
BOOST_DESCRIBE_STRUCT(Poll, (), (approval, seconds_left))

/// A policy that an event names, or why it cannot have it.
struct NamedPolicy {
    std::optional<PinnedPolicy> policy;
    std::string problem;
};
BOOST_DESCRIBE_STRUCT(NamedPolicy, (), (policy, problem))

/// A stage whose people were not told yet that it is theirs to decide now.
struct OpenedStage {
    std::int64_t place = 0;
    std::int64_t document_version = 1;
};
BOOST_DESCRIBE_STRUCT(OpenedStage, (), (place, document_version))

/// What one look at the record found, of a request with a schedule or with stages that open later. It is recorded: what
/// is done then is the same in every replay.
struct Look {
    ApprovalRequest approval;  // without its policy, and the documents of earlier versions
    std::string at;
    std::optional<ActionKind> due;
    std::string due_at;
    std::string extended_to;                           // escalate: the deadline from then on
    ApprovalStatus outcome = ApprovalStatus::pending;  // expire
    std::int64_t seconds_to_next = 0;                  // when nothing is due
    std::optional<OpenedStage> opened;
};
BOOST_DESCRIBE_STRUCT(Look, (), (approval, at, due, due_at, extended_to, outcome, seconds_to_next, opened))

using DecisionCallback = durable::Callback<durable::RawText>;

class Workflow {
public:
    Workflow(durable::Context& context, const WorkflowServices& services) : context_(context), services_(services) {}

    ApprovalOutcome run(const durable::Json& json) {
        WorkflowEvent event = require(
            read_event(json, services_.configuration.approval_timeout_seconds, services_.configuration.timeout_max()));
        timeout_seconds_ = event.timeout_seconds.value_or(services_.configuration.approval_timeout_seconds);
        const bool brings_policy = event.policy.has_value();
        if (event.policy_name) event.policy = named_policy(event);
        approval_ = make_approval(event);
        std::optional<DecisionCallback> callback;
        // Before the record: whoever may decide finds the token there.
        if (services_.configuration.wait_mode == WaitMode::callback) callback = create_callback();
        const auto told_stages = create_request(callback ? &callback->id() : nullptr, brings_policy);
        context_.logger().info("approval requested", {{"approval_id", approval_.approval_id}});
        announce("notify-approvers", approval_, Occasion::requested, {.event = "notified", .at = {}});
        if (has_schedule(policy()) || told_stages) {
            return complete(follow(std::move(callback), told_stages.has_value()));
        }
        if (callback) await(*callback);
        return complete(wait_for_decision());
    }

private:
    /// As it is now, with the members that its groups have now; the step's result keeps it so.
    PinnedPolicy named_policy(const WorkflowEvent& event) {
        NamedPolicy found =
            context_.step("read-policy", [&] { return read_named_policy(event); }, {.retry = patient()});
        if (!found.policy) throw durable::Error(kInvalidEvent, found.problem);
        return std::move(*found.policy);
    }

    /// What is wrong with the event is an answer, which is not asked for again.
    NamedPolicy read_named_policy(const WorkflowEvent& event) {
        const auto stored = services_.policies.read();
        if (!stored && (stored.error().name == "NoSettingsTable" || stored.error().name == "InvalidPolicy")) {
            return {.policy = {}, .problem = "policy: " + stored.error().message};
        }
        auto pinned = resolve(require(stored).file, *event.policy_name);
        if (!pinned) return {.policy = {}, .problem = pinned.error().message};
        const auto ok = check_policy(*pinned, event.requester, timeout_seconds_, services_.configuration.timeout_max());
        if (!ok) return {.policy = {}, .problem = ok.error().message};
        return {.policy = std::move(*pinned), .problem = {}};
    }

    /// How many stages were told. The record would hold the callback's id, so it is not the step's result. What is
    /// tells executions of before there was such a thing, which told everybody at once and go on as they began.
    std::optional<std::int64_t> create_request(const std::string* callback_id, bool brings_policy) {
        try {
            return context_.step("create-approval-request",
                                 [&] {
                                     if (brings_policy) check_own(*approval_.policy);
                                     create(callback_id);
                                     return approval_.told_stages;
                                 },
                                 {.retry = unless_invalid(patient())});
        } catch (const durable::StepError& error) {
            if (error.info().type == kInvalidEvent) throw durable::Error(kInvalidEvent, error.info().message);
            throw;
        }
    }

    /// What is wrong with the event stays wrong.
    static durable::RetryStrategy unless_invalid(durable::RetryStrategy retry) {
        return [retry = std::move(retry)](const durable::ErrorInfo& error, int attempt) -> durable::RetryDecision {
            if (error.type == kInvalidEvent) return std::nullopt;
            return retry(error, attempt);
        };
    }

    /// A policy that came with its request passes for none that the stack keeps.
    void check_own(const PinnedPolicy& own) {
        const auto stored = services_.policies.read();
        if (!stored && stored.error().name == "NoSettingsTable") return;  // none has a name there
        if (!stored && stored.error().name == "InvalidPolicy") {
            throw durable::Error(kInvalidEvent, "policy: " + stored.error().message);
        }
        const auto ok = check_own_policy(require(stored).file, own);
        if (!ok) throw durable::Error(kInvalidEvent, ok.error().message);
    }

    [[nodiscard]] const Policy& policy() const {
        return approval_.policy ? approval_.policy->policy : default_policy().policy;
    }

    /// The same in every replay.
    ApprovalRequest make_approval(const WorkflowEvent& event) {
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
        approval.amendable = event.amendable;
        approval.created_at = to_iso8601(created);
        approval.updated_at = approval.created_at;
        approval.expires_at = to_iso8601(expires);
        const TimePoint last = event.policy ? last_deadline(event.policy->policy, created, expires) : expires;
        longest_seconds_ = std::chrono::ceil<std::chrono::seconds>(last - created).count();
        approval.ttl = to_epoch_ms(last + kKeptAfterExpiry) / 1000;
        approval.execution_arn = context_.execution_arn();
        if (event.policy && opens_stages_later(event.policy->policy)) approval.told_stages = 1;
        return approval;
    }

    DecisionCallback create_callback() {
        return context_.create_callback<durable::RawText>("decision",
                                                          {.timeout = std::chrono::seconds(longest_seconds_)});
    }

    void create(const std::string* callback_id) {
        ApprovalRequest approval = approval_;
        if (callback_id != nullptr) approval.callback_token = *callback_id;
        require(services_.repository.create(approval));
    }

    /// Tells the approvers, and the trail that they were told.
    void announce(std::string_view step, ApprovalRequest approval, Occasion occasion, const AuditEvent& told) {
        approval.policy = approval_.policy;
        const Notification notification = make_notification(approval, services_.configuration.api_function,
                                                            services_.configuration.inbox_url, occasion);
        try {
            context_.step(step,
                          [&] {
                              require(services_.notifier.publish(notification));
                              append(told.event, told.details);
                          },
                          {.retry = patient()});
        } catch (const durable::StepError& error) {
            // Somebody may find the request in the list; the workflow waits on.
            context_.logger().error("nobody could be notified",
                                    {{"approval_id", approval_.approval_id}, {"error", error.info().message}});
            auto details = told.details;
            details["error"] = error.info().type + ": " + error.info().message;
            record("record-notification-failure", "notification_failed", std::move(details));
        }
        notify_people(approval, occasion, told);
    }

    /// Everybody whom the policy names, each with a link of their own. A policy that names nobody costs nothing.
    void notify_people(const ApprovalRequest& approval, Occasion occasion, const AuditEvent& told) {
        if (services_.people == nullptr || !names_people(approval, occasion)) return;
        auto details = told.details;  // which occasion it was
        try {
            context_.step("notify-people",
                          [&] {
                              const auto count = require(services_.people->tell(approval, occasion));
                              if (count == 0) return;
                              details["people"] = std::to_string(count);
                              append("people_notified", details);
                          },
                          {.retry = patient()});
        } catch (const durable::StepError& error) {
            context_.logger().error("the people of the policy could not be notified",
                                    {{"approval_id", approval_.approval_id}, {"error", error.info().message}});
            details["error"] = error.info().type + ": " + error.info().message;
            record("record-people-notification-failure", "notification_failed", std::move(details));
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
    void await(const DecisionCallback& callback) {
        try {
            (void)callback.result();
        } catch (const durable::CallbackError& error) {
            context_.logger().debug("the callback brought no decision", {{"error", error.what()}});
        }
    }

    ApprovalRequest wait_for_decision() {
        const std::int64_t interval = poll_interval(services_.configuration.poll_interval_seconds, longest_seconds_);
        durable::ConditionOptions<Poll> options;
        options.strategy = [interval](const Poll& poll, int) -> durable::WaitDecision {
            if (poll.approval->status != ApprovalStatus::pending || poll.seconds_left <= 0) return std::nullopt;
            return std::chrono::seconds(std::min(interval, poll.seconds_left));
        };
        const Poll last =
            context_.wait_for_condition<Poll>("wait-for-decision", [&](const Poll&) { return poll(); }, options);
        if (last.approval->status != ApprovalStatus::pending) return *last.approval;
        return expire(approval_, ApprovalStatus::timeout);
    }

    ApprovalRequest expire(const ApprovalRequest& approval, ApprovalStatus outcome) {
        return context_.step("record-timeout",
                             [&] { return without_token(require(services_.repository.time_out(approval, outcome))); },
                             {.retry = patient()});
    }

    /// Waits for the decision, and does meanwhile what is due, and tells the people of stages that open.
    ApprovalRequest follow(std::optional<DecisionCallback> callback, bool stages_open_later) {
        std::optional<durable::Future<durable::RawText>> answer;
        if (callback) answer.emplace(callback->result_async());
        // Who opens a stage answers the callback, too, so that there has to be another.
        const bool renews = callback && stages_open_later;
        bool is_known = true;  // the callback, to those who decide
        std::optional<TimePoint> reminded_at;
        while (true) {
            const Look seen = answer || renews ? look_once(reminded_at) : look_until_due(reminded_at);
            if (seen.approval.status != ApprovalStatus::pending) return seen.approval;
            if (seen.due == ActionKind::expire) return expire(seen.approval, seen.outcome);
            if (renews && !answer) {
                callback = create_callback();
                answer.emplace(callback->result_async());
                is_known = false;
            }
            if (seen.opened || !is_known) {
                const bool is_noted = note_told(seen, is_known ? nullptr : &callback->id());
                is_known = is_known || is_noted;
                if (!is_noted || !seen.opened) continue;  // and looks again: somebody may have voted meanwhile
                announce_stage(seen);
            } else if (!seen.due) {
                const auto next = context_.wait_async("wait-until-next", pause_after(seen, renews));
                // A callback that is over brings nothing more: what is still to come, the record says.
                if (context_.select("decision-or-next", *answer, next) == 0) answer.reset();
                continue;
            } else if (*seen.due == ActionKind::escalate) {
                escalate(seen);
            } else {
                remind(seen);
            }
            reminded_at = require(parse_iso8601(seen.at));
        }
    }

    /// Who opened a stage and died before answering the callback leaves nobody who wakes the workflow, so it looks for
    /// that now and then.
    [[nodiscard]] std::chrono::seconds pause_after(const Look& seen, bool renews) const {
        const bool may_open = renews && seen.approval.told_stages < std::ssize(policy().stages);
        const std::int64_t interval =
            std::max(services_.configuration.poll_interval_seconds, longest_seconds_ / kLooksForStages);
        return std::chrono::seconds(may_open ? std::min(interval, seen.seconds_to_next) : seen.seconds_to_next);
    }

    /// Before anybody is told, so that who changes the document then has later stages told anew. False when the record
    /// is not as it was seen.
    bool note_told(const Look& seen, const std::string* callback_id) {
        return context_.step(
            "note-told-stages",
            [&] {
                const std::int64_t told = seen.opened ? seen.opened->place + 1 : seen.approval.told_stages.value_or(1);
                return require(services_.repository.note_told(
                    seen.approval, told, callback_id != nullptr ? std::optional(*callback_id) : std::nullopt));
            },
            {.retry = patient()});
    }

    void announce_stage(const Look& seen) {
        const std::string& stage = policy().stages[static_cast<std::size_t>(seen.opened->place)].name;
        announce("notify-stage", seen.approval, Occasion::stage_opened,
                 {.event = "notified",
                  .at = {},
                  .details = {{"occasion", "stage_opened"},
                              {"stage", stage},
                              {"document_version", std::to_string(seen.opened->document_version)}}});
    }

    Look look_once(const std::optional<TimePoint>& reminded_at) {
        return context_.step("look", [&] { return look(reminded_at); }, {.retry = patient()});
    }

    /// Polls until somebody decided, or something is to be done.
    Look look_until_due(const std::optional<TimePoint>& reminded_at) {
        const std::int64_t interval = poll_interval(services_.configuration.poll_interval_seconds, longest_seconds_);
        durable::ConditionOptions<Look> options;
        options.strategy = [interval](const Look& seen, int) -> durable::WaitDecision {
            if (seen.approval.status != ApprovalStatus::pending || seen.due || seen.opened) return std::nullopt;
            return std::chrono::seconds(std::min(interval, seen.seconds_to_next));
        };
        return context_.wait_for_condition<Look>(
            "wait-for-decision", [&](const Look&) { return look(reminded_at); }, options);
    }

    Look look(const std::optional<TimePoint>& reminded_at) {
        Look seen{.approval = find(), .at = {}, .due = {}, .due_at = {}, .extended_to = {}, .opened = {}};
        if (const auto place = stage_to_tell(seen.approval)) {
            seen.opened =
                OpenedStage{.place = static_cast<std::int64_t>(*place), .document_version = version_of(seen.approval)};
        }
        shorten(seen.approval);
        const TimePoint now = services_.clock.now();
        seen.at = to_iso8601(now);
        if (seen.approval.status != ApprovalStatus::pending) return seen;
        const Done done{.reminded_at = reminded_at, .escalated = seen.approval.escalated_at.has_value()};
        const Due due = next_due(policy(), require(parse_iso8601(seen.approval.created_at)),
                                 require(parse_iso8601(seen.approval.expires_at)), done, now);
        if (!due.action) {
            seen.seconds_to_next = std::chrono::ceil<std::chrono::seconds>(*due.next - now).count();
            return seen;
        }
        seen.due = due.action->kind;
        seen.due_at = to_iso8601(due.action->at);
        if (due.action->expires_at) seen.extended_to = to_iso8601(*due.action->expires_at);
        seen.outcome = due.action->outcome;
        return seen;
    }

    void remind(const Look& seen) {
        announce("remind", seen.approval, Occasion::reminder,
                 {.event = "reminded", .at = {}, .details = {{"due_at", seen.due_at}}});
    }

    void escalate(const Look& seen) {
        const auto escalated = context_.step(
            "escalate",
            [&] {
                auto now = without_token(require(services_.repository.escalate(seen.approval, seen.extended_to)));
                shorten(now);
                return now;
            },
            {.retry = patient()});
        if (escalated.status != ApprovalStatus::pending) return;  // somebody decided in the last moment
        announce("notify-escalation", escalated, Occasion::escalated,
                 {.event = "notified", .at = {}, .details = {{"occasion", "escalated"}}});
    }

    Poll poll() {
        ApprovalRequest found = find();
        const auto left = require(parse_iso8601(found.expires_at)) - services_.clock.now();
        return {.approval = std::move(found), .seconds_left = std::chrono::ceil<std::chrono::seconds>(left).count()};
    }

    ApprovalRequest find() {
        auto found = require(services_.repository.find(approval_.approval_id));
        if (!found) throw durable::Error("ApprovalLost", "The approval's record is not in the table any more.");
        return without_token(std::move(*found));
    }

    /// For an operation's result. Which version it is has to stay: votes are about one.
    static void shorten(ApprovalRequest& approval) {
        approval.policy.reset();
        if (!approval.earlier_versions) return;
        for (DocumentVersion& version : *approval.earlier_versions) version.document.reset();
    }

    /// Operation results are shown to whoever may read the history.
    static ApprovalRequest without_token(ApprovalRequest approval) {
        approval.callback_token.reset();
        return approval;
    }

    ApprovalOutcome complete(const ApprovalRequest& decided) {
        WorkflowResult result{.approval_id = decided.approval_id,
                              .document_id = decided.document_id,
                              .decision = to_string(decided.status),
                              .approver = decided.approver,
                              .comments = decided.comments,
                              .decided_at = decided.decided_at};
        record("record-completion", "completed", {{"decision", result.decision}});
        context_.logger().info("approval completed",
                               {{"approval_id", result.approval_id}, {"decision", result.decision}});
        return {.result = std::move(result), .document = document_of(decided)};
    }

    durable::Context& context_;
    const WorkflowServices& services_;
    std::int64_t timeout_seconds_ = 0;
    std::int64_t longest_seconds_ = 0;  // with all that its policy may add
    ApprovalRequest approval_;          // as it was created, without the callback's token
};

}  // namespace

std::int64_t poll_interval(std::int64_t configured, std::int64_t timeout_seconds) {
    return std::max(configured, (timeout_seconds + kPollsMax - 1) / kPollsMax);
}

ApprovalOutcome ask_for_approval(durable::Context& context, const durable::Json& event,
                                 const WorkflowServices& services) {
    return Workflow(context, services).run(event);
}

WorkflowResult run_workflow(durable::Context& context, const durable::Json& event, const WorkflowServices& services) {
    return ask_for_approval(context, event, services).result;
}

}  // namespace holdpoint::approvals
