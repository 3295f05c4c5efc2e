#include "sdk/bodies.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "sdk/error_mapping.hpp"
#include "wire/durable_json.hpp"

namespace durable::detail {

namespace wire = holdpoint::wire;
using wire::OperationAction;
using wire::OperationStatus;

namespace {

/// Tells plugins of a run of the author's code, from when it is made.
class AttemptMark {
public:
    AttemptMark(const ContextCore& core, const Claim& claim, int attempt, bool is_replaying_children)
        : hooks_(core.state.hooks) {
        if (!hooks_.any()) return;
        if (const Record record = core.state.find(claim.id)) {
            info_.operation = info_of(*record, claim.record != nullptr);
        } else {
            info_.operation.id = claim.id;
            info_.operation.name = claim.name;
            info_.operation.type = wire::to_string(claim.type);
            info_.operation.sub_type = claim.sub_type;
            info_.operation.parent_id = core.update(claim, OperationAction::start).parent_id.value_or("");
        }
        info_.attempt = attempt;
        info_.is_replaying_children = is_replaying_children;
        hooks_.attempt_start(info_);
    }
    void end(AttemptOutcome outcome, const std::optional<ErrorInfo>& error = {}) {
        if (hooks_.any()) hooks_.attempt_end({.attempt = info_, .outcome = outcome, .error = error});
    }

private:
    Hooks& hooks_;
    AttemptInfo info_;
};

}  // namespace

ErrorInfo thrown_error() {
    try {
        throw;
    } catch (const Unwind&) {
        throw;
    } catch (...) {
        return current_error();
    }
}

std::string recordable(std::string text, std::string_view what) {
    if (holdpoint::is_utf8(text)) return text;
    std::size_t at = 0;
    for (std::size_t length = 1; at + length <= text.size() && length <= 4;) {
        if (!holdpoint::is_utf8(std::string_view(text).substr(at, length))) {
            ++length;
        } else {
            at += length;
            length = 1;
        }
    }
    throw SerdesError(fmt::format("text that is recorded is UTF-8, but byte {} of {} is 0x{:02X}", at, what,
                                  static_cast<unsigned char>(text[at])));
}

void refuse_unreadable() {
    try {
        throw;
    } catch (const SerdesError&) {
        throw;
    } catch (...) {
        const ErrorInfo error = thrown_error();
        throw SerdesError(fmt::format("deserialize threw {}: {}", error.type, error.message));
    }
}

RetryDecision decide_retry(const RetryStrategy& strategy, ErrorInfo& error, int attempt, const std::string& step_name) {
    static const RetryStrategy standard = retry::exponential();
    const Frame frame(step_name);
    try {
        return (strategy ? strategy : standard)(error, attempt);
    } catch (...) {
        error = current_error();
        return std::nullopt;
    }
}

StepOutcome run_step_body(ContextCore& core, const Claim& claim, int attempt, const StepBody& body,
                          const RetryStrategy& strategy) {
    if (core.state.rehearsal) {
        // Its outcome would come from the outside, and in a rehearsal nothing does.
        core.state.await({.groups = {}, .operations = {}, .done = [] { return false; }});
    }
    core.state.goes_live();
    StepOutcome outcome;
    AttemptMark mark(core, claim, attempt, false);
    try {
        const Frame frame(claim.name);
        StepContext context(attempt, core.step_logger(claim, attempt),
                            {.execution_arn = core.state.execution_arn(), .operation_id = claim.id},
                            core.state.tasks.stop_token(), core.state.deadline);
        outcome.result = body(context);
    } catch (const Unwind&) {
        throw;
    } catch (const ResultError&) {
        // The body did its work; doing it again would not make its result one that can be written.
        outcome.error = current_error();
    } catch (...) {
        outcome.error = current_error();
        outcome.retry = decide_retry(strategy, *outcome.error, attempt, claim.name);
    }
    mark.end(outcome.error ? AttemptOutcome::failed : AttemptOutcome::succeeded, outcome.error);
    core.state.throw_if_ended();
    return outcome;
}

namespace {

/// A context while its body runs. When it is over, what it has begun and kept somewhere else is given up, and the
/// context is of no more use.
class Given {
public:
    explicit Given(const std::shared_ptr<ContextCore>& core) : core_(core), context_(Internals::make_context(core)) {}
    ~Given() {
        core_->abandon_tasks();
        core_->state.keep_over(std::move(context_));
    }
    Given(const Given&) = delete;
    Given& operator=(const Given&) = delete;

    [[nodiscard]] Context& context() const { return *context_; }

private:
    std::shared_ptr<ContextCore> core_;
    OwnedContext context_;
};

}  // namespace

ChildRun run_child_body(const ContextCore& core, const Claim& claim, ChildKind kind, const ContextBody& body) {
    ChildRun run;
    AttemptMark mark(core, claim, 1, kind.is_closed || claim.record != nullptr);
    const auto child_core = std::make_shared<ContextCore>(core, claim, kind);
    const Given child(child_core);
    try {
        const Frame frame(*child_core);
        run.result = body(child.context());
    } catch (const Unwind&) {
        mark.end(AttemptOutcome::incomplete);
        throw;
    } catch (...) {
        run.error = current_error();
    }
    core.state.throw_if_ended();  // the body may have caught what must not be caught
    mark.end(run.error ? AttemptOutcome::failed : AttemptOutcome::succeeded, run.error);
    return run;
}

ChildRun run_context(const ContextCore& core, const Claim& claim, const ContextBody& body,
                     const ContextRecording& recording) {
    core.require_over(claim);
    const Record& record = claim.record;
    core.state.came_past(claim.id);
    if (record && record->status == OperationStatus::failed) return {.result = {}, .error = error_of(*record)};
    if (record && record->status == OperationStatus::succeeded) {
        if (record->replay_children) return run_child_body(core, claim, {.is_closed = true}, body);
        return {.result = record->result, .error = {}};
    }
    if (!record) core.start(claim);
    ChildRun run = run_child_body(core, claim, {}, body);
    const bool is_large = run.result && run.result->size() > kContextResultMax;
    Text summary = "";
    if (is_large && recording.summary) {
        try {
            const Frame frame(claim.name, kSummaryOf);
            summary = recording.summary(run.result);
        } catch (...) {
            run = {.result = {}, .error = thrown_error()};
        }
        core.state.throw_if_ended();
    }
    wire::OperationUpdate update = core.update(claim, run.error ? OperationAction::fail : OperationAction::succeed);
    if (run.error) {
        update.error = to_wire(*run.error);
    } else if (is_large) {
        update.payload = std::move(summary);
        update.replay_children = true;
    } else {
        update.payload = run.result;
    }
    // Nobody has to wait for the answer: whatever comes later is sent later.
    core.state.enqueue(std::move(update));
    return run;
}

}  // namespace durable::detail
