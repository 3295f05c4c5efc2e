#include "wire/durable_json.hpp"

#include <array>

#include "wire/json_reader.hpp"
#include "wire/parse_json.hpp"

namespace holdpoint::wire {

namespace {

using boost::json::array;
using boost::json::object;
using boost::json::storage_ptr;
using boost::json::value;

template <class Enum>
using Names = std::span<const std::pair<Enum, std::string_view>>;

constexpr std::array<std::pair<OperationType, std::string_view>, 6> kTypes{
    {{OperationType::execution, "EXECUTION"},
     {OperationType::context, "CONTEXT"},
     {OperationType::step, "STEP"},
     {OperationType::wait, "WAIT"},
     {OperationType::callback, "CALLBACK"},
     {OperationType::chained_invoke, "CHAINED_INVOKE"}}};
constexpr std::array<std::pair<OperationAction, std::string_view>, 5> kActions{{{OperationAction::start, "START"},
                                                                                {OperationAction::succeed, "SUCCEED"},
                                                                                {OperationAction::fail, "FAIL"},
                                                                                {OperationAction::retry, "RETRY"},
                                                                                {OperationAction::cancel, "CANCEL"}}};
constexpr std::array<std::pair<OperationStatus, std::string_view>, 8> kStatuses{
    {{OperationStatus::started, "STARTED"},
     {OperationStatus::pending, "PENDING"},
     {OperationStatus::ready, "READY"},
     {OperationStatus::succeeded, "SUCCEEDED"},
     {OperationStatus::failed, "FAILED"},
     {OperationStatus::cancelled, "CANCELLED"},
     {OperationStatus::timed_out, "TIMED_OUT"},
     {OperationStatus::stopped, "STOPPED"}}};
constexpr std::array<std::pair<InvocationStatus, std::string_view>, 3> kInvocationStatuses{
    {{InvocationStatus::succeeded, "SUCCEEDED"},
     {InvocationStatus::failed, "FAILED"},
     {InvocationStatus::pending, "PENDING"}}};

template <class Enum>
std::string_view name_of(Names<Enum> names, Enum wanted) {
    for (const auto& [enumerator, name] : names) {
        if (enumerator == wanted) return name;
    }
    std::unreachable();
}

/// Room for what an operation's record usually has: an object that grows moves what it holds.
constexpr std::size_t kUsualMembers = 8;

template <class T>
void put(object& out, std::string_view name, const std::optional<T>& member) {
    if (member) out[name] = *member;
}

void put_error(object& out, const std::optional<ErrorObject>& error) {
    if (error) out["Error"] = to_json(*error);
}

value time_json(TimePoint at, TimeFormat format) {
    if (format == TimeFormat::envelope_milliseconds) return to_epoch_ms(at);
    return to_epoch_seconds(at);
}

object step_details(const Operation& operation, TimeFormat format, const storage_ptr& memory) {
    object details(memory);
    if (operation.attempt > 0) details["Attempt"] = operation.attempt;
    if (operation.next_attempt_at) details["NextAttemptTimestamp"] = time_json(*operation.next_attempt_at, format);
    put(details, "Result", operation.result);
    put_error(details, operation.error);
    return details;
}

void put_details(object& out, const Operation& operation, TimeFormat format) {
    object details(out.storage());
    switch (operation.type) {
        case OperationType::execution:
            put(details, "InputPayload", operation.input);
            out["ExecutionDetails"] = std::move(details);
            return;
        case OperationType::step:
            out["StepDetails"] = step_details(operation, format, out.storage());
            return;
        case OperationType::wait:
            if (operation.scheduled_end_at)
                details["ScheduledEndTimestamp"] = time_json(*operation.scheduled_end_at, format);
            out["WaitDetails"] = std::move(details);
            return;
        case OperationType::context:
            if (operation.replay_children) details["ReplayChildren"] = true;
            break;
        case OperationType::callback:
            put(details, "CallbackId", operation.callback_id);
            break;
        case OperationType::chained_invoke:
            break;
    }
    put(details, "Result", operation.result);
    put_error(details, operation.error);
    out[operation.type == OperationType::context    ? "ContextDetails"
        : operation.type == OperationType::callback ? "CallbackDetails"
                                                    : "ChainedInvokeDetails"] = std::move(details);
}

std::string_view details_name(OperationType type) {
    switch (type) {
        case OperationType::execution:
            return "ExecutionDetails";
        case OperationType::context:
            return "ContextDetails";
        case OperationType::step:
            return "StepDetails";
        case OperationType::wait:
            return "WaitDetails";
        case OperationType::callback:
            return "CallbackDetails";
        case OperationType::chained_invoke:
            return "ChainedInvokeDetails";
    }
    std::unreachable();
}

ErrorObject read_error(JsonReader& reader) {
    ErrorObject error;
    error.message = reader.text("ErrorMessage");
    error.type = reader.text("ErrorType");
    error.data = reader.text("ErrorData");
    error.stack_trace = reader.texts("StackTrace");
    return error;
}

std::optional<ErrorObject> read_error_member(JsonReader& reader) {
    std::optional<ErrorObject> error;
    reader.child("Error", [&](JsonReader& inner) { error = read_error(inner); });
    return error;
}

OperationUpdate read_update(JsonReader& reader) {
    OperationUpdate update;
    update.id = reader.required_text("Id");
    update.parent_id = reader.text("ParentId");
    update.name = reader.text("Name");
    update.type = reader.required_name<OperationType>("Type", kTypes);
    update.sub_type = reader.text("SubType");
    update.action = reader.required_name<OperationAction>("Action", kActions);
    update.payload = reader.text("Payload");
    update.error = read_error_member(reader);
    reader.child("ContextOptions",
                 [&](JsonReader& options) { update.replay_children = options.boolean("ReplayChildren"); });
    reader.child("StepOptions", [&](JsonReader& options) {
        update.has_step_options = true;
        update.next_attempt_delay_seconds = options.integer("NextAttemptDelaySeconds");
    });
    reader.child("WaitOptions", [&](JsonReader& options) { update.wait_seconds = options.integer("WaitSeconds"); });
    reader.child("CallbackOptions", [&](JsonReader& options) {
        update.has_callback_options = true;
        update.callback_timeout_seconds = options.integer("TimeoutSeconds");
        update.callback_heartbeat_seconds = options.integer("HeartbeatTimeoutSeconds");
    });
    reader.child("ChainedInvokeOptions", [&](JsonReader& options) {
        update.function_name = options.required_text("FunctionName");
        update.tenant_id = options.text("TenantId");
        update.trace_header = options.text("XAmznTraceId");
    });
    return update;
}

Operation read_one_operation(JsonReader& reader) {
    Operation operation;
    operation.id = reader.required_text("Id");
    operation.parent_id = reader.text("ParentId");
    operation.name = reader.text("Name");
    operation.type = reader.required_name<OperationType>("Type", kTypes);
    operation.sub_type = reader.text("SubType");
    operation.status = reader.required_name<OperationStatus>("Status", kStatuses);
    operation.started_at = reader.time("StartTimestamp").value_or(TimePoint{});
    operation.ended_at = reader.time("EndTimestamp");
    reader.child(details_name(operation.type), [&](JsonReader& details) {
        operation.input = details.text("InputPayload");
        operation.result = details.text("Result");
        operation.error = read_error_member(details);
        operation.replay_children = details.boolean("ReplayChildren").value_or(false);
        operation.attempt = details.integer("Attempt").value_or(0);
        operation.next_attempt_at = details.time("NextAttemptTimestamp");
        operation.scheduled_end_at = details.time("ScheduledEndTimestamp");
        operation.callback_id = details.text("CallbackId");
    });
    return operation;
}

void read_page(JsonReader& state, std::vector<Operation>& operations, std::string& next_marker) {
    operations.reserve(state.count("Operations"));
    state.each("Operations", [&](JsonReader& item) { operations.push_back(read_one_operation(item)); });
    next_marker = state.text("NextMarker").value_or("");
}

void read_state(JsonReader& reader, std::string_view member, std::vector<Operation>& operations,
                std::string& next_marker) {
    reader.child(member, [&](JsonReader& state) { read_page(state, operations, next_marker); });
}

object state_json(const std::vector<Operation>& operations, const std::string& next_marker, TimeFormat format,
                  const storage_ptr& memory) {
    array items(memory);
    items.reserve(operations.size());
    for (const Operation& operation : operations) items.push_back(to_json(operation, format, memory));
    object state(2, memory);
    state["Operations"] = std::move(items);
    if (!next_marker.empty()) state["NextMarker"] = next_marker;
    return state;
}

}  // namespace

std::string_view to_string(OperationType value) {
    return name_of<OperationType>(kTypes, value);
}
std::string_view to_string(OperationAction value) {
    return name_of<OperationAction>(kActions, value);
}
std::string_view to_string(OperationStatus value) {
    return name_of<OperationStatus>(kStatuses, value);
}
std::string_view to_string(InvocationStatus value) {
    return name_of<InvocationStatus>(kInvocationStatuses, value);
}

std::string_view to_string(ExecutionStatus value) {
    switch (value) {
        case ExecutionStatus::running:
            return "RUNNING";
        case ExecutionStatus::succeeded:
            return "SUCCEEDED";
        case ExecutionStatus::failed:
            return "FAILED";
        case ExecutionStatus::timed_out:
            return "TIMED_OUT";
        case ExecutionStatus::stopped:
            return "STOPPED";
    }
    std::unreachable();
}

std::optional<ExecutionStatus> read_execution_status(std::string_view name) {
    for (const ExecutionStatus status : {ExecutionStatus::running, ExecutionStatus::succeeded, ExecutionStatus::failed,
                                         ExecutionStatus::timed_out, ExecutionStatus::stopped}) {
        if (to_string(status) == name) return status;
    }
    return std::nullopt;
}

value to_json(const ErrorObject& error) {
    object out;
    put(out, "ErrorMessage", error.message);
    put(out, "ErrorType", error.type);
    put(out, "ErrorData", error.data);
    if (error.stack_trace) out["StackTrace"] = boost::json::value_from(*error.stack_trace);
    return out;
}

value to_json(const OperationUpdate& update, const storage_ptr& memory) {
    object out({{"Id", update.id}, {"Type", to_string(update.type)}, {"Action", to_string(update.action)}},
               kUsualMembers, memory);
    put(out, "ParentId", update.parent_id);
    put(out, "Name", update.name);
    put(out, "SubType", update.sub_type);
    put(out, "Payload", update.payload);
    put_error(out, update.error);
    if (update.replay_children) out["ContextOptions"] = object({{"ReplayChildren", *update.replay_children}}, memory);
    if (update.has_step_options) {
        object options(memory);
        put(options, "NextAttemptDelaySeconds", update.next_attempt_delay_seconds);
        out["StepOptions"] = std::move(options);
    }
    if (update.wait_seconds) out["WaitOptions"] = object({{"WaitSeconds", *update.wait_seconds}}, memory);
    if (update.has_callback_options) {
        object options(memory);
        put(options, "TimeoutSeconds", update.callback_timeout_seconds);
        put(options, "HeartbeatTimeoutSeconds", update.callback_heartbeat_seconds);
        out["CallbackOptions"] = std::move(options);
    }
    if (update.function_name) {
        object options({{"FunctionName", *update.function_name}}, memory);
        put(options, "TenantId", update.tenant_id);
        put(options, "XAmznTraceId", update.trace_header);
        out["ChainedInvokeOptions"] = std::move(options);
    }
    return out;
}

value to_json(const Operation& operation, TimeFormat format, const storage_ptr& memory) {
    object out({{"Id", operation.id}, {"Type", to_string(operation.type)}, {"Status", to_string(operation.status)}},
               kUsualMembers, memory);
    put(out, "ParentId", operation.parent_id);
    put(out, "Name", operation.name);
    put(out, "SubType", operation.sub_type);
    out["StartTimestamp"] = time_json(operation.started_at, format);
    if (operation.ended_at) out["EndTimestamp"] = time_json(*operation.ended_at, format);
    put_details(out, operation, format);
    return out;
}

value to_json(const InvocationInput& input) {
    object out{{"DurableExecutionArn", input.execution_arn},
               {"CheckpointToken", input.checkpoint_token},
               {"InitialExecutionState",
                state_json(input.operations, input.next_marker, TimeFormat::envelope_milliseconds, {})}};
    out["UpdatedOperationIds"] = boost::json::value_from(input.updated_operation_ids);
    return out;
}

value to_json(const InvocationOutput& output) {
    object out{{"Status", to_string(output.status)}};
    put(out, "Result", output.result);
    put_error(out, output.error);
    return out;
}

value to_json(const CheckpointRequest& request, const storage_ptr& memory) {
    array updates(memory);
    updates.reserve(request.updates.size());
    for (const OperationUpdate& update : request.updates) updates.push_back(to_json(update, memory));
    object out(3, memory);
    out["CheckpointToken"] = request.checkpoint_token;
    out["Updates"] = std::move(updates);
    put(out, "ClientToken", request.client_token);
    return out;
}

value to_json(const CheckpointResponse& response, const storage_ptr& memory) {
    object out(2, memory);
    out["NewExecutionState"] = state_json(response.operations, response.next_marker, TimeFormat::api_seconds, memory);
    put(out, "CheckpointToken", response.checkpoint_token);
    return out;
}

Result<ErrorObject> read_error_object(const value& json) {
    return read_json<ErrorObject>(json, read_error);
}
Result<OperationUpdate> read_operation_update(const value& json) {
    return read_json<OperationUpdate>(json, read_update);
}
Result<Operation> read_operation(const value& json) {
    return read_json<Operation>(json, read_one_operation);
}

Result<InvocationInput> read_invocation_input(const value& json) {
    return read_json<InvocationInput>(json, [](JsonReader& reader) {
        InvocationInput input;
        input.execution_arn = reader.required_text("DurableExecutionArn");
        input.checkpoint_token = reader.required_text("CheckpointToken");
        read_state(reader, "InitialExecutionState", input.operations, input.next_marker);
        input.updated_operation_ids = reader.texts("UpdatedOperationIds").value_or(std::vector<std::string>{});
        return input;
    });
}

Result<InvocationOutput> read_invocation_output(const value& json) {
    return read_json<InvocationOutput>(json, [](JsonReader& reader) {
        InvocationOutput output;
        output.status = reader.required_name<InvocationStatus>("Status", kInvocationStatuses);
        output.result = reader.text("Result");
        output.error = read_error_member(reader);
        return output;
    });
}

Result<InvocationOutput> parse_invocation_output(std::string_view text) {
    boost::system::error_code problem;
    const value json = parse_json(text, problem);
    if (problem) return fail("SerializationException", 400, problem.message());
    return read_invocation_output(json);
}

Result<CheckpointRequest> read_checkpoint_request(const value& json) {
    return read_json<CheckpointRequest>(json, [](JsonReader& reader) {
        CheckpointRequest request;
        request.checkpoint_token = reader.required_text("CheckpointToken");
        reader.each("Updates", [&](JsonReader& item) { request.updates.push_back(read_update(item)); });
        request.client_token = reader.text("ClientToken");
        return request;
    });
}

Result<CheckpointResponse> read_checkpoint_response(const value& json) {
    return read_json<CheckpointResponse>(json, [](JsonReader& reader) {
        CheckpointResponse response;
        response.checkpoint_token = reader.text("CheckpointToken");
        read_state(reader, "NewExecutionState", response.operations, response.next_marker);
        return response;
    });
}

Result<CheckpointResponse> read_state_page(const value& json) {
    return read_json<CheckpointResponse>(json, [](JsonReader& reader) {
        CheckpointResponse page;
        read_page(reader, page.operations, page.next_marker);
        return page;
    });
}

}  // namespace holdpoint::wire
