#include "testing/runner.hpp"

#include <stdexcept>

#include "core/callbacks.hpp"
#include "core/checkpoint.hpp"
#include "core/history.hpp"
#include "core/lifecycle.hpp"
#include "core/rows.hpp"

namespace durable::testing {

namespace core = holdpoint::core;
namespace wire = holdpoint::wire;

Runner::Runner(detail::DurableHandler handler, RunOptions options)
    : handler_(std::move(handler)), options_(std::move(options)), hooks_(options_.plugins) {}

void Runner::start(std::string input) {
    core::Head head;
    head.number = 1;
    head.id = core::make_execution_id(1, random_.uuid());
    head.name = "test";
    head.function = "function";
    head.version = "1";
    head.arn = core::execution_arn("us-east-1", "000000000000", head.function, head.version, head.name, head.id);
    head.started_at = clock_.now();
    head.timeout_seconds = 366L * 86400;
    execution_.emplace(head);
    journal(core::decide_start(head, std::move(input)));
    invoke_while_needed();
}

void Runner::advance(std::chrono::seconds by) {
    const holdpoint::TimePoint end = clock_.now() + by;
    while (execution_->is_running()) {
        const auto due = execution_->next_due();
        if (!due || *due > end) break;
        if (*due > clock_.now()) clock_.advance(*due - clock_.now());
        journal(core::decide_due(*execution_, clock_.now()));
        invoke_while_needed();
    }
    if (end > clock_.now()) clock_.advance(end - clock_.now());
}

void Runner::succeed_callback(std::string_view name, std::string result) {
    auto changes =
        core::decide_callback_success(*execution_, callback_id(name), std::move(result), clock_.now(), limits);
    if (!changes) throw std::runtime_error(changes.error().message);
    journal(*changes);
    invoke_while_needed();
}

void Runner::fail_callback(std::string_view name, std::string type, std::string message, std::string data) {
    wire::ErrorObject error{.message = std::move(message), .type = std::move(type), .data = {}, .stack_trace = {}};
    if (!data.empty()) error.data = std::move(data);
    auto changes =
        core::decide_callback_failure(*execution_, callback_id(name), std::move(error), clock_.now(), limits);
    if (!changes) throw std::runtime_error(changes.error().message);
    journal(*changes);
    invoke_while_needed();
}

void Runner::stop(std::string reason) {
    journal(core::decide_stop(*execution_, {.message = std::move(reason), .type = {}, .data = {}, .stack_trace = {}},
                              clock_.now()));
}

std::string Runner::error_type() const {
    return execution_->error() ? execution_->error()->type.value_or("") : "";
}

std::string Runner::error_message() const {
    return execution_->error() ? execution_->error()->message.value_or("") : "";
}

std::vector<std::string> Runner::history() const {
    std::vector<std::string> types;
    for (const auto& entry : journal_) {
        for (const auto& event : core::render_events(*execution_, entry, types.size() + 1, true)) {
            types.emplace_back(event.at("EventType").as_string());
        }
    }
    return types;
}

void Runner::journal(const std::vector<core::Change>& changes) {
    if (changes.empty()) return;
    journal_.push_back(changes);
    execution_->apply(core::decode_changes(core::encode_changes(changes)));
}

void Runner::invoke_while_needed() {
    while (!invoking_ && execution_->is_running()) {
        const auto retry = execution_->invocation_retry_at();
        const bool needed =
            retry ? *retry <= clock_.now() : !execution_->was_invoked() || execution_->has_unseen_change();
        if (!needed) return;
        invoke();
    }
}

void Runner::invoke() {
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
                                                              .threads = options_.threads});
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

std::optional<std::chrono::milliseconds> Runner::pause_before_poll(std::optional<holdpoint::TimePoint>, bool,
                                                                   int) const {
    return std::nullopt;
}

holdpoint::Result<wire::CheckpointResponse> Runner::checkpoint(const std::string&,
                                                               const wire::CheckpointRequest& request) {
    try {
        return take_checkpoint(request);
    } catch (const Crash&) {
        crashed_ = true;
        throw;
    }
}

holdpoint::Result<wire::CheckpointResponse> Runner::take_checkpoint(const wire::CheckpointRequest& request) {
    ++checkpoints_;
    if (before_checkpoint) {
        if (auto error = before_checkpoint(checkpoints_)) return std::unexpected(std::move(*error));
    }
    if (auto ok = core::validate(request); !ok) return std::unexpected(ok.error());
    if (auto ok = core::check_token(*execution_, request.checkpoint_token); !ok) return std::unexpected(ok.error());
    journal(core::decide_due(*execution_, clock_.now()));
    auto changes = core::decide_checkpoint(*execution_, request.updates, clock_.now(), "nonce", limits);
    if (!changes) return std::unexpected(changes.error());
    journal(*changes);
    if (after_checkpoint) after_checkpoint(checkpoints_);
    wire::CheckpointResponse response;
    response.operations = execution_->take_unseen();
    core::Invocation& invocation = *execution_->invocation();
    ++invocation.sequence;
    invocation.token_withheld = checkpoints_ == withhold_token_at || !execution_->is_running();
    if (!invocation.token_withheld) response.checkpoint_token = core::checkpoint_token(execution_->head(), invocation);
    return response;
}

holdpoint::Result<wire::CheckpointResponse> Runner::get_state(const std::string&, const std::string& token,
                                                              const std::string& marker) {
    if (auto ok = core::check_token(*execution_, token); !ok) return std::unexpected(ok.error());
    const auto all = execution_->replay_state();
    const std::size_t from = std::stoul(marker);
    wire::CheckpointResponse page;
    for (std::size_t i = from; i < all.size() && i < from + page_size; ++i) page.operations.push_back(all[i]);
    if (from + page_size < all.size()) page.next_marker = std::to_string(from + page_size);
    return page;
}

std::string Runner::callback_id(std::string_view name) const {
    for (const auto& state : execution_->operations()) {
        if (state.operation.type == wire::OperationType::callback && state.operation.name == name) {
            return *state.operation.callback_id;
        }
    }
    throw std::runtime_error("no callback named " + std::string(name));
}

}  // namespace durable::testing
