// Steps and polled conditions: attempts, retries, and how each goes on from its record. (durable execution SDK
// semantics of AWS)
#include <fmt/format.h>

#include "sdk/bodies.hpp"
#include "sdk/context_core.hpp"
#include "sdk/delays.hpp"
#include "sdk/error_mapping.hpp"

namespace durable {

namespace wire = holdpoint::wire;
using detail::Claim;
using detail::ContextCore;
using detail::Record;
using detail::Recorded;
using detail::Text;
using detail::Work;
using wire::OperationAction;
using wire::OperationStatus;
using wire::OperationType;

namespace {

wire::OperationUpdate retry_update(const ContextCore& core, const Claim& claim, std::chrono::seconds delay) {
    wire::OperationUpdate update = core.update(claim, OperationAction::retry);
    update.has_step_options = true;
    update.next_attempt_delay_seconds = detail::within_limits(delay);
    return update;
}

[[noreturn]] void throw_step_error(const ErrorInfo& error) {
    if (error.type == "StepInterruptedError") throw StepInterruptedError(error);
    throw StepError(error);
}

/// Where a step stands when the code comes to it, or comes back to it.
struct Standing {
    OperationStatus status = OperationStatus::ready;
    int attempt = 1;
    Record record;
};

Standing standing_of(const ContextCore& core, const Claim& claim) {
    if (!core.state.find(claim.id)) return {};
    const Record record = core.settled(claim.id);
    return {.status = record->status, .attempt = static_cast<int>(record->attempt) + 1, .record = record};
}

detail::StepOutcome interrupted(const Claim& claim, int attempt, const RetryStrategy& strategy) {
    detail::StepOutcome outcome;
    outcome.error = {.type = "StepInterruptedError",
                     .message = fmt::format("Attempt {} of the step '{}' was under way when its process ended.",
                                            attempt, claim.name),
                     .data = {},
                     .stack = {}};
    try {
        throw StepInterruptedError(*outcome.error);  // the strategy may look at what is being handled
    } catch (const StepInterruptedError&) {
        outcome.retry = detail::decide_retry(strategy, *outcome.error, attempt, claim.name);
    }
    return outcome;
}

struct Step {
    Claim claim;
    detail::StepBody body;
    RetryStrategy retry;
    StepSemantics semantics = StepSemantics::at_least_once_per_retry;
};

Recorded run_step(ContextCore& core, const Step& step) {
    const Claim& claim = step.claim;
    core.require_over(claim);
    const bool at_most_once = step.semantics == StepSemantics::at_most_once_per_retry;
    while (true) {
        const Standing standing = standing_of(core, claim);
        if (standing.status == OperationStatus::succeeded) return core.make_recorded(standing.record->result, claim.id);
        if (standing.status == OperationStatus::failed) throw_step_error(detail::error_of(*standing.record));
        const bool was_interrupted = standing.status == OperationStatus::started;
        detail::StepOutcome outcome;
        if (was_interrupted && at_most_once) {
            outcome = interrupted(claim, standing.attempt, step.retry);
        } else {
            if (!was_interrupted) core.start(claim);
            if (at_most_once) core.state.flush();
            outcome = detail::run_step_body(core, claim, standing.attempt, step.body, step.retry);
        }
        if (!outcome.error) {
            wire::OperationUpdate update = core.update(claim, OperationAction::succeed);
            update.payload = outcome.result;
            core.state.enqueue(std::move(update));
            core.state.flush();
            return core.make_recorded(std::move(outcome.result), claim.id);
        }
        wire::OperationUpdate update =
            outcome.retry ? retry_update(core, claim, *outcome.retry) : core.update(claim, OperationAction::fail);
        update.error = detail::to_wire(*outcome.error);
        core.state.enqueue(std::move(update));
        core.state.flush();
        if (!outcome.retry) throw_step_error(*outcome.error);
    }
}

struct Condition {
    Claim claim;
    detail::Poll poll;
};

Recorded run_condition(ContextCore& core, const Condition& condition) {
    const Claim& claim = condition.claim;
    core.require_over(claim);
    while (true) {
        const Standing standing = standing_of(core, claim);
        const Text recorded = standing.record ? standing.record->result : Text();
        if (standing.status == OperationStatus::succeeded) return core.make_recorded(recorded, claim.id);
        if (standing.status == OperationStatus::failed) throw WaitForConditionError(detail::error_of(*standing.record));
        if (standing.status == OperationStatus::ready) core.start(claim);
        WaitDecision decision;
        const auto check = [&](StepContext& step) -> Text {
            auto [text, pause] = condition.poll(recorded, step);
            decision = pause;
            return text;
        };
        detail::StepOutcome outcome = detail::run_step_body(core, claim, standing.attempt, check, retry::none());
        if (outcome.error) {
            wire::OperationUpdate update = core.update(claim, OperationAction::fail);
            update.error = detail::to_wire(*outcome.error);
            core.state.enqueue(std::move(update));
            core.state.flush();
            throw WaitForConditionError(*outcome.error);
        }
        wire::OperationUpdate update =
            decision ? retry_update(core, claim, *decision) : core.update(claim, OperationAction::succeed);
        update.payload = outcome.result;
        core.state.enqueue(std::move(update));
        core.state.flush();
        if (!decision) return core.make_recorded(std::move(outcome.result), claim.id);
    }
}

}  // namespace

Work Context::step_work(std::string_view name, detail::StepBody body, RetryStrategy retry, StepSemantics semantics) {
    Claim claim = core_->claim(OperationType::step, name, "Step");
    if (claim.record && claim.record->status == OperationStatus::succeeded) {
        return {.operation_id = claim.id,
                .run = {},
                .known = core_->make_recorded(claim.record->result, claim.id),
                .name = claim.name};
    }
    Step step{.claim = std::move(claim), .body = std::move(body), .retry = std::move(retry), .semantics = semantics};
    const std::string id = step.claim.id;
    return {.operation_id = id,
            .run = [core = core_, step = std::move(step)] { return run_step(*core, step); },
            .name = std::string(name)};
}

Work Context::condition_work(std::string_view name, detail::Poll poll) {
    core_->check_place("WaitForCondition", name);
    if (!poll) {
        core_->state.refuse_use(fmt::format(
            "WaitForCondition '{}': no strategy; ConditionOptions::strategy decides whether to go on", name));
    }
    Condition condition{.claim = core_->claim(OperationType::step, name, "WaitForCondition"), .poll = std::move(poll)};
    const std::string id = condition.claim.id;
    return {.operation_id = id,
            .run = [core = core_, condition = std::move(condition)] { return run_condition(*core, condition); },
            .name = std::string(name)};
}

}  // namespace durable
