// The operations of Context: how each goes on from its record. (durable execution SDK semantics of AWS)
#include <fmt/format.h>

#include "sdk/context_core.hpp"
#include "sdk/error_mapping.hpp"

namespace durable {

namespace wire = holdpoint::wire;
using detail::Claim;
using detail::Text;
using detail::Unwind;
using wire::OperationAction;
using wire::OperationStatus;
using wire::OperationType;

namespace {

constexpr std::int64_t kDelayMax = 31622400;
/// A child context's result above this is not recorded: its body runs again from its records.
constexpr std::size_t kContextResultMax = 256 * 1024;

ErrorInfo error_of(const wire::Operation& record) {
    return record.error ? detail::from_wire(*record.error) : ErrorInfo{};
}

RetryDecision decide(const RetryStrategy& strategy, const ErrorInfo& error, int attempt) {
    static const RetryStrategy standard = retry::exponential();
    auto decision = (strategy ? strategy : standard)(error, attempt);
    if (decision) decision = std::max(std::chrono::seconds(1), *decision);
    return decision;
}

void enqueue_start(detail::ContextCore& core, const Claim& claim) {
    core.state.enqueue(core.update(claim, OperationAction::start));
}

/// Records a failed attempt: suspends until the next one, or gives up with StepError.
template <class Failure>
[[noreturn]] void finish_failed_attempt(detail::ContextCore& core, const Claim& claim, const RetryStrategy& strategy,
                                        const ErrorInfo& error, int attempt) {
    const RetryDecision decision = decide(strategy, error, attempt);
    wire::OperationUpdate update = core.update(claim, decision ? OperationAction::retry : OperationAction::fail);
    update.error = detail::to_wire(error);
    if (decision) {
        update.has_step_options = true;
        update.next_attempt_delay_seconds = decision->count();
    }
    core.state.enqueue(std::move(update));
    core.state.flush();
    if (decision) core.state.suspend();
    throw Failure(error);
}

/// The record after a flush; an operation that was sent always has one.
const wire::Operation& recorded(detail::ContextCore& core, const std::string& id) {
    const wire::Operation* record = core.state.find(id);
    if (record != nullptr) return *record;
    core.state.fail_execution({.type = "CheckpointError",
                               .message = "The service accepted an operation but did not answer its state.",
                               .data = {},
                               .stack = {}});
}

}  // namespace

Context::Context(std::unique_ptr<detail::ContextCore> core) : core_(std::move(core)) {}
Context::~Context() = default;

const Logger& Context::logger() const {
    return core_->logger;
}
const std::string& Context::execution_arn() const {
    return core_->state.execution_arn();
}
bool Context::is_replaying() const {
    return core_->is_replaying();
}

Text Context::step_text(std::string_view name, const StepBody& body, const StepOptions& options) {
    const Claim claim = core_->claim(OperationType::step, name, "Step");
    int attempt = 1;
    bool must_start = true;
    if (claim.record != nullptr) {
        const wire::Operation& record = *claim.record;
        attempt = static_cast<int>(record.attempt) + 1;
        if (record.status == OperationStatus::succeeded) return record.result;
        if (record.status == OperationStatus::failed) {
            const ErrorInfo error = error_of(record);
            if (error.type == "StepInterruptedError") throw StepInterruptedError(error);
            throw StepError(error);
        }
        if (record.status == OperationStatus::pending) core_->state.suspend();
        must_start = record.status == OperationStatus::ready;
        if (!must_start && options.semantics == StepSemantics::at_most_once_per_retry) {
            const ErrorInfo lost{
                .type = "StepInterruptedError",
                .message =
                    fmt::format("Attempt {} of the step '{}' was under way when its process ended.", attempt, name),
                .data = {},
                .stack = {}};
            finish_failed_attempt<StepInterruptedError>(*core_, claim, options.retry, lost, attempt);
        }
    }
    if (must_start) {
        enqueue_start(*core_, claim);
        if (options.semantics == StepSemantics::at_most_once_per_retry) core_->state.flush();
    }
    Text result;
    std::optional<ErrorInfo> error;
    try {
        result = detail::run_step_body(*core_, claim, attempt, body);
    } catch (const Unwind&) {
        throw;
    } catch (...) {
        error = detail::current_error();
    }
    if (error) finish_failed_attempt<StepError>(*core_, claim, options.retry, *error, attempt);
    wire::OperationUpdate update = core_->update(claim, OperationAction::succeed);
    update.payload = result;
    core_->state.enqueue(std::move(update));
    core_->state.flush();
    return result;
}

void Context::wait_seconds(std::string_view name, std::chrono::seconds duration) {
    const Claim claim = core_->claim(OperationType::wait, name, "Wait");
    const std::int64_t seconds = duration.count();
    if (seconds < 1 || seconds > kDelayMax) {
        throw ValidationError(
            fmt::format("wait '{}': {} seconds; a wait lasts 1 to {} seconds (366 days)", name, seconds, kDelayMax));
    }
    if (claim.record == nullptr) {
        wire::OperationUpdate update = core_->update(claim, OperationAction::start);
        update.wait_seconds = seconds;
        core_->state.enqueue(std::move(update));
        core_->state.flush();
    }
    if (recorded(*core_, claim.id).status == OperationStatus::started) core_->state.suspend();
}

std::string Context::condition_text(std::string_view name, const std::string& initial_state, const Poll& poll) {
    const Claim claim = core_->claim(OperationType::step, name, "WaitForCondition");
    std::string state = initial_state;
    int attempt = 1;
    bool must_start = true;
    if (claim.record != nullptr) {
        const wire::Operation& record = *claim.record;
        attempt = static_cast<int>(record.attempt) + 1;
        if (record.status == OperationStatus::succeeded) return record.result.value_or("null");
        if (record.status == OperationStatus::failed) throw WaitForConditionError(error_of(record));
        if (record.status == OperationStatus::pending) core_->state.suspend();
        must_start = record.status == OperationStatus::ready;
        if (record.result) state = *record.result;
    }
    if (must_start) enqueue_start(*core_, claim);
    WaitDecision decision;
    std::optional<ErrorInfo> error;
    try {
        const Text next = detail::run_step_body(*core_, claim, attempt, [&](StepContext& step) -> Text {
            auto [text, pause] = poll(state, step);
            decision = pause;
            return text;
        });
        state = next.value_or("null");
    } catch (const Unwind&) {
        throw;
    } catch (...) {
        error = detail::current_error();
    }
    const OperationAction action = error      ? OperationAction::fail
                                   : decision ? OperationAction::retry
                                              : OperationAction::succeed;
    wire::OperationUpdate update = core_->update(claim, action);
    if (error) {
        update.error = detail::to_wire(*error);
    } else {
        update.payload = state;
    }
    if (action == OperationAction::retry) {
        update.has_step_options = true;
        update.next_attempt_delay_seconds = std::max<std::int64_t>(1, decision->count());
    }
    core_->state.enqueue(std::move(update));
    core_->state.flush();
    if (error) throw WaitForConditionError(*error);
    if (decision) core_->state.suspend();
    return state;
}

std::pair<std::string, std::string> Context::start_callback(std::string_view name, const CallbackOptions& options) {
    const Claim claim = core_->claim(OperationType::callback, name, "Callback");
    if (claim.record == nullptr) {
        wire::OperationUpdate update = core_->update(claim, OperationAction::start);
        update.has_callback_options = true;
        if (options.timeout.count() > 0) update.callback_timeout_seconds = options.timeout.count();
        if (options.heartbeat_timeout.count() > 0) {
            update.callback_heartbeat_seconds = options.heartbeat_timeout.count();
        }
        core_->state.enqueue(std::move(update));
        core_->state.flush();
    }
    return {claim.id, recorded(*core_, claim.id).callback_id.value_or("")};
}

Text detail::callback_text(ContextCore& core, const std::string& operation_id) {
    core.state.check_place("Callback::result", "");
    core.state.throw_if_ended();
    const wire::Operation& record = recorded(core, operation_id);
    switch (record.status) {
        case OperationStatus::succeeded:
            return record.result;
        case OperationStatus::failed:
            throw CallbackExternalError(error_of(record));
        case OperationStatus::timed_out:
            throw CallbackTimeoutError(error_of(record));
        default:
            core.state.suspend();
    }
}

namespace {

/// What the body of a child context came to.
struct ChildOutcome {
    Text result;
    std::optional<ErrorInfo> error;
    std::string_view error_class;  // which of wait_for_callback's errors it was
};

ChildOutcome run_child(Context& child, const std::function<Text(Context&)>& body) {
    ChildOutcome outcome;
    try {
        outcome.result = body(child);
        return outcome;
    } catch (const Unwind&) {
        throw;
    } catch (const CallbackTimeoutError& error) {
        outcome.error_class = "CallbackTimeoutError";
        outcome.error = error.info();
    } catch (const CallbackExternalError& error) {
        outcome.error_class = "CallbackExternalError";
        outcome.error = error.info();
    } catch (...) {
        outcome.error = detail::current_error();
    }
    return outcome;
}

struct ChildRun {
    Text result;
    std::optional<ErrorInfo> error;
};

/// Runs a context from its record. A callback's error is recorded with its class as data, so that replay builds the
/// same class again.
ChildRun run_context(detail::ContextCore& core, const Claim& claim, const std::function<Text(Context&)>& body) {
    const wire::Operation* record = claim.record;
    if (record != nullptr && record->status == OperationStatus::failed)
        return {.result = {}, .error = error_of(*record)};
    const bool closed = record != nullptr && record->status == OperationStatus::succeeded;
    if (closed && !record->replay_children) return {.result = record->result, .error = {}};
    if (record == nullptr) enqueue_start(core, claim);
    auto child = detail::Internals::make_context(std::make_unique<detail::ContextCore>(core, claim, closed));
    ChildOutcome outcome = run_child(*child, body);
    core.state.throw_if_ended();  // the body may have caught what must not be caught
    if (closed) return {.result = std::move(outcome.result), .error = std::move(outcome.error)};
    wire::OperationUpdate update = core.update(claim, outcome.error ? OperationAction::fail : OperationAction::succeed);
    if (outcome.error) {
        if (!outcome.error_class.empty() && outcome.error->data.empty()) {
            outcome.error->data = std::string(outcome.error_class);
        }
        update.error = detail::to_wire(*outcome.error);
    } else if (outcome.result && outcome.result->size() > kContextResultMax) {
        update.payload = "";
        update.replay_children = true;
    } else {
        update.payload = outcome.result;
    }
    core.state.enqueue(std::move(update));
    core.state.flush();
    return {.result = std::move(outcome.result), .error = std::move(outcome.error)};
}

}  // namespace

Text Context::child_text(std::string_view name, const ChildBody& body) {
    const Claim claim = core_->claim(OperationType::context, name, "RunInChildContext");
    ChildRun run = run_context(*core_, claim, body);
    if (run.error) throw ChildContextError(*run.error);
    return run.result;
}

Text Context::wait_for_callback_text(std::string_view name, const Submitter& submitter,
                                     const WaitForCallbackOptions& options) {
    const Claim claim = core_->claim(OperationType::context, name, "WaitForCallback");
    const std::string prefix(name);
    ChildRun run = run_context(*core_, claim, [&](Context& child) -> Text {
        const auto [operation_id, id] =
            child.start_callback(prefix.empty() ? "" : prefix + "-callback",
                                 {.timeout = options.timeout, .heartbeat_timeout = options.heartbeat_timeout});
        const StepBody submit = [&, callback_id = id](StepContext& step) -> Text {
            submitter(callback_id, step);
            return std::nullopt;
        };
        (void)child.step_text(prefix.empty() ? "" : prefix + "-submitter", submit, {.retry = options.retry});
        return detail::callback_text(*child.core_, operation_id);
    });
    if (!run.error) return run.result;
    if (run.error->data == "CallbackTimeoutError") throw CallbackTimeoutError(*run.error);
    if (run.error->data == "CallbackExternalError") throw CallbackExternalError(*run.error);
    throw CallbackSubmitterError(*run.error);
}

}  // namespace durable
