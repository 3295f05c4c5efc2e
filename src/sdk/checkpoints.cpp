// Checkpoints: how updates reach the service: strictly one call at a time, with all that is queued by then. Whoever
// needs an answer sends; whoever comes meanwhile waits, and what he queued goes with the next call.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "sdk/execution_state.hpp"
#include "wire/durable_json.hpp"

namespace durable::detail {

namespace wire = holdpoint::wire;

namespace {

/// What AWS's own SDKs send at most in one call.
constexpr std::size_t kBatchUpdates = 250;
constexpr std::size_t kBatchBytes = 750UL * 1024;
/// What a request has around its updates: two tokens and the members' names.
constexpr std::size_t kRequestBytes = 200;
/// Updates that nobody waits for are sent before more than this lie here.
constexpr std::size_t kQueuedUpdatesMax = 1000;

/// As it is sent, or a bound for what is small: a full batch of those fits in any case. JSON makes six bytes of some.
std::size_t size_of(const wire::OperationUpdate& update) {
    constexpr std::size_t kShare = (kBatchBytes - 16UL * 1024) / kBatchUpdates;
    constexpr std::size_t kRest = 600;  // what else is in an update takes less
    std::size_t texts = update.id.size();
    for (const auto* text : {&update.parent_id, &update.name, &update.sub_type, &update.payload, &update.function_name,
                             &update.tenant_id}) {
        texts += *text ? (*text)->size() : 0;
    }
    if (!update.error && texts * 6 + kRest < kShare) return kShare;
    return boost::json::serialize(wire::to_json(update)).size() + 1;
}

/// Whose updates were in a checkpoint, for the message of its refusal: the service's does not always say.
std::string where_in(const std::vector<wire::OperationUpdate>& updates) {
    constexpr std::size_t kNamed = 3;
    std::vector<std::string> names;
    std::set<std::string_view> seen;
    for (const wire::OperationUpdate& update : updates) {
        if (!seen.insert(update.id).second || seen.size() > kNamed) continue;
        const std::string_view type = wire::to_string(update.type);
        names.push_back(update.name ? fmt::format("{} '{}'", type, *update.name) : std::string(type));
    }
    if (names.empty()) return {};
    const std::string more = seen.size() > kNamed ? fmt::format(" and {} more", seen.size() - kNamed) : "";
    return fmt::format(" (in a checkpoint of {}{})", fmt::join(names, ", "), more);
}

}  // namespace

/// What a call brought.
struct ExecutionState::Exchange {
    std::optional<holdpoint::Error> failure;
    std::vector<wire::Operation> operations;
    std::string token;
};

void ExecutionState::enqueue(wire::OperationUpdate update) {
    Lock lock(mutex);
    if (tasks.is_orphan()) throw Unwind{};
    // A body that goes on in this invocation comes by again, perhaps before the START that it queued was sent.
    const bool starts_context =
        update.type == wire::OperationType::context && update.action == wire::OperationAction::start;
    if (starts_context && !started_contexts_.insert(update.id).second) return;
    queue_.push_back(std::move(update));
    ++queued_;
    while (queue_.size() > kQueuedUpdatesMax && end_ == End::none) send_all(lock);
}

void ExecutionState::flush() {
    Lock lock(mutex);
    const std::uint64_t target = queued_;
    while (acknowledged_ < target && end_ == End::none) send_all(lock);
    if (end_ != End::none) throw Unwind{};
}

bool ExecutionState::try_flush() {
    try {
        flush();
        return true;
    } catch (const Unwind&) {
        return false;
    }
}

bool ExecutionState::send_all(Lock& lock) {
    if (sending_) {
        changed.wait(lock);
        return true;
    }
    if (queue_.empty()) return false;
    send(lock, take_batch());
    return true;
}

void ExecutionState::want_sent() {
    if (queue_.empty()) return;
    wanted_ = true;
    changed.notify_all();
}

std::vector<wire::OperationUpdate> ExecutionState::take_batch() {
    std::vector<wire::OperationUpdate> batch;
    std::size_t bytes = kRequestBytes + token_.size();
    while (!queue_.empty() && batch.size() < kBatchUpdates) {
        bytes += size_of(queue_.front());
        if (bytes > kBatchBytes && !batch.empty()) break;
        batch.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    if (queue_.empty()) wanted_ = false;
    return batch;
}

void ExecutionState::send(Lock& lock, std::vector<wire::OperationUpdate> batch) {
    const std::size_t count = batch.size();
    const bool closes = count > 0 && batch.back().type == wire::OperationType::execution;
    const wire::CheckpointRequest request{
        .checkpoint_token = token_, .updates = std::move(batch), .client_token = std::nullopt};
    sending_ = true;
    lock.unlock();
    Exchange answer = exchange(request);
    lock.lock();
    sending_ = false;
    std::vector<OperationNews> news;
    if (answer.failure) {
        set_end_after(lock, *answer.failure, where_in(request.updates));
    } else {
        acknowledged_ += count;
        merge(std::move(answer.operations), hooks.any() ? &news : nullptr);
        tasks.answered();
        token_ = std::move(answer.token);
        // Without a token the service takes nothing more from this invocation; what was sent is recorded.
        if (token_.empty() && !closes) set_end(lock, End::suspended, {});
    }
    changed.notify_all();
    if (news.empty()) return;
    lock.unlock();
    hooks.changed(*this, news);
    lock.lock();
}

/// Never throws: whatever goes wrong in a call is the failure of the invocation.
ExecutionState::Exchange ExecutionState::exchange(const wire::CheckpointRequest& request) {
    Exchange answer;
    try {
        auto response = service_.checkpoint(arn_, request);
        if (!response) {
            answer.failure = response.error();
            return answer;
        }
        answer.operations = std::move(response->operations);
        answer.token = response->checkpoint_token.value_or("");
        if (answer.token.empty()) return answer;
        answer.failure = fetch_pages(answer.token, std::move(response->next_marker), [&](auto page) {
            std::ranges::move(page, std::back_inserter(answer.operations));
        });
    } catch (const std::exception& error) {
        answer.failure = holdpoint::Error{
            .name = "InvocationError", .http_status = 500, .message = error.what(), .details_json = {}};
    } catch (...) {
        answer.failure = holdpoint::Error{
            .name = "InvocationError", .http_status = 500, .message = "the call was left", .details_json = {}};
    }
    return answer;
}

std::optional<holdpoint::Error> ExecutionState::fetch_pages(const std::string& token, std::string marker,
                                                            const TakePage& take) {
    while (!marker.empty()) {
        auto page = service_.get_state(arn_, token, marker);
        if (!page) return page.error();
        take(std::move(page->operations));
        marker = std::move(page->next_marker);
    }
    return std::nullopt;
}

}  // namespace durable::detail
