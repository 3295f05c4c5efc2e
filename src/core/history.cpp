#include "core/history.hpp"

#include "wire/durable_json.hpp"

namespace holdpoint::core {

namespace json = boost::json;

namespace {

using wire::OperationType;

using Operations = std::function<NamedOperation(const std::string& id)>;

class Renderer {
public:
    Renderer(const Head& head, const Operations& operations, bool with_data)
        : head_(head), operations_(operations), with_data_(with_data) {}

    json::object render(const Change& change, std::uint64_t event_id) const {
        json::object event;
        event["EventId"] = event_id;
        event["EventTimestamp"] = to_epoch_seconds(change.at);
        std::string type;
        json::object details;
        if (change.kind == ChangeKind::invocation_completed) {
            type = "InvocationCompleted";
            details = invocation(change);
        } else if (change.id.empty()) {
            event["Id"] = head_.id;
            event["Name"] = head_.name;
            type = execution_type(change);
            details = execution_details(change);
        } else {
            const NamedOperation operation = operations_(change.id);
            event["Id"] = change.id;
            name_operation(event, operation.definition);
            type = prefix(operation.definition.type) + suffix(change);
            details = operation_details(change, operation);
        }
        event["EventType"] = type;
        event[type + "Details"] = std::move(details);
        return event;
    }

private:
    json::object payload(const std::optional<std::string>& text) const {
        json::object wrapped;
        if (with_data_ && text) wrapped["Payload"] = *text;
        wrapped["Truncated"] = !with_data_ && text.has_value();
        return wrapped;
    }

    json::object error(const std::optional<wire::ErrorObject>& object) const {
        json::object wrapped;
        if (with_data_ && object) wrapped["Payload"] = wire::to_json(*object);
        wrapped["Truncated"] = !with_data_ && object.has_value();
        return wrapped;
    }

    static void name_operation(json::object& event, const Definition& definition) {
        if (definition.name) event["Name"] = *definition.name;
        if (definition.sub_type) event["SubType"] = *definition.sub_type;
        if (definition.parent_id) event["ParentId"] = *definition.parent_id;
    }

    static std::string prefix(OperationType type) {
        switch (type) {
            case OperationType::step:
                return "Step";
            case OperationType::context:
                return "Context";
            case OperationType::wait:
                return "Wait";
            case OperationType::callback:
                return "Callback";
            case OperationType::chained_invoke:
                return "ChainedInvoke";
            case OperationType::execution:
                break;
        }
        return "Execution";
    }

    static std::string suffix(const Change& change) {
        switch (change.kind) {
            case ChangeKind::started:
                return "Started";
            case ChangeKind::failed:
                return "Failed";
            case ChangeKind::cancelled:
                return "Cancelled";
            case ChangeKind::timed_out:
                return "TimedOut";
            case ChangeKind::stopped:
                return "Stopped";
            // A poll that goes on is an attempt that succeeded.
            case ChangeKind::retried:
                return change.error ? "Failed" : "Succeeded";
            default:
                return "Succeeded";
        }
    }

    static std::string execution_type(const Change& change) {
        if (change.kind == ChangeKind::execution_started) return "ExecutionStarted";
        switch (change.status) {
            case wire::ExecutionStatus::succeeded:
                return "ExecutionSucceeded";
            case wire::ExecutionStatus::timed_out:
                return "ExecutionTimedOut";
            case wire::ExecutionStatus::stopped:
                return "ExecutionStopped";
            default:
                return "ExecutionFailed";
        }
    }

    json::object execution_details(const Change& change) const {
        if (change.kind == ChangeKind::execution_started) {
            return {{"Input", payload(change.payload)}, {"ExecutionTimeout", change.seconds}};
        }
        if (change.status == wire::ExecutionStatus::succeeded) return {{"Result", payload(change.payload)}};
        return {{"Error", error(change.error)}};
    }

    json::object invocation(const Change& change) const {
        json::object details{{"StartTimestamp", to_epoch_seconds(change.invocation_started_at)},
                             {"EndTimestamp", to_epoch_seconds(change.at)},
                             {"RequestId", change.request_id}};
        if (change.error) details["Error"] = error(change.error);
        return details;
    }

    json::object started(const Change& change, OperationType type) const {
        json::object details;
        if (type == OperationType::wait) {
            details["Duration"] = change.seconds;
            details["ScheduledEndTimestamp"] = to_epoch_seconds(*change.due);
        }
        if (type == OperationType::callback) {
            details["CallbackId"] = change.callback_id;
            if (change.seconds > 0) details["Timeout"] = change.seconds;
            if (change.heartbeat_seconds > 0) details["HeartbeatTimeout"] = change.heartbeat_seconds;
        }
        if (type == OperationType::chained_invoke) {
            details["FunctionName"] = change.function;
            if (!change.tenant_id.empty()) details["TenantId"] = change.tenant_id;
            // Nothing was sent to a function that was not found.
            if (change.payload && !change.version.empty()) details["Input"] = payload(change.payload);
            if (!change.version.empty()) details["ExecutedVersion"] = change.version;
            if (!change.invoked_arn.empty()) details["DurableExecutionArn"] = change.invoked_arn;
        }
        return details;
    }

    json::object operation_details(const Change& change, const NamedOperation& operation) const {
        const OperationType type = operation.definition.type;
        if (change.kind == ChangeKind::started) return started(change, type);
        if (type == OperationType::wait) {
            if (change.kind == ChangeKind::succeeded) return {{"Duration", operation.seconds}};
            return change.error ? json::object{{"Error", error(change.error)}} : json::object{};
        }
        if (change.kind == ChangeKind::timed_out && type == OperationType::callback) {
            // The history of a timed-out callback names the type alone, as AWS's does.
            wire::ErrorObject named;
            named.type = change.error->type;
            return {{"Error", error(named)}};
        }
        json::object details;
        const bool failed = change.kind == ChangeKind::failed || change.kind == ChangeKind::timed_out ||
                            change.kind == ChangeKind::stopped || (change.kind == ChangeKind::retried && change.error);
        if (failed) {
            details["Error"] = error(change.error);
        } else {
            details["Result"] = payload(change.payload);
        }
        if (type == OperationType::step) {
            json::object retry{{"CurrentAttempt", change.attempt}};
            if (change.kind == ChangeKind::retried) retry["NextAttemptDelaySeconds"] = change.seconds;
            details["RetryDetails"] = std::move(retry);
        }
        return details;
    }

    const Head& head_;
    const Operations& operations_;
    bool with_data_;
};

}  // namespace

std::vector<json::object> render_events(const Execution& execution, const std::vector<Change>& entry,
                                        std::uint64_t first_event_id, bool with_data) {
    const Operations operations = [&execution](const std::string& id) {
        const OperationState& state = *execution.find(id);
        return NamedOperation{.definition = {.type = state.operation.type,
                                             .parent_id = state.operation.parent_id,
                                             .name = state.operation.name,
                                             .sub_type = state.operation.sub_type},
                              .seconds = state.seconds};
    };
    return render_events(execution.head(), operations, entry, first_event_id, with_data);
}

std::vector<json::object> render_events(const Head& head, const Operations& operations,
                                        const std::vector<Change>& entry, std::uint64_t first_event_id,
                                        bool with_data) {
    const Renderer renderer(head, operations, with_data);
    std::vector<json::object> events;
    for (const Change& change : entry) {
        if (is_event(change.kind)) events.push_back(renderer.render(change, first_event_id++));
    }
    return events;
}

}  // namespace holdpoint::core
