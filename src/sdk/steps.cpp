// Steps and polled conditions: attempts, retries, and how each goes on from its record. (durable execution SDK
// semantics of AWS)
#include <fmt/format.h>

#include <algorithm>

#include "sdk/context_core.hpp"
#include "sdk/delays.hpp"
#include "sdk/error_mapping.hpp"

namespace durable {

namespace wire = holdpoint::wire;
using detail::Claim;
using detail::ContextCore;
using detail::Text;
using detail::Unwind;
using wire::OperationAction;
using wire::OperationStatus;
using wire::OperationType;

namespace {

/// What an attempt came to.
struct Outcome {
    Text result;
    std::optional<ErrorInfo> error;
    bool may_be_tried_again = true;
};

/// Runs a step's body between marks that make durable operations inside it an error; such an error never returns from
/// here, so that nothing of the attempt is recorded.
Outcome run_body(ContextCore& core, const Claim& claim, int attempt, const std::function<Text(StepContext&)>& body) {
    struct Mark {
        detail::ExecutionState& state;
        ~Mark() { state.running_step.clear(); }
    };
    Outcome outcome;
    try {
        const Mark mark{core.state};
        core.state.running_step = claim.name;
        StepContext context(attempt, core.step_logger(claim, attempt));
        outcome.result = body(context);
    } catch (const Unwind&) {
        throw;
    } catch (const detail::ResultError& error) {
        // The body did its work; doing it again would not make its result JSON.
        outcome.error = detail::current_error();
        outcome.may_be_tried_again = false;
    } catch (...) {
        outcome.error = detail::current_error();
    }
    core.state.throw_if_ended();
    return outcome;
}

RetryDecision decide(const RetryStrategy& strategy, const ErrorInfo& error, int attempt) {
    static const RetryStrategy standard = retry::exponential();
    return (strategy ? strategy : standard)(error, attempt);
}

wire::OperationUpdate retry_update(const ContextCore& core, const Claim& claim, std::chrono::seconds delay) {
    wire::OperationUpdate update = core.update(claim, OperationAction::retry);
    update.has_step_options = true;
    update.next_attempt_delay_seconds = detail::within_limits(delay);
    return update;
}

/// Sends what is queued, then leaves the handler until the next attempt; returns when that may begin already.
void wait_for_next_attempt(ContextCore& core, const Claim& claim) {
    core.state.flush();
    if (core.recorded(claim.id).status != OperationStatus::ready) core.state.suspend();
}

[[noreturn]] void throw_step_error(const ErrorInfo& error) {
    if (error.type == "StepInterruptedError") throw StepInterruptedError(error);
    throw StepError(error);
}

/// Where a step stands when the handler comes to it, or comes back to it.
struct Standing {
    OperationStatus status = OperationStatus::ready;
    int attempt = 1;
    const wire::Operation* record = nullptr;
};

Standing standing_of(ContextCore& core, const Claim& claim) {
    if (core.state.find(claim.id) == nullptr) return {};
    const wire::Operation& record = core.settled(claim.id);
    return {.status = record.status, .attempt = static_cast<int>(record.attempt) + 1, .record = &record};
}

}  // namespace

Text Context::step_text(std::string_view name, const StepBody& body, const StepOptions& options) {
    const Claim claim = core_->claim(OperationType::step, name, "Step");
    const bool at_most_once = options.semantics == StepSemantics::at_most_once_per_retry;
    while (true) {
        const Standing standing = standing_of(*core_, claim);
        if (standing.status == OperationStatus::succeeded) return standing.record->result;
        if (standing.status == OperationStatus::failed) throw_step_error(detail::error_of(*standing.record));
        const bool was_interrupted = standing.status == OperationStatus::started;
        Outcome outcome;
        if (was_interrupted && at_most_once) {
            outcome.error = {.type = "StepInterruptedError",
                             .message = fmt::format("Attempt {} of the step '{}' was under way when its process ended.",
                                                    standing.attempt, name),
                             .data = {},
                             .stack = {}};
        } else {
            if (!was_interrupted) core_->start(claim);
            if (at_most_once) core_->state.flush();
            outcome = run_body(*core_, claim, standing.attempt, body);
        }
        if (!outcome.error) {
            wire::OperationUpdate update = core_->update(claim, OperationAction::succeed);
            update.payload = outcome.result;
            core_->state.enqueue(std::move(update));
            core_->state.flush();
            return outcome.result;
        }
        RetryDecision decision;
        if (outcome.may_be_tried_again) decision = decide(options.retry, *outcome.error, standing.attempt);
        wire::OperationUpdate update =
            decision ? retry_update(*core_, claim, *decision) : core_->update(claim, OperationAction::fail);
        update.error = detail::to_wire(*outcome.error);
        core_->state.enqueue(std::move(update));
        if (!decision) {
            core_->state.flush();
            throw_step_error(*outcome.error);
        }
        wait_for_next_attempt(*core_, claim);
    }
}

std::string Context::condition_text(std::string_view name, const std::string& initial_state, const Poll& poll) {
    core_->state.check_place("WaitForCondition", name);
    if (!poll) {
        core_->state.refuse_use(fmt::format(
            "WaitForCondition '{}': no strategy; ConditionOptions::strategy decides whether to go on", name));
    }
    const Claim claim = core_->claim(OperationType::step, name, "WaitForCondition");
    while (true) {
        const Standing standing = standing_of(*core_, claim);
        const Text recorded = standing.record == nullptr ? Text() : standing.record->result;
        if (standing.status == OperationStatus::succeeded) return recorded.value_or("null");
        if (standing.status == OperationStatus::failed) throw WaitForConditionError(detail::error_of(*standing.record));
        if (standing.status == OperationStatus::ready) core_->start(claim);
        WaitDecision decision;
        const Outcome outcome = run_body(*core_, claim, standing.attempt, [&](StepContext& step) -> Text {
            auto [text, pause] = poll(recorded.value_or(initial_state), step);
            decision = pause;
            return text;
        });
        if (outcome.error) {
            wire::OperationUpdate update = core_->update(claim, OperationAction::fail);
            update.error = detail::to_wire(*outcome.error);
            core_->state.enqueue(std::move(update));
            core_->state.flush();
            throw WaitForConditionError(*outcome.error);
        }
        wire::OperationUpdate update =
            decision ? retry_update(*core_, claim, *decision) : core_->update(claim, OperationAction::succeed);
        update.payload = outcome.result;
        core_->state.enqueue(std::move(update));
        if (!decision) {
            core_->state.flush();
            return outcome.result.value_or("null");
        }
        wait_for_next_attempt(*core_, claim);
    }
}

}  // namespace durable
