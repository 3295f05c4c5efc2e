#include "approvals/workflow/workflow.hpp"

#include <algorithm>

#include "approvals/domain/news.hpp"
#include "approvals/workflow/looking.hpp"
#include "approvals/workflow/steps.hpp"
#include "approvals/workflow/telling.hpp"

namespace holdpoint::approvals {

namespace {

constexpr std::int64_t kPollsMax = 2500;
constexpr std::int64_t kLooksForNews = 12;  // at most, in all of a request's time
constexpr std::chrono::hours kKeptAfterExpiry{90 * 24};

/// A policy that an event names, or why it cannot have it.
struct NamedPolicy {
    std::optional<PinnedPolicy> policy;
    std::string problem;
};
BOOST_DESCRIBE_STRUCT(NamedPolicy, (), (policy, problem))

/// The state of a poll of an execution of before.
struct Poll {
    std::optional<ApprovalRequest> approval;
    std::int64_t seconds_left = 0;  // until it expires
};
BOOST_DESCRIBE_STRUCT(Poll, (), (approval, seconds_left))

using DecisionCallback = durable::Callback<durable::RawText>;

TimePoint deadline_of(const ApprovalRequest& approval) {
    return require(parse_iso8601(approval.expires_at));
}

class Workflow {
public:
    Workflow(durable::Context& context, const WorkflowServices& services)
        : context_(context), services_(services), telling_(context, services, approval_) {}

    ApprovalOutcome run(const durable::Json& json) {
        WorkflowEvent event = require(
            read_event(json, services_.configuration.approval_timeout_seconds, services_.configuration.timeout_max()));
        timeout_seconds_ = event.timeout_seconds.value_or(services_.configuration.approval_timeout_seconds);
        const bool brings_policy = event.policy.has_value();
        if (event.policy_name) event.policy = named_policy(event);
        approval_ = make_approval(event);
        std::optional<DecisionCallback> callback;
        // Before the record: whoever may decide finds the token there.
        if (services_.configuration.wait_mode == WaitMode::callback) callback = create_callback(longest_seconds_);
        const auto told_stages = create_request(callback ? &callback->id() : nullptr, brings_policy);
        context_.logger().info("approval requested", {{"approval_id", approval_.approval_id}});
        telling_.approvers("notify-approvers", approval_, Occasion::requested, "notified", {});
        if (told_stages || has_schedule(policy())) {
            return complete(follow(std::move(callback), told_stages.has_value()));
        }
        if (callback) await(callback->result_async());
        return complete(wait_for_decision());
    }

private:
    /// As it is now, with the members that its groups have now; the step's result keeps it so.
    PinnedPolicy named_policy(const WorkflowEvent& event) {
        NamedPolicy found =
            context_.step("read-policy", [&] { return read_named_policy(event); }, {.retry = patient()});
        if (!found.policy) throw durable::Error(std::string(kInvalidEvent), found.problem);
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
                                 {.retry = patient()});
        } catch (const durable::StepError& error) {
            if (error.info().type == kInvalidEvent)
                throw durable::Error(std::string(kInvalidEvent), error.info().message);
            throw;
        }
    }

    /// A policy that came with its request passes for none that the stack keeps.
    void check_own(const PinnedPolicy& own) {
        const auto stored = services_.policies.read();
        if (!stored && stored.error().name == "NoSettingsTable") return;  // none has a name there
        if (!stored && stored.error().name == "InvalidPolicy") {
            throw durable::Error(std::string(kInvalidEvent), "policy: " + stored.error().message);
        }
        const auto ok = check_own_policy(require(stored).file, own);
        if (!ok) throw durable::Error(std::string(kInvalidEvent), ok.error().message);
    }

