#include "core/execution.hpp"

#include <algorithm>
#include <unordered_set>

#include "core/sizes.hpp"

namespace holdpoint::core {

namespace {

using wire::OperationStatus;
using wire::OperationType;

/// Not one that was only just made, which has neither type nor status yet.
bool is_pending(const wire::Operation& operation) {
    if (operation.id.empty()) return false;
    if (operation.type == OperationType::step) return operation.status == OperationStatus::pending;
    const bool waits = operation.type == OperationType::wait || operation.type == OperationType::callback ||
                       operation.type == OperationType::chained_invoke;
    return waits && operation.status == OperationStatus::started;
}

std::optional<TimePoint> due_of(const OperationState& state) {
    const wire::Operation& operation = state.operation;
    if (operation.type == OperationType::step && operation.status == OperationStatus::pending) {
        return operation.next_attempt_at;
    }
    if (operation.status != OperationStatus::started) return std::nullopt;
    if (operation.type == OperationType::wait) return operation.scheduled_end_at;
    if (operation.type != OperationType::callback) return std::nullopt;
    if (!state.timeout_at) return state.heartbeat_at;
    return state.heartbeat_at ? std::min(*state.timeout_at, *state.heartbeat_at) : state.timeout_at;
}

/// True for what the service did by itself: the handler must be told, with an invocation of its own if need be.
bool is_by_service(const Change& change, OperationType type) {
    if (change.kind == ChangeKind::ready || change.kind == ChangeKind::timed_out ||
        change.kind == ChangeKind::stopped) {
        return true;
    }
    const bool ended = change.kind == ChangeKind::succeeded || change.kind == ChangeKind::failed;
    return ended &&
           (type == OperationType::wait || type == OperationType::callback || type == OperationType::chained_invoke);
}

bool has_heartbeats_alone(const std::vector<Change>& changes) {
    return std::ranges::all_of(changes, [](const Change& change) { return change.kind == ChangeKind::heartbeat; });
}

/// An operation of any type begins, or begins its next attempt.
void apply_start(OperationState& state, const Change& change) {
    wire::Operation& operation = state.operation;
    operation.status = OperationStatus::started;
    state.seconds = change.seconds;
    state.heartbeat_seconds = change.heartbeat_seconds;
    state.function = change.function;
    state.tenant_id = change.tenant_id;
    state.trace_header = change.trace_header;
    state.version = change.version;
    state.invoked_arn = change.invoked_arn;
    if (operation.type == OperationType::chained_invoke) state.payload = change.payload;
    if (operation.type == OperationType::wait) operation.scheduled_end_at = change.due;
    if (operation.type != OperationType::callback) return;
    operation.callback_id = change.callback_id;
    const TimePoint from = change.timed_from.value_or(change.at);
    if (change.seconds > 0) state.timeout_at = from + std::chrono::seconds(change.seconds);
    if (change.heartbeat_seconds > 0) state.heartbeat_at = from + std::chrono::seconds(change.heartbeat_seconds);
}

}  // namespace

void apply_change(OperationState& state, const Change& change) {
    wire::Operation& operation = state.operation;
    if (change.definition) {
        operation.id = change.id;
        operation.type = change.definition->type;
        operation.parent_id = change.definition->parent_id;
        operation.name = change.definition->name;
        operation.sub_type = change.definition->sub_type;
        operation.started_at = change.at;
    }
    const auto finish = [&](OperationStatus status) {
        operation.status = status;
        operation.ended_at = change.at;
        operation.next_attempt_at.reset();
        operation.result = change.payload;
        operation.error = change.error;
        operation.replay_children = change.replay_children;
        if (operation.type == OperationType::step) ++operation.attempt;
        state.payload.reset();
    };
    switch (change.kind) {
        case ChangeKind::started:
            apply_start(state, change);
            break;
        case ChangeKind::succeeded:
            finish(OperationStatus::succeeded);
            break;
        case ChangeKind::failed:
            finish(OperationStatus::failed);
            break;
        case ChangeKind::cancelled:
            finish(OperationStatus::cancelled);
            break;
        case ChangeKind::timed_out:
            finish(OperationStatus::timed_out);
            break;
        case ChangeKind::stopped:
            finish(OperationStatus::stopped);
            break;
        case ChangeKind::retried:
            operation.status = OperationStatus::pending;
            ++operation.attempt;
            operation.next_attempt_at = change.due;
            operation.result = change.payload;
            operation.error = change.error;
            state.seconds = change.seconds;
            break;
        case ChangeKind::ready:
            operation.status = OperationStatus::ready;
            operation.next_attempt_at.reset();
            break;
        case ChangeKind::heartbeat:
            state.heartbeat_at = change.due;
            break;
        case ChangeKind::execution_started:
        case ChangeKind::execution_closed:
        case ChangeKind::invocation_completed:
            break;
    }
}

const OperationState* Execution::find(std::string_view id) const {
    const auto found = index_.find(std::string(id));
    return found == index_.end() ? nullptr : &operations_[found->second];
}

wire::Operation Execution::execution_operation() const {
    wire::Operation operation;
    operation.id = head_.id;
    operation.name = head_.name;
    operation.type = OperationType::execution;
    operation.started_at = head_.started_at;
    operation.input = input_;
    operation.ended_at = head_.ended_at;
    switch (head_.status) {
        case wire::ExecutionStatus::running:
            operation.status = OperationStatus::started;
            break;
        case wire::ExecutionStatus::succeeded:
            operation.status = OperationStatus::succeeded;
            break;
        case wire::ExecutionStatus::failed:
            operation.status = OperationStatus::failed;
            break;
        case wire::ExecutionStatus::timed_out:
            operation.status = OperationStatus::timed_out;
            break;
        case wire::ExecutionStatus::stopped:
            operation.status = OperationStatus::stopped;
            break;
    }
    return operation;
}

std::vector<const OperationState*> Execution::due_by(TimePoint now) const {
    std::vector<const OperationState*> due;
    for (auto next = due_.begin(); next != due_.end() && next->first <= now; ++next) {
        due.push_back(&operations_[next->second]);
    }
    return due;
}

std::optional<TimePoint> Execution::next_due() const {
    if (!is_running()) return std::nullopt;
    TimePoint due = deadline();
    if (!due_.empty()) due = std::min(due, due_.begin()->first);
    if (invocation_retry_at_ && !invocation_) due = std::min(due, *invocation_retry_at_);
    return due;
}

void Execution::mark_all_seen() {
    seen_ = changes_;
    unseen_.clear();
}

std::vector<wire::Operation> Execution::take_unseen() {
    std::vector<wire::Operation> result;
    result.reserve(unseen_.size());
    for (const auto& [change, place] : unseen_) result.push_back(operations_[place].operation);
    if (invocation_ && has_unseen_change()) invocation_->was_told = true;
    mark_all_seen();
    return result;
}

std::vector<wire::Operation> Execution::replay_state() const {
    std::vector<wire::Operation> result;
    visit_replay_state(0, [&](const wire::Operation& operation) {
        result.push_back(operation);
        return true;
    });
    return result;
}

void Execution::visit_replay_state(std::size_t from, const std::function<bool(const wire::Operation&)>& visit) const {
    if (from == 0 && !visit(execution_operation())) return;
    std::unordered_set<std::string_view> hidden;  // contexts whose children replay does not need
    for (std::size_t place = 0; place < operations_.size(); ++place) {
        const wire::Operation& operation = operations_[place].operation;
        const bool inside = operation.parent_id && hidden.contains(*operation.parent_id);
        const bool closed_whole =
            operation.type == OperationType::context && is_terminal(operation.status) && !operation.replay_children;
        if (inside || closed_whole) hidden.insert(operation.id);
        if (!inside && place + 1 >= from && !visit(operation)) return;
    }
}

std::optional<std::size_t> Execution::position_of(std::string_view id) const {
    if (id == head_.id) return 0;
    const auto found = index_.find(std::string(id));
    if (found == index_.end()) return std::nullopt;
    return found->second + 1;
}

void Execution::rest() {
    mark_all_seen();
    updated_.clear();
}

void Execution::apply(const std::vector<Change>& entry) {
    for (const Change& change : entry) apply(change);
    ++entries_;
    newest_heartbeats_ = has_heartbeats_alone(entry) ? entry : std::vector<Change>();
}

std::optional<std::vector<Change>> Execution::with_newest_entry(const std::vector<Change>& changes) const {
    if (newest_heartbeats_.empty() || !has_heartbeats_alone(changes)) return std::nullopt;
    std::vector<Change> entry = newest_heartbeats_;
    for (const Change& change : changes) {
        std::erase_if(entry, [&](const Change& known) { return known.id == change.id; });
        entry.push_back(change);
    }
    return entry;
}

void Execution::apply_to_newest_entry(const std::vector<Change>& changes) {
    newest_heartbeats_ = with_newest_entry(changes).value();
    for (const Change& change : changes) apply(change);
}

void Execution::apply(const Change& change) {
    ++changes_;
    if (is_event(change.kind)) ++events_;
    last_change_at_ = std::max(last_change_at_, change.at);
    bytes_written_ += size_of(change);
    switch (change.kind) {
        case ChangeKind::execution_started:
            input_ = change.payload;
            break;
        case ChangeKind::execution_closed:
            head_.status = change.status;
            head_.ended_at = change.at;
            result_ = change.payload;
            error_ = change.error;
            break;
        case ChangeKind::invocation_completed:
            was_invoked_ = true;
            consecutive_failures_ = change.due || change.error ? consecutive_failures_ + 1 : 0;
            invocation_retry_at_ = change.due;
            if (change.error) ++billed_operations_;
            invocation_.reset();
            break;
        default:
            apply_to_operation(change);
    }
}

void Execution::apply_to_operation(const Change& change) {
    if (change.definition) {
        index_.emplace(change.id, operations_.size());
        operations_.emplace_back();
        ++billed_operations_;
    }
    if (change.kind == ChangeKind::retried) ++billed_operations_;
    const std::size_t place = index_.at(change.id);
    OperationState& state = operations_[place];
    if (const auto due = due_of(state)) due_.erase({*due, place});
    if (is_pending(state.operation)) --pending_;
    unseen_.erase(state.changed);
    apply_change(state, change);
    state.changed = changes_;
    if (const auto due = due_of(state)) due_.emplace(*due, place);
    if (is_pending(state.operation)) ++pending_;
    unseen_.emplace(changes_, place);
    if (is_by_service(change, state.operation.type)) {
        last_service_change_ = changes_;
        if (updated_.empty() || updated_.back() != change.id) updated_.push_back(change.id);
    }
}

std::vector<std::string> Execution::begin_invocation(std::string request_id, TimePoint now) {
    invocation_ = Invocation{.request_id = std::move(request_id),
                             .started_at = now,
                             .last_client_token = {},
                             .last_token = {},
                             .last_answer = {}};
    invocation_retry_at_.reset();
    was_invoked_ = true;
    mark_all_seen();
    return std::exchange(updated_, {});
}

}  // namespace holdpoint::core
