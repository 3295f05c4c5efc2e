#include "testing/local_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "core/callbacks.hpp"
#include "core/checkpoint.hpp"
#include "core/history.hpp"
#include "core/lifecycle.hpp"
#include "core/rows.hpp"
#include "functions/function.hpp"
#include "sdk/error_mapping.hpp"

namespace durable::testing {

namespace core = holdpoint::core;
namespace wire = holdpoint::wire;

LocalService::LocalService(detail::DurableHandler handler, RunnerOptions options)
    : handler_(std::move(handler)),
      options_(std::move(options)),
      hooks_(options_.run.plugins),
      clock_(std::chrono::time_point_cast<std::chrono::milliseconds>(options_.started_at)) {
    limits.operations = options_.max_operations;
}

void LocalService::start(std::optional<std::string> input) {
    core::Head head;
    head.number = 1;
    head.id = core::make_execution_id(1, random_.uuid());
    head.name = options_.execution_name;
    head.function = options_.function_name;
    head.version = "1";
    head.arn = core::execution_arn("us-east-1", "000000000000", head.function, head.version, head.name, head.id);
    head.started_at = clock_.now();
    head.timeout_seconds = options_.execution_timeout.count();
    execution_.emplace(head);
    journal(core::decide_start(head, std::move(input)));
    invoke_while_needed();
}

std::optional<holdpoint::TimePoint> LocalService::next_due() const {
    auto due = execution_->next_due();
    if (due && !invoke_ends_.empty()) due = std::min(*due, invoke_ends_.begin()->first);
    return due;
}

void LocalService::advance(std::chrono::milliseconds by) {
    const holdpoint::TimePoint end = clock_.now() + by;
    while (execution_ && execution_->is_running()) {  // before there is one, time passes all the same
        const auto due = invoking_ ? execution_->next_due() : next_due();
        if (!due || *due > end) break;
        if (*due > clock_.now()) clock_.advance(*due - clock_.now());
        journal(core::decide_due(*execution_, clock_.now()));
        invoke_while_needed();
    }
    if (end > clock_.now()) clock_.advance(end - clock_.now());
}

template <class Decide>
void LocalService::answer_callback(const Decide& decide) {
    {
        const std::lock_guard lock(mutex_);
        auto changes = decide();
        if (!changes) throw std::invalid_argument(changes.error().message);
        journal(*changes);
    }
    invoke_while_needed();
}

void LocalService::succeed_callback(std::string_view name, std::string result) {
    answer_callback([&] {
        return core::decide_callback_success(*execution_, callback_id(name), std::move(result), clock_.now(), limits);
    });
}

void LocalService::fail_callback(std::string_view name, const ErrorInfo& error) {
    answer_callback([&] {
        return core::decide_callback_failure(*execution_, callback_id(name), detail::to_wire(error), clock_.now(),
                                             limits);
    });
}

void LocalService::heartbeat_callback(std::string_view name) {
    answer_callback([&] { return core::decide_callback_heartbeat(*execution_, callback_id(name), clock_.now()); });
}

namespace {

bool is_open_callback(const core::OperationState& state) {
    return state.operation.type == wire::OperationType::callback &&
           state.operation.status == wire::OperationStatus::started;
}

}  // namespace

std::string LocalService::callback_id(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    std::string open;
    for (const core::OperationState& state : execution_->operations()) {
        if (!is_open_callback(state)) continue;
        const std::string& id = *state.operation.callback_id;
        if (state.operation.name.value_or("") == name || id == name) return id;
        open += (open.empty() ? "" : ", ") + state.operation.name.value_or(id);
    }
    throw std::invalid_argument(
        fmt::format("no callback \"{}\" is open; open are: {}", name, open.empty() ? "none" : open));
}

bool LocalService::has_open_callback() const {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(execution_->operations(), is_open_callback);
}

void LocalService::fake_function(std::string name, detail::FakeFunction function, std::chrono::milliseconds takes) {
    functions_.insert_or_assign(std::move(name), Fake{.call = std::move(function), .takes = takes});
}

void LocalService::begin_invokes(const std::vector<core::Change>& changes) {
    for (const core::Change& change : changes) {
        if (change.kind != core::ChangeKind::started || change.function.empty()) continue;
        const auto fake = functions_.find(change.function);
        const auto takes = fake == functions_.end() ? std::chrono::milliseconds(0) : fake->second.takes;
        invoke_ends_.emplace(clock_.now() + takes, change.id);
    }
}

core::InvokeOutcome LocalService::call_function(const core::OperationState& state) {
    core::InvokeOutcome outcome;
    outcome.status = wire::ExecutionStatus::failed;
    const auto fake = functions_.find(state.function);
    if (fake == functions_.end()) {
        outcome.error = {
            .message = "Function not found: " + state.function + " (the test has no fake_function of that name)",
            .type = "ResourceNotFoundException",
            .data = {},
            .stack_trace = {}};
        return outcome;
    }
    try {
        outcome.result = fake->second.call(state.payload.value_or("null"),
                                           {.function = state.function, .tenant_id = state.tenant_id});
        outcome.status = wire::ExecutionStatus::succeeded;
    } catch (const FunctionTimedOut&) {
        outcome.status = wire::ExecutionStatus::timed_out;
        outcome.timeout_seconds = std::chrono::duration_cast<std::chrono::seconds>(fake->second.takes).count();
    } catch (const FunctionStopped&) {
        outcome.status = wire::ExecutionStatus::stopped;
        outcome.error = {.message = "the function was stopped", .type = {}, .data = {}, .stack_trace = {}};
    } catch (...) {
        outcome.error = detail::to_wire(detail::current_error());
    }
    return outcome;
}

void LocalService::end_due_invokes() {
    while (!invoke_ends_.empty() && invoke_ends_.begin()->first <= clock_.now()) {
        const std::string id = invoke_ends_.extract(invoke_ends_.begin()).mapped();
        journal(core::decide_invoke_ended(*execution_, id, call_function(*execution_->find(id)), clock_.now(), limits));
    }
}

void LocalService::stop(std::string reason) {
    journal(core::decide_stop(*execution_, {.message = std::move(reason), .type = {}, .data = {}, .stack_trace = {}},
                              clock_.now()));
}

std::string LocalService::error_type() const {
    return execution_->error() ? execution_->error()->type.value_or("") : "";
}

std::string LocalService::error_message() const {
    return execution_->error() ? execution_->error()->message.value_or("") : "";
}

std::vector<boost::json::object> LocalService::events() const {
    const std::lock_guard lock(mutex_);
    std::vector<boost::json::object> events;
    for (const auto& entry : journal_) {
        std::ranges::move(core::render_events(*execution_, entry, events.size() + 1, true), std::back_inserter(events));
    }
    return events;
}

std::vector<std::string> LocalService::history() const {
    std::vector<std::string> types;
    for (const auto& event : events()) types.emplace_back(event.at("EventType").as_string());
    return types;
}

void LocalService::journal(const std::vector<core::Change>& changes) {
    if (changes.empty()) return;
    journal_.push_back(changes);
    execution_->apply(core::decode_changes(core::encode_changes(changes)));
}

void LocalService::invoke_while_needed() {
    while (!invoking_ && execution_->is_running()) {
        end_due_invokes();
        const auto retry = execution_->invocation_retry_at();
        const bool needed =
            retry ? *retry <= clock_.now() : !execution_->was_invoked() || execution_->has_unseen_change();
        if (!needed) return;
        invoke();
    }
}

void LocalService::invoke() {
    ++invocations_;
    wire::InvocationInput input;
    input.execution_arn = execution_->head().arn;
    input.updated_operation_ids = execution_->begin_invocation(random_.uuid(), clock_.now());
    input.checkpoint_token = core::checkpoint_token(execution_->head(), *execution_->invocation());
    input.operations = execution_->replay_state();
    if (input.operations.size() > page_size) {
        input.operations.resize(page_size);
        input.next_marker = std::to_string(page_size);
    }
    crashed_ = false;
    invoking_ = true;
    detail::InvocationAnswer answer = detail::run_invocation(handler_, std::move(input),
                                                             {.service = *this,
                                                              .hooks = hooks_,
                                                              .request_id = execution_->invocation()->request_id,
                                                              .trace_header = {},
                                                              .tenant_id = options_.tenant_id,
                                                              .threads = options_.run.threads});
    invoking_ = false;
    if (crashed_) {
        answer = detail::InvocationFailure{
            {.type = "Runtime.ExitError", .message = "the process ended", .data = {}, .stack = {}}};
    }
    if (const auto* failure = std::get_if<detail::InvocationFailure>(&answer)) {
        journal(core::decide_invocation_failed(
            *execution_,
            {.message = failure->error.message, .type = failure->error.type, .data = {}, .stack_trace = {}},
            clock_.now(), limits));
    } else {
        journal(core::decide_invocation_answered(*execution_, std::get<wire::InvocationOutput>(answer), clock_.now(),
                                                 limits));
    }
}

std::optional<std::chrono::milliseconds> LocalService::pause_before_poll(std::optional<holdpoint::TimePoint>, bool,
                                                                         int) const {
    return std::nullopt;
}

holdpoint::Result<wire::CheckpointResponse> LocalService::checkpoint(const std::string&,
                                                                     const wire::CheckpointRequest& request) {
    const std::lock_guard lock(mutex_);
    try {
        return take_checkpoint(request);
    } catch (const Crash&) {
        crashed_ = true;
        throw;
    }
}

holdpoint::Result<wire::CheckpointResponse> LocalService::take_checkpoint(const wire::CheckpointRequest& request) {
    ++checkpoints_;
    if (before_checkpoint) {
        if (auto error = before_checkpoint(checkpoints_)) return std::unexpected(std::move(*error));
    }
    for (const wire::OperationUpdate& update : request.updates) {
        if (!update.function_name) continue;
        const auto reference = holdpoint::functions::read_reference(*update.function_name);
        if (!reference) return std::unexpected(reference.error());
    }
    if (auto ok = core::validate(request); !ok) return std::unexpected(ok.error());
    if (auto ok = core::check_token(*execution_, request.checkpoint_token); !ok) return std::unexpected(ok.error());
    journal(core::decide_due(*execution_, clock_.now()));
    auto changes = core::decide_checkpoint(*execution_, request.updates, clock_.now(), "nonce", limits);
    if (!changes) return std::unexpected(changes.error());
    journal(*changes);
    begin_invokes(*changes);
    if (after_checkpoint) after_checkpoint(checkpoints_);
    wire::CheckpointResponse response;
    response.operations = execution_->take_unseen();
    core::Invocation& invocation = *execution_->invocation();
    ++invocation.sequence;
    invocation.token_withheld = checkpoints_ == withhold_token_at || !execution_->is_running();
    if (!invocation.token_withheld) response.checkpoint_token = core::checkpoint_token(execution_->head(), invocation);
    return response;
}

holdpoint::Result<wire::CheckpointResponse> LocalService::get_state(const std::string&, const std::string& token,
                                                                    const std::string& marker) {
    const std::lock_guard lock(mutex_);
    if (auto ok = core::check_token(*execution_, token); !ok) return std::unexpected(ok.error());
    const auto all = execution_->replay_state();
    const std::size_t from = std::stoul(marker);
    wire::CheckpointResponse page;
    for (std::size_t i = from; i < all.size() && i < from + page_size; ++i) page.operations.push_back(all[i]);
    if (from + page_size < all.size()) page.next_marker = std::to_string(from + page_size);
    return page;
}

}  // namespace durable::testing
