// Waits, callbacks and child contexts: how each goes on from its record. (durable execution SDK semantics of AWS)
#include <fmt/format.h>

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

/// A child context's result above this is not recorded: its body runs again from its records.
constexpr std::size_t kContextResultMax = 256UL * 1024;

}  // namespace

Context::Context(std::shared_ptr<ContextCore> core) : core_(std::move(core)) {}
Context::~Context() = default;

const Logger& Context::logger() const {
    return core_->logger;
}
const std::string& Context::execution_arn() const {
    return core_->state.execution_arn();
}
bool Context::is_replaying() const {
    return core_->state.replay.is_replaying();
}

void Context::wait_seconds(std::string_view name, std::int64_t seconds) {
    core_->state.check_place("Wait", name);
    if (seconds < 1 || seconds > detail::kDelayMax) {
        core_->state.refuse_use(fmt::format("wait '{}': {} seconds; a wait lasts 1 to {} seconds (366 days)", name,
                                            seconds, detail::kDelayMax));
    }
    const Claim claim = core_->claim(OperationType::wait, name, "Wait");
    if (claim.record == nullptr) {
        wire::OperationUpdate update = core_->update(claim, OperationAction::start);
        update.wait_seconds = seconds;
        core_->state.enqueue(std::move(update));
        core_->state.flush();
    }
    (void)core_->settled(claim.id);
}

namespace {

void check_timeout(ContextCore& core, std::string_view name, std::string_view which, std::chrono::seconds timeout) {
    if (timeout.count() >= 0 && timeout.count() <= detail::kCallbackTimeoutMax) return;
    core.state.refuse_use(fmt::format("Callback '{}': the {} is {} seconds; it is 0 (none) to {}", name, which,
                                      timeout.count(), detail::kCallbackTimeoutMax));
}

}  // namespace

std::pair<std::string, std::string> Context::start_callback(std::string_view name, const CallbackOptions& options) {
    core_->state.check_place("Callback", name);
    check_timeout(*core_, name, "timeout", options.timeout);
    check_timeout(*core_, name, "heartbeat timeout", options.heartbeat_timeout);
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
    return {claim.id, core_->recorded(claim.id).callback_id.value_or("")};
}

Text detail::callback_text(ContextCore& core, const std::string& operation_id) {
    core.state.check_place("Callback::result", core.recorded(operation_id).name.value_or(""));
    core.state.throw_if_ended();
    const wire::Operation& record = core.settled(operation_id);
    switch (record.status) {
        case OperationStatus::succeeded:
            return record.result;
        case OperationStatus::failed:
            throw CallbackExternalError(error_of(record));
        case OperationStatus::timed_out:
            throw CallbackTimeoutError(error_of(record));
        default:
            throw CallbackError(error_of(record));
    }
}

namespace {

/// What the body of a child context came to.
struct ChildRun {
    Text result;
    std::optional<ErrorInfo> error;
};

ChildRun run_body(ContextCore& core, const Claim& claim, const std::function<Text(Context&)>& body) {
    ChildRun run;
    const auto child = detail::Internals::make_context(std::make_shared<ContextCore>(core, claim));
    try {
        run.result = body(*child);
    } catch (const Unwind&) {
        throw;
    } catch (...) {
        run.error = detail::current_error();
    }
    core.state.throw_if_ended();  // the body may have caught what must not be caught
    return run;
}

ChildRun run_closed_body(ContextCore& core, const Claim& claim, const std::function<Text(Context&)>& body) {
    struct Mark {
        detail::Replay& replay;
        ~Mark() { replay.leave_closed(); }
    } const mark{core.state.replay};
    core.state.replay.enter_closed();
    return run_body(core, claim, body);
}

/// Runs a context from its record.
ChildRun run_context(ContextCore& core, const Claim& claim, const std::function<Text(Context&)>& body) {
    const wire::Operation* record = claim.record;
    if (record != nullptr && record->status == OperationStatus::failed) {
        return {.result = {}, .error = detail::error_of(*record)};
    }
    if (record != nullptr && record->status == OperationStatus::succeeded) {
        if (record->replay_children) return run_closed_body(core, claim, body);
        return {.result = record->result, .error = {}};
    }
    if (record == nullptr) core.start(claim);
    ChildRun run = run_body(core, claim, body);
    wire::OperationUpdate update = core.update(claim, run.error ? OperationAction::fail : OperationAction::succeed);
    if (run.error) {
        update.error = detail::to_wire(*run.error);
    } else if (run.result && run.result->size() > kContextResultMax) {
        update.payload = "";
        update.replay_children = true;
    } else {
        update.payload = run.result;
    }
    core.state.enqueue(std::move(update));
    core.state.flush();
    return run;
}

// Which error a wait_for_callback ended with stands in the first line of the recorded stack, as a trace's first line
// names its exception; type, message and data stay as they were sent.
constexpr std::string_view kTimeoutMark = "durable::CallbackTimeoutError";
constexpr std::string_view kExternalMark = "durable::CallbackExternalError";
constexpr std::string_view kSubmitterMark = "durable::CallbackSubmitterError";

[[noreturn]] void throw_marked(ErrorInfo error, std::string_view mark) {
    error.stack.emplace(error.stack.begin(), mark);
    throw DurableOperationError(std::move(error));
}

[[noreturn]] void throw_unmarked(ErrorInfo error) {
    std::string mark;
    if (!error.stack.empty()) {
        mark = std::move(error.stack.front());
        error.stack.erase(error.stack.begin());
    }
    if (mark == kTimeoutMark) throw CallbackTimeoutError(std::move(error));
    if (mark == kExternalMark) throw CallbackExternalError(std::move(error));
    if (mark == kSubmitterMark) throw CallbackSubmitterError(std::move(error));
    throw CallbackError(std::move(error));
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
    constexpr std::string_view kSubmitterSuffix = "-submitter";  // the longer one
    core_->state.check_place("WaitForCallback", name);
    core_->check_name("WaitForCallback", name, kSubmitterSuffix);
    const Claim claim = core_->claim(OperationType::context, name, "WaitForCallback");
    const std::string prefix(name);
    ChildRun run = run_context(*core_, claim, [&](Context& child) -> Text {
        const auto [operation_id, id] = child.start_callback(
            prefix + "-callback", {.timeout = options.timeout, .heartbeat_timeout = options.heartbeat_timeout});
        const StepBody submit = [&, callback_id = id](StepContext& step) -> Text {
            submitter(callback_id, step);
            return std::nullopt;
        };
        try {
            (void)child.step_text(prefix + std::string(kSubmitterSuffix), submit, {.retry = options.retry});
            return detail::callback_text(*child.core_, operation_id);
        } catch (const CallbackTimeoutError& error) {
            throw_marked(error.info(), kTimeoutMark);
        } catch (const CallbackExternalError& error) {
            throw_marked(error.info(), kExternalMark);
        } catch (const StepError& error) {
            throw_marked(error.info(), kSubmitterMark);
        }
    });
    if (run.error) throw_unmarked(std::move(*run.error));
    return run.result;
}

}  // namespace durable
