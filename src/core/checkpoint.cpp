#include "core/checkpoint.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <map>

#include "base/encoding.hpp"
#include "core/callbacks.hpp"
#include "core/operation/transition.hpp"
#include "core/sizes.hpp"
#include "wire/durable_json.hpp"

namespace holdpoint::core {

namespace {

using wire::OperationAction;
using wire::OperationType;
using wire::OperationUpdate;

/// The batch so far on top of the execution: copies only the operations that the batch touches.
class Overlay {
public:
    explicit Overlay(const Execution& execution) : execution_(execution) {}

    const OperationState* find(const std::string& id) const {
        const auto touched = touched_.find(id);
        return touched != touched_.end() ? &touched->second : execution_.find(id);
    }
    void apply(const Change& change) {
        auto touched = touched_.find(change.id);
        if (touched == touched_.end()) {
            const OperationState* known = execution_.find(change.id);
            touched = touched_.emplace(change.id, known == nullptr ? OperationState{} : *known).first;
        }
        apply_change(touched->second, change);
    }
    bool was_touched(const std::string& id) const { return touched_.contains(id); }

private:
    const Execution& execution_;
    std::map<std::string, OperationState> touched_;
};

Result<void> check_same_operation(const OperationState& known, const OperationUpdate& update) {
    const wire::Operation& operation = known.operation;
    if (operation.type != update.type) return invalid_parameter("Inconsistent operation type.");
    if (update.sub_type && operation.sub_type != update.sub_type) {
        return invalid_parameter("Inconsistent operation subtype.");
    }
    if (update.name && operation.name != update.name) return invalid_parameter("Inconsistent operation name.");
    if (operation.parent_id != update.parent_id) return invalid_parameter("Inconsistent parent operation id.");
    return {};
}

Result<void> check_parent(const Overlay& overlay, const OperationUpdate& update) {
    if (!update.parent_id) return {};
    const OperationState* parent = overlay.find(*update.parent_id);
    if (parent != nullptr && parent->operation.type == OperationType::context) return {};
    return invalid_parameter("Invalid parent operation id.");
}

/// One operation may come twice only as START and then what ends that attempt. Whether an action can end it is the
/// operation's own question.
Result<void> check_repetition(const Overlay& overlay, const OperationUpdate& update) {
    if (!overlay.was_touched(update.id)) return {};
    const bool may_pair = update.type == OperationType::step || update.type == OperationType::context;
    const OperationState* known = overlay.find(update.id);
    if (may_pair && update.action != OperationAction::start &&
        known->operation.status == wire::OperationStatus::started) {
        return {};
    }
    return invalid_parameter("Cannot checkpoint multiple operations with the same ID.");
}

Result<Change> close_execution(const Execution& execution, const OperationUpdate& update, TimePoint at,
                               const Limits& limits) {
    if (update.action != OperationAction::succeed && update.action != OperationAction::fail) {
        return invalid_parameter("Invalid action for the given operation type.");
    }
    if (auto ok = check_outcome(update, SIZE_MAX, limits); !ok) return std::unexpected(ok.error());
    const std::size_t max = execution.head().synchronous ? limits.sync_result_bytes : limits.async_result_bytes;
    if (update.payload && update.payload->size() > max) {
        return invalid_parameter(
            fmt::format("Execution output payload size must be less than or equal to {} bytes.", max));
    }
    Change change;
    change.kind = ChangeKind::execution_closed;
    change.at = at;
    change.payload = update.payload;
    change.error = update.error;
    change.status =
        update.action == OperationAction::succeed ? wire::ExecutionStatus::succeeded : wire::ExecutionStatus::failed;
    return change;
}

Result<Change> decide_operation(const Execution& execution, const Overlay& overlay, const OperationUpdate& update,
                                TimePoint now, TimePoint at, std::string_view nonce, const Limits& limits) {
    const OperationState* current = overlay.find(update.id);
    if (current != nullptr) {
        if (auto ok = check_same_operation(*current, update); !ok) return std::unexpected(ok.error());
    } else if (auto ok = check_parent(overlay, update); !ok) {
        return std::unexpected(ok.error());
    }
    if (auto ok = check_repetition(overlay, update); !ok) return std::unexpected(ok.error());
    const Transition transition{.current = current, .update = update, .now = now, .at = at, .limits = limits};
    switch (update.type) {
        case OperationType::step:
            return decide_step(transition);
        case OperationType::context:
            return decide_context(transition);
        case OperationType::wait:
            return decide_wait(transition);
        case OperationType::callback:
            return decide_callback(transition, make_callback_id(execution.head(), update.id, nonce));
        case OperationType::chained_invoke:
            return decide_chained_invoke(transition);
        case OperationType::execution:
            break;
    }
    return invalid_parameter("Invalid action for the given operation type.");
}

Result<void> check_quotas(const Execution& execution, const std::vector<Change>& changes, const Limits& limits) {
    std::int64_t operations = execution.billed_operations();
    std::size_t bytes = execution.bytes_written();
    for (const Change& change : changes) {
        if (change.definition) ++operations;
        if (change.kind == ChangeKind::retried) ++operations;  // also of a step that begins with it
        bytes += size_of(change);
    }
    if (operations > limits.operations) {
        return invalid_parameter(fmt::format(
            "Durable execution exceeded the maximum of {} operations (retries and polls count).", limits.operations));
    }
    return check_data(bytes, limits);
}

}  // namespace

std::string checkpoint_token(const Head& head, const Invocation& invocation) {
    return base64_encode(fmt::format("{}.{}.{}", head.number, invocation.request_id, invocation.sequence));
}

Result<void> check_token(const Execution& execution, std::string_view token) {
    const auto decoded = base64_decode(token);
    if (!decoded || decoded->find('.') == std::string::npos) return invalid_parameter("Invalid checkpoint token");
    if (decoded->substr(0, decoded->find('.')) != std::to_string(execution.head().number)) {
        return invalid_parameter("Checkpoint token is not valid for the durable execution ARN");
    }
    const auto& invocation = execution.invocation();
    if (!execution.is_running() || !invocation || invocation->token_withheld ||
        token != checkpoint_token(execution.head(), *invocation)) {
        return invalid_parameter("Invalid checkpoint token");
    }
    return {};
}

Result<std::vector<Change>> decide_checkpoint(const Execution& execution, const std::vector<OperationUpdate>& updates,
                                              TimePoint now, std::string_view nonce, const Limits& limits) {
    const TimePoint at = std::max(now, execution.last_change_at());
    std::vector<Change> changes;
    Overlay overlay(execution);
    bool closed = false;
    for (const OperationUpdate& update : updates) {
        if (update.type == OperationType::execution) {
            if (closed) return invalid_parameter("Cannot checkpoint multiple EXECUTION updates.");
            auto change = close_execution(execution, update, at, limits);
            if (!change) return std::unexpected(change.error());
            changes.push_back(std::move(*change));
            closed = true;
            continue;
        }
        if (closed) return invalid_parameter("EXECUTION checkpoint must be the last update.");
        auto change = decide_operation(execution, overlay, update, now, at, nonce, limits);
        if (!change) return std::unexpected(change.error());
        overlay.apply(*change);
        changes.push_back(std::move(*change));
    }
    if (auto ok = check_quotas(execution, changes, limits); !ok) return std::unexpected(ok.error());
    return changes;
}

std::string accept_checkpoint(Execution& execution, const wire::CheckpointRequest& request) {
    Invocation& invocation = *execution.invocation();
    ++invocation.sequence;
    wire::CheckpointResponse response;
    response.operations = execution.take_unseen();
    if (execution.is_running()) {
        response.checkpoint_token = checkpoint_token(execution.head(), invocation);
    } else {
        invocation.token_withheld = true;
    }
    std::array<unsigned char, 4096> first;  // more comes from the heap
    boost::json::monotonic_resource memory(first.data(), first.size());
    std::string answer = boost::json::serialize(wire::to_json(response, &memory));
    // A closing checkpoint is not answered a second time, as on AWS.
    invocation.last_client_token = execution.is_running() ? request.client_token.value_or("") : "";
    invocation.last_token = request.checkpoint_token;
    invocation.last_answer = answer;
    return answer;
}

}  // namespace holdpoint::core
