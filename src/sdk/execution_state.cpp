#include "sdk/execution_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <cstdio>
#include <exception>

#include "sdk/last_answer.hpp"
#include "wire/durable_json.hpp"

namespace durable::detail {

namespace wire = holdpoint::wire;

namespace {

/// What AWS's own SDKs send at most in one call.
constexpr std::size_t kBatchUpdates = 250;
constexpr std::size_t kBatchBytes = 750UL * 1024;
/// What a request has around its updates: two tokens and the members' names.
constexpr std::size_t kRequestBytes = 200;
constexpr int kSwallowedMax = 100;

/// As it is sent: JSON makes six bytes of some.
std::size_t size_of(const wire::OperationUpdate& update) {
    return boost::json::serialize(wire::to_json(update)).size() + 1;
}

bool is_stale_token(const holdpoint::Error& failure) {
    constexpr std::string_view kText = "invalid checkpoint token";
    const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
    return std::search(failure.message.begin(), failure.message.end(), kText.begin(), kText.end(), same) !=
           failure.message.end();
}

}  // namespace

ExecutionState::ExecutionState(DurableService& service, wire::InvocationInput input)
    : service_(service),
      arn_(std::move(input.execution_arn)),
      token_(std::move(input.checkpoint_token)),
      next_marker_(std::move(input.next_marker)),
      updated_(std::move(input.updated_operation_ids)),
      uncaught_(std::uncaught_exceptions()) {
    merge(std::move(input.operations));
}

bool ExecutionState::load() {
    try {
        fetch_pages(std::exchange(next_marker_, {}));
        replay.begin(operations_, updated_);
        return true;
    } catch (const Unwind&) {
        return false;
    }
}

const wire::Operation* ExecutionState::find(const std::string& id) const {
    const auto found = operations_.find(id);
    return found == operations_.end() ? nullptr : &found->second;
}

void ExecutionState::enqueue(wire::OperationUpdate update) {
    queue_.push_back(std::move(update));
}

void ExecutionState::flush() {
    while (!queue_.empty()) {
        std::vector<wire::OperationUpdate> batch;
        std::size_t bytes = kRequestBytes + token_.size();
        while (batch.size() < queue_.size() && batch.size() < kBatchUpdates) {
            bytes += size_of(queue_[batch.size()]);
            if (bytes > kBatchBytes && !batch.empty()) break;
            batch.push_back(queue_[batch.size()]);
        }
        queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(batch.size()));
        send(std::move(batch));
    }
}

bool ExecutionState::try_flush() {
    if (end_ != End::none) return false;
    try {
        flush();
        return true;
    } catch (const Unwind&) {
        return false;
    }
}

void ExecutionState::send(std::vector<wire::OperationUpdate> batch) {
    const bool closes = batch.back().type == wire::OperationType::execution;
    auto response = service_.checkpoint(
        arn_, {.checkpoint_token = token_, .updates = std::move(batch), .client_token = std::nullopt});
    if (!response) leave_after(response.error());
    merge(std::move(response->operations));
    if (response->checkpoint_token.value_or("").empty()) {
        if (closes) return;
        // The service takes nothing more from this invocation; what was sent is recorded.
        leave(End::suspended, {});
    }
    token_ = std::move(*response->checkpoint_token);
    fetch_pages(std::move(response->next_marker));
}

void ExecutionState::fetch_pages(std::string marker) {
    while (!marker.empty()) {
        auto page = service_.get_state(arn_, token_, marker);
        if (!page) leave_after(page.error());
        merge(std::move(page->operations));
        marker = std::move(page->next_marker);
    }
}

void ExecutionState::merge(std::vector<wire::Operation> operations) {
    for (wire::Operation& operation : operations) {
        if (operation.type == wire::OperationType::execution) {
            if (operation.input) input_ = std::move(operation.input);
            continue;
        }
        operations_.insert_or_assign(operation.id, std::move(operation));
    }
}

void ExecutionState::suspend() {
    leave(End::suspended, {});
}

void ExecutionState::fail_execution(ErrorInfo error) {
    leave(End::execution_failed, std::move(error));
}

void ExecutionState::leave(End end, ErrorInfo error) {
    if (end_ == End::none) {
        end_ = end;
        error_ = std::move(error);
    }
    throw Unwind{};
}

/// What a failed call means: the service invokes again after what may pass, and a refusal would come back every time.
void ExecutionState::leave_after(const holdpoint::Error& failure) {
    ErrorInfo error{.type = failure.name, .message = failure.message, .data = {}, .stack = {}};
    const bool refused = failure.http_status >= 400 && failure.http_status < 500 && failure.http_status != 429;
    const bool key_unusable = failure.name.starts_with("KMS");
    if (key_unusable || (refused && !is_stale_token(failure))) {
        error.message = fmt::format("{}: {}", failure.name, failure.message);
        error.type = "CheckpointError";
        leave(End::execution_failed, std::move(error));
    }
    leave(End::invocation_failed, std::move(error));
}

void ExecutionState::throw_if_ended() {
    if (end_ == End::none) {
        if (auto problem = misuse()) fail_execution(std::move(*problem));
        return;
    }
    if (++swallowed_ > kSwallowedMax) {
        std::fputs(
            "durable: the handler caught the suspension of an operation 100 times and went on; this invocation "
            "ends here. Do not catch (...) around durable operations without throwing it again.\n",
            stderr);
        end_process_with_answer(*this);
    }
    throw Unwind{};
}

std::optional<ErrorInfo> ExecutionState::misuse() const {
    const std::lock_guard lock(misuse_mutex_);
    return misuse_;
}

void ExecutionState::check_place(std::string_view operation, std::string_view name) {
    std::string problem;
    if (std::this_thread::get_id() != owner_) {
        problem =
            "on a thread of its own; durable operations belong to the handler's thread, where their order is the "
            "same each time the handler runs";
    } else if (std::uncaught_exceptions() > uncaught_) {
        problem =
            "in a destructor while an exception was on its way (perhaps a suspension); destructors run at every "
            "suspension, so call it from the handler's body or from a catch block instead";
    } else if (!running_step.empty()) {
        problem = fmt::format(
            "in the body of the step '{}'; a step is recorded as a whole, so put durable operations "
            "beside it, or group them with run_in_child_context",
            running_step);
    }
    if (problem.empty()) return;
    refuse_use(fmt::format("The durable operation {} '{}' was called {}.", operation, name, problem));
}

void ExecutionState::refuse_use(const std::string& problem) {
    std::fprintf(stderr, "durable: %s\n", problem.c_str());
    {
        const std::lock_guard lock(misuse_mutex_);
        if (!misuse_) misuse_ = {.type = "ValidationError", .message = problem, .data = {}, .stack = {}};
    }
    throw ValidationError(problem);
}

}  // namespace durable::detail
