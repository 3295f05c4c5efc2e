#include "sdk/invocation.hpp"

#include <boost/json.hpp>

#include "sdk/context_core.hpp"
#include "sdk/error_mapping.hpp"
#include "sdk/execution_state.hpp"
#include "wire/durable_json.hpp"

namespace durable::detail {

namespace wire = holdpoint::wire;

namespace {

/// A response above this is recorded with a checkpoint instead. (AWS Lambda: 6 MiB, less a margin)
constexpr std::size_t kResponseMax = 6 * 1024 * 1024 - 50;

wire::InvocationOutput pending() {
    return {.status = wire::InvocationStatus::pending, .result = {}, .error = {}};
}

wire::InvocationOutput failed(const ErrorInfo& error) {
    return {.status = wire::InvocationStatus::failed, .result = {}, .error = to_wire(error)};
}

InvocationAnswer answer_success(ExecutionState& state, Text result) {
    wire::InvocationOutput output{
        .status = wire::InvocationStatus::succeeded, .result = std::move(result), .error = {}};
    if (boost::json::serialize(wire::to_json(output)).size() > kResponseMax) {
        wire::OperationUpdate update;
        update.id = operation_id("execution-result");
        update.type = wire::OperationType::execution;
        update.action = wire::OperationAction::succeed;
        update.payload = std::move(output.result);
        state.enqueue(std::move(update));
        output.result = "";
    }
    if (!state.try_flush()) return answer_so_far(state);
    return output;
}

}  // namespace

InvocationAnswer answer_so_far(const ExecutionState& state) {
    if (state.end() == End::invocation_failed) return InvocationFailure{state.error()};
    if (const auto misuse = state.misuse()) return failed(*misuse);
    if (state.end() == End::execution_failed) return failed(state.error());
    return pending();
}

namespace {

InvocationAnswer run_handler(const DurableHandler& handler, ExecutionState& state, const std::string& request_id) {
    const auto core = std::make_shared<ContextCore>(state, request_id);
    const auto context = Internals::make_context(core);
    std::optional<ErrorInfo> error;
    Text result;
    try {
        const Frame frame(*core);
        result = handler(*context, state.input());
    } catch (const Unwind&) {  // NOLINT(bugprone-empty-catch): the state says why it was thrown
    } catch (...) {
        error = current_error();
    }
    state.tasks.stop();
    state.let_go_of_contexts();
    // Whatever a handler makes of having been suspended, its execution waits; whatever it makes of a misuse, it fails.
    if (state.end() != End::none || state.misuse()) return answer_so_far(state);
    if (!error) return answer_success(state, std::move(result));
    if (!state.try_flush()) return answer_so_far(state);
    if (state.rehearsal == nullptr) log_failure(core->logger.on_replay_too(), *error);
    return failed(*error);
}

void tell_end(Hooks& hooks, const InvocationInfo& info, const InvocationAnswer& answer) {
    InvocationEnd end{.invocation = info, .status = InvocationStatus::retrying, .error = {}};
    if (const auto* failure = std::get_if<InvocationFailure>(&answer)) {
        end.error = failure->error;
    } else {
        const auto& output = std::get<wire::InvocationOutput>(answer);
        end.status = output.status == wire::InvocationStatus::succeeded ? InvocationStatus::succeeded
                     : output.status == wire::InvocationStatus::failed  ? InvocationStatus::failed
                                                                        : InvocationStatus::pending;
        if (output.error) end.error = from_wire(*output.error);
    }
    hooks.invocation_end(end);
}

}  // namespace

InvocationAnswer run_invocation(const DurableHandler& handler, wire::InvocationInput input, const Surroundings& with) {
    with.hooks.begin();
    const auto kept = std::make_shared<ExecutionState>(with.service, std::move(input), with.hooks, with.threads);
    ExecutionState& state = *kept;
    state.rehearsal = with.rehearsal;
    state.deadline = with.deadline;
    state.tenant_id = with.tenant_id;
    if (!state.load()) return answer_so_far(state);
    if (!with.hooks.any()) return run_handler(handler, state, with.request_id);
    const auto operations = state.view();
    const std::vector<OperationInfo> updated = state.updated();
    const InvocationInfo info{.execution_arn = state.execution_arn(),
                              .request_id = with.request_id,
                              .trace_header = with.trace_header,
                              .is_first_invocation = state.is_first_invocation(),
                              .execution_started_at = state.started_at(),
                              .operations = *operations,
                              .updated = updated};
    with.hooks.invocation_start(info);
    with.hooks.ended_meanwhile(updated);
    InvocationAnswer answer = run_handler(handler, state, with.request_id);
    tell_end(with.hooks, info, answer);
    return answer;
}

InvocationAnswer run_invocation(const DurableHandler& handler, const std::string& envelope, const Surroundings& with) {
    const auto refuse = [](std::string_view why) {
        return InvocationFailure{
            {.type = "InvalidDurableInvocation",
             .message = "This is a durable function, but the payload is no durable execution's (" + std::string(why) +
                        "). Give the function a DurableConfig, and invoke a version or alias of it.",
             .data = {},
             .stack = {}}};
    };
    boost::system::error_code problem;
    boost::json::monotonic_resource memory;  // one piece for thousands of small values
    const boost::json::value json = boost::json::parse(envelope, problem, &memory);
    if (problem) return refuse("not JSON: " + problem.message());
    auto input = wire::read_invocation_input(json);
    if (!input) return refuse(input.error().message);
    return run_invocation(handler, std::move(*input), with);
}

ErrorInfo plain_handler_error(const std::string& payload) {
    ErrorInfo error = current_error();
    if (error.type != "SerdesError") return error;
    boost::system::error_code problem;
    const boost::json::value json = boost::json::parse(payload, problem);
    if (!problem && wire::read_invocation_input(json)) {
        error.message +=
            " (this is no durable function, but the payload is a durable execution's: take DurableConfig from the "
            "function, or serve it with durable::run)";
    }
    return error;
}

}  // namespace durable::detail