    [[nodiscard]] const Policy& policy() const { return policy_of(approval_); }

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
        approval.told_stages = told_stages_after(policy_of(approval), 0);
        return approval;
    }

    DecisionCallback create_callback(std::int64_t seconds) {
        return context_.create_callback<durable::RawText>("decision", {.timeout = std::chrono::seconds(seconds)});
    }

    void create(const std::string* callback_id) {
        ApprovalRequest approval = approval_;
        if (callback_id != nullptr) approval.callback_token = *callback_id;
        require(services_.repository.create(approval));
    }

    /// Suspends until somebody decided or has news, or the time is over. Which of them, the record says.
    void await(durable::Future<durable::RawText> answer) {
        try {
            (void)answer.get();
        } catch (const durable::CallbackError& error) {
            context_.logger().debug("the callback brought no decision", {{"error", error.what()}});
        }
    }

    /// Of an execution of before, which has no news for anybody.
    ApprovalRequest wait_for_decision() {
        durable::ConditionOptions<Poll> options;
        options.strategy = [interval = poll_pause().count()](const Poll& poll, int) -> durable::WaitDecision {
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
                             [&] {
                                 auto now = require(services_.repository.time_out(approval, outcome, {}));
                                 shorten(now);
                                 return now;
                             },
                             {.retry = patient()});
    }

    /// Waits for the decision; meanwhile does what is due, and tells people what is new.
    ApprovalRequest follow(std::optional<DecisionCallback> callback, bool has_news) {
        std::optional<durable::Future<durable::RawText>> answer;
        if (callback) answer.emplace(callback->result_async());
        // Whoever has news answers the callback, too, so that there has to be another.
        const bool renews = callback && has_news;
        bool is_known = true;  // the callback, to those who decide
        if (renews && !is_timed()) await(*std::exchange(answer, std::nullopt));
        std::optional<TimePoint> reminded_at;
        while (true) {
            const Look seen = answer || renews
                                  ? look_once(context_, services_, approval_, reminded_at)
                                  : look_until_due(context_, services_, approval_, reminded_at, poll_pause());
            if (!seen.is_pending()) return seen.approval;
            if (seen.due == ActionKind::expire) return expire(seen.approval, seen.outcome);
            if (renews && !answer) {
                callback = create_callback(is_timed() ? longest_seconds_ : seen.seconds_to_next);
                answer.emplace(callback->result_async());
                is_known = false;
            }
            if (seen.has_news() || !is_known) {
                const bool is_noted = note_told(seen, is_known ? nullptr : &callback->id());
                is_known = is_known || is_noted;
                if (!is_noted) continue;  // and looks again: somebody may have voted meanwhile
                tell_news(seen);
                if (!seen.opened) continue;
            } else if (!seen.due) {
                wait(seen, answer, renews);
                continue;
            } else if (*seen.due == ActionKind::escalate) {
                escalate(seen);
            } else {
                remind(seen);
            }
            reminded_at = require(parse_iso8601(seen.at));
        }
    }

    /// Whether there is something to wait for beside the callback, which ends with the request's time.
    [[nodiscard]] bool is_timed() const { return has_schedule(policy()) || opens_stages_later(policy()); }

    void wait(const Look& seen, std::optional<durable::Future<durable::RawText>>& answer, bool renews) {
        if (renews && !is_timed()) {
            await(*std::exchange(answer, std::nullopt));
            return;
        }
        const auto next = context_.wait_async("wait-until-next", pause_after(seen, renews));
        // A callback that is over brings nothing more: what is still to come, the record says.
        if (context_.select("decision-or-next", *answer, next) == 0) answer.reset();
    }

    /// Who had news and died before answering the callback leaves nobody who wakes the workflow, so it looks for that
    /// now and then.
    [[nodiscard]] std::chrono::seconds pause_after(const Look& seen, bool renews) const {
        const std::int64_t interval =
            std::max(services_.configuration.poll_interval_seconds, longest_seconds_ / kLooksForNews);
        return std::chrono::seconds(renews ? std::min(interval, seen.seconds_to_next) : seen.seconds_to_next);
    }

    /// Before anybody is told, so that who changes the document then has people told anew. False when the record is
    /// not as it was seen.
    bool note_told(const Look& seen, const std::string* callback_id) {
        return context_.step("note-told-stages",
                             [&] {
                                 Told told{.stages = seen.approval.told_stages.value_or(1),
                                           .votes = seen.approval.votes ? std::ssize(*seen.approval.votes) : 0};
                                 if (seen.opened) {
                                     told.stages =
                                         told_stages_after(policy(), static_cast<std::size_t>(seen.opened->place));
                                 }
                                 if (callback_id != nullptr) told.callback_token = *callback_id;
                                 return require(services_.repository.note_told(seen.approval, told));
                             },
                             {.retry = patient()});
    }

    void tell_news(const Look& seen) {
        if (seen.opened) tell_stage(seen.approval, *seen.opened);
        if (seen.asks_for_changes) telling_.requester(seen.approval);
    }

    void tell_stage(const ApprovalRequest& approval, const OpenedStage& opened) {
        AuditDetails details{{"document_version", std::to_string(opened.document_version)}};
        if (opened.place == 0 || !opens_stages_later(policy())) {
            details["occasion"] = "amended";
            telling_.approvers("notify-amended", approval, Occasion::amended, "notified", details);
            return;
        }
        details["occasion"] = "stage_opened";
        details["stage"] = policy().stages[static_cast<std::size_t>(opened.place)].name;
        telling_.approvers("notify-stage", approval, Occasion::stage_opened, "notified", details);
    }

    void remind(const Look& seen) {
        telling_.approvers("remind", seen.approval, Occasion::reminder, "reminded", {{"due_at", seen.due_at}});
    }

    /// The new deadline, as of now: the step may have had to wait for its table, and whoever is asked late gets all of
    /// their time.
    [[nodiscard]] std::string extended_to(const Look& seen) const {
        const TimePoint at_least = services_.clock.now() + std::chrono::seconds(policy().escalation->extend_seconds);
        return to_iso8601(std::max(require(parse_iso8601(seen.extended_to)), at_least));
    }

    void escalate(const Look& seen) {
        const auto escalated =
            context_.step("escalate",
                          [&] {
                              auto now = require(services_.repository.escalate(seen.approval, extended_to(seen)));
                              shorten(now);
                              return now;
                          },
                          {.retry = patient()});
        if (escalated.status != ApprovalStatus::pending) return;  // somebody decided in the last moment
        telling_.approvers("notify-escalation", escalated, Occasion::escalated, "notified",
                           {{"occasion", "escalated"}});
    }

    Poll poll() {
        ApprovalRequest found = find_approval(services_, approval_.approval_id);
        const auto left = deadline_of(found) - services_.clock.now();
        return {.approval = std::move(found), .seconds_left = std::chrono::ceil<std::chrono::seconds>(left).count()};
    }

    [[nodiscard]] std::chrono::seconds poll_pause() const {
        return std::chrono::seconds(poll_interval(services_.configuration.poll_interval_seconds, longest_seconds_));
    }

    ApprovalOutcome complete(const ApprovalRequest& decided) {
        WorkflowResult result{.approval_id = decided.approval_id,
                              .document_id = decided.document_id,
                              .decision = to_string(decided.status),
                              .approver = decided.approver,
                              .comments = decided.comments,
                              .decided_at = decided.decided_at};
        telling_.completed(decided);
        context_.logger().info("approval completed",
                               {{"approval_id", result.approval_id}, {"decision", result.decision}});
        return {.result = std::move(result), .document = document_of(decided)};
    }

    durable::Context& context_;
    const WorkflowServices& services_;
    std::int64_t timeout_seconds_ = 0;
    std::int64_t longest_seconds_ = 0;  // with all that its policy may add
    ApprovalRequest approval_;          // as it was created, without the callback's token
    Telling telling_;
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
