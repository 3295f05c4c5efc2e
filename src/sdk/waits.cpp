// Waits, callbacks and invokes: operations that the service carries on while nothing runs. (durable execution SDK
// semantics of AWS)
#include <fmt/format.h>

#include "sdk/bodies.hpp"
#include "sdk/context_core.hpp"
#include "sdk/delays.hpp"
#include "sdk/error_mapping.hpp"
#include "sdk/tasks.hpp"

namespace durable {

namespace wire = holdpoint::wire;
using detail::Claim;
using detail::ContextCore;
using detail::Record;
using detail::Recorded;
using detail::Work;
using wire::OperationAction;
using wire::OperationStatus;
using wire::OperationType;

namespace {

void check_timeout(const ContextCore& core, std::string_view name, std::string_view which,
                   std::chrono::seconds timeout) {
    if (timeout.count() >= 0 && timeout.count() <= detail::kCallbackTimeoutMax) return;
    core.state.refuse_use(fmt::format("Callback '{}': the {} is {} seconds; it is 0 (none) to {}", name, which,
                                      timeout.count(), detail::kCallbackTimeoutMax));
}

Recorded invoke_outcome(const ContextCore& core, const Claim& claim) {
    core.require_over(claim);
    const Record record = core.settled(claim.id);
    switch (record->status) {
        case OperationStatus::succeeded:
            return core.make_recorded(record->result, claim.id);
        case OperationStatus::timed_out:
            throw InvokeTimedOutError(detail::error_of(*record));
        case OperationStatus::stopped:
            throw InvokeStoppedError(detail::error_of(*record));
        case OperationStatus::failed:
            throw InvokeFailedError(detail::error_of(*record));
        default:
            throw InvokeError(detail::error_of(*record));
    }
}

}  // namespace

Work Context::wait_work(std::string_view name, std::int64_t seconds) {
    core_->check_place("Wait", name);
    if (seconds < 1 || seconds > detail::kDelayMax) {
        core_->state.refuse_use(fmt::format("wait '{}': {} seconds; a wait lasts 1 to {} seconds (366 days)", name,
                                            seconds, detail::kDelayMax));
    }
    const Claim claim = core_->claim(OperationType::wait, name, "Wait");
    if (!claim.record && !core_->is_closed()) {
        wire::OperationUpdate update = core_->update(claim, OperationAction::start);
        update.wait_seconds = seconds;
        core_->start(claim, std::move(update));
    }
    return {.operation_id = claim.id,
            .run =
                [core = core_, claim] {
                    core->require_over(claim);
                    (void)core->settled(claim.id);
                    return core->make_recorded({}, claim.id);
                },
            .name = claim.name};
}

std::pair<std::string, std::string> Context::start_callback(std::string_view name,
                                                            const detail::CallbackTimeouts& timeouts) {
    core_->check_place("Callback", name);
    check_timeout(*core_, name, "timeout", timeouts.timeout);
    check_timeout(*core_, name, "heartbeat timeout", timeouts.heartbeat_timeout);
    const Claim claim = core_->claim(OperationType::callback, name, "Callback");
    core_->require_over(claim);
    if (!claim.record) {
        wire::OperationUpdate update = core_->update(claim, OperationAction::start);
        update.has_callback_options = true;
        if (timeouts.timeout.count() > 0) update.callback_timeout_seconds = timeouts.timeout.count();
        if (timeouts.heartbeat_timeout.count() > 0) {
            update.callback_heartbeat_seconds = timeouts.heartbeat_timeout.count();
        }
        core_->start(claim, std::move(update));
        core_->state.flush();
    }
    return {claim.id, core_->recorded(claim.id)->callback_id.value_or("")};
}

namespace {

Recorded callback_result(const ContextCore& core, const std::string& operation_id) {
    if (core.is_closed() && core.recorded(operation_id)->status == OperationStatus::started) {
        core.fail_nondeterministic(
            fmt::format("The context that was recorded as finished waits for the callback '{}' on replay, which it did "
                        "not wait for.",
                        core.recorded(operation_id)->name.value_or("")));
    }
    const Record record = core.settled(operation_id);
    switch (record->status) {
        case OperationStatus::succeeded:
            return core.make_recorded(record->result, operation_id);
        case OperationStatus::failed:
            throw CallbackExternalError(detail::error_of(*record));
        case OperationStatus::timed_out:
            throw CallbackTimeoutError(detail::error_of(*record));
        default:
            throw CallbackError(detail::error_of(*record));
    }
}

/// A callback may be waited for in any body of its execution: that takes no place in the order of operations.
void check_place_of_callback(const ContextCore& core, const std::string& operation_id) {
    const std::string problem = detail::Frame::problem_in_any_body(core);
    if (!problem.empty()) {
        core.state.refuse_use(
            fmt::format("The durable operation {} was called {}.",
                        detail::named("Callback::result", core.recorded(operation_id)->name.value_or("")), problem));
    }
    core.state.throw_if_ended();
}

}  // namespace

Recorded detail::callback_outcome(ContextCore& core, const std::string& operation_id) {
    check_place_of_callback(core, operation_id);
    const Taking taking(core, operation_id);
    return callback_result(core, operation_id);
}

std::shared_ptr<detail::Task> detail::watch_callback(ContextCore& core, const std::string& operation_id) {
    const std::string name = core.recorded(operation_id)->name.value_or("");
    core.check_place("Callback::result_async", name);
    core.state.throw_if_ended();
    return watch(
        core, {.operation_id = operation_id,
               .run = [self = core.shared_from_this(), operation_id] { return callback_result(*self, operation_id); },
               .name = name});
}

Work Context::invoke_work(std::string_view name, std::string_view function, detail::Text payload,
                          const std::string& tenant_id) {
    core_->check_place("ChainedInvoke", name);
    if (function.empty()) {
        core_->state.refuse_use(fmt::format(
            "invoke '{}': no function; give its name with version or alias, such as 'billing:live', or its ARN", name));
    }
    const Claim claim = core_->claim(OperationType::chained_invoke, name, "ChainedInvoke");
    if (!claim.record && !core_->is_closed()) {
        wire::OperationUpdate update = core_->update(claim, OperationAction::start);
        update.function_name = function;
        update.payload = std::move(payload);
        if (!tenant_id.empty()) update.tenant_id = tenant_id;
        core_->start(claim, std::move(update));
    }
    return {.operation_id = claim.id,
            .run = [core = core_, claim] { return invoke_outcome(*core, claim); },
            .name = claim.name};
}

}  // namespace durable
