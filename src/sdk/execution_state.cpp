#include "sdk/execution_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "aws/errors.hpp"
#include "sdk/context_core.hpp"
#include "sdk/last_answer.hpp"

namespace durable::detail {

namespace wire = holdpoint::wire;
using wire::OperationStatus;
using wire::OperationType;

namespace {

constexpr int kSwallowedMax = 100;

bool is_stale_token(const holdpoint::Error& failure) {
    constexpr std::string_view kText = "invalid checkpoint token";
    const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
    return std::search(failure.message.begin(), failure.message.end(), kText.begin(), kText.end(), same) !=
           failure.message.end();
}

/// Who sent it could not be told. That says nothing of the execution, and another process may do better.
bool is_of_the_sender(const holdpoint::Error& failure) {
    constexpr std::string_view kNames[] = {"ExpiredTokenException", "InvalidSignatureException",
                                           "UnrecognizedClientException"};
    return std::ranges::find(kNames, failure.name) != std::end(kNames);
}

bool is_open_record(const wire::Operation& record) {
    switch (record.type) {
        case OperationType::step:
            return record.status == OperationStatus::pending;
        case OperationType::chained_invoke:
            return record.status == OperationStatus::started || record.status == OperationStatus::pending;
        default:
            return record.status == OperationStatus::started;
    }
}

/// Operations as plugins see them.
class View final : public Operations {
public:
    explicit View(const ExecutionState& state) : state_(state) {}
    [[nodiscard]] std::size_t size() const override { return state_.records().size(); }
    [[nodiscard]] std::optional<OperationInfo> find(const std::string& id) const override {
        const Record record = state_.find(id);
        if (!record) return std::nullopt;
        return info_of(*record, false);
    }
    void for_each(const std::function<void(const OperationInfo&)>& visit) const override {
        for (const Record& record : state_.records()) visit(info_of(*record, false));
    }

private:
    const ExecutionState& state_;
};

}  // namespace

ExecutionState::ExecutionState(DurableService& service, wire::InvocationInput input, Hooks& the_hooks, int threads)
    : hooks(the_hooks),
      tasks(*this, threads),
      service_(service),
      arn_(std::move(input.execution_arn)),
      token_(std::move(input.checkpoint_token)),
      next_marker_(std::move(input.next_marker)),
      updated_(std::move(input.updated_operation_ids)) {
    adopt(std::move(input.operations));
}

bool ExecutionState::load() {
    const auto take = [this](std::vector<wire::Operation> page) { adopt(std::move(page)); };
    if (const auto failure = fetch_pages(token_, std::exchange(next_marker_, {}), take)) {
        Lock lock(mutex);
        set_end_after(lock, *failure);
        return false;
    }
    first_ = operations_.empty();
    for (const std::string& id : updated_) {
        if (operations_.contains(id)) news_.insert(id);
    }
    return true;
}

Record ExecutionState::find(std::string_view id) const {
    const Lock lock(mutex);
    const auto found = operations_.find(id);
    return found == operations_.end() ? nullptr : found->second;
}

std::vector<Record> ExecutionState::records() const {
    const Lock lock(mutex);
    std::vector<Record> records;
    records.reserve(operations_.size());
    for (const auto& [id, record] : operations_) records.push_back(record);
    return records;
}

std::vector<OperationInfo> ExecutionState::updated() const {
    std::vector<OperationInfo> updated;
    for (const std::string& id : updated_) {
        if (const Record record = find(id)) updated.push_back(info_of(*record, true));
    }
    return updated;
}

std::unique_ptr<Operations> ExecutionState::view() const {
    return std::make_unique<View>(*this);
}

std::pair<Record, bool> ExecutionState::find_news(const std::string& id) const {
    const Lock lock(mutex);
    const auto found = operations_.find(id);
    if (found == operations_.end()) return {nullptr, false};
    return {found->second, !news_.empty() && news_.contains(id)};
}

void ExecutionState::took(const std::string& id) {
    const Lock lock(mutex);
    news_.erase(id);
}

void ExecutionState::came_past(const std::string& id) {
    if (!Scheduler::is_in_task()) return;
    const Lock lock(mutex);
    Scheduler::took(ended_at(id));
}

void ExecutionState::goes_live() {
    if (!Scheduler::is_in_task()) return;
    Lock lock(mutex);
    tasks.goes_live(lock);
}

std::optional<holdpoint::TimePoint> ExecutionState::last_end_in(const std::string& id) {
    if (!operations_.contains(id)) return std::nullopt;
    if (!last_ends_) {
        last_ends_.emplace();
        for (const auto& [key, record] : operations_) {
            if (!record->ended_at) continue;
            for (auto at = operations_.find(key); at != operations_.end();) {
                holdpoint::TimePoint& last = (*last_ends_)[at->second->id];
                if (last >= *record->ended_at) break;
                last = *record->ended_at;
                if (!at->second->parent_id) break;
                at = operations_.find(*at->second->parent_id);
            }
        }
    }
    const auto found = last_ends_->find(id);
    return found == last_ends_->end() ? holdpoint::TimePoint() : found->second;
}

bool ExecutionState::is_open(const std::string& id) const {
    const auto found = operations_.find(id);
    return found == operations_.end() || is_open_record(*found->second);
}

bool ExecutionState::is_over(const std::string& id) const {
    const auto found = operations_.find(id);
    return found != operations_.end() && found->second->status != OperationStatus::started &&
           found->second->status != OperationStatus::pending && found->second->status != OperationStatus::ready;
}

std::optional<holdpoint::TimePoint> ExecutionState::ended_at(const std::string& id) const {
    const auto found = operations_.find(id);
    return found == operations_.end() ? std::nullopt : found->second->ended_at;
}

std::optional<holdpoint::TimePoint> ExecutionState::due(const std::string& id) const {
    const auto found = operations_.find(id);
    if (found == operations_.end()) return std::nullopt;
    return found->second->type == OperationType::wait ? found->second->scheduled_end_at
                                                      : found->second->next_attempt_at;
}

void ExecutionState::await(const Awaited& awaited) {
    Lock lock(mutex);
    tasks.await(lock, awaited);
}

bool ExecutionState::take_execution(wire::Operation& operation) {
    if (operation.type != OperationType::execution) return false;
    started_at_ = operation.started_at;
    if (operation.input) input_ = std::move(operation.input);
    return true;
}

Record ExecutionState::put(Record record) {
    if (record->ended_at) latest_end_ = std::max(latest_end_, *record->ended_at);
    // The key is the id of the record that goes, so it changes with it.
    auto node = operations_.extract(record->id);
    if (node.empty()) {
        operations_.emplace(record->id, std::move(record));
        return nullptr;
    }
    Record before = std::exchange(node.mapped(), std::move(record));
    node.key() = node.mapped()->id;
    operations_.insert(std::move(node));
    return before;
}

void ExecutionState::adopt(std::vector<wire::Operation> operations) {
    if (operations_.empty()) operations_.reserve(operations.size());
    // The records stay where they are: one piece for all that came together.
    const auto all = std::make_shared<std::vector<wire::Operation>>(std::move(operations));
    for (wire::Operation& operation : *all) {
        if (!take_execution(operation)) (void)put(Record(all, &operation));
    }
}

/// Takes in what the service told; `news` gets what hooks want to know of it.
void ExecutionState::merge(std::vector<wire::Operation> operations, std::vector<OperationNews>* news) {
    const auto all = std::make_shared<std::vector<wire::Operation>>(std::move(operations));
    for (wire::Operation& operation : *all) {
        if (take_execution(operation)) continue;
        const bool open = is_open_record(operation);
        Record record(all, &operation);
        Record before = put(record);
        if (news != nullptr) news->push_back({.before = std::move(before), .now = record});
        if (open) {
            tasks.schedule(record->id);
            continue;
        }
        if (record->status != OperationStatus::started) news_.insert(record->id);
        tasks.wake(record->id);
    }
}

void ExecutionState::suspend(Lock& lock) {
    set_end(lock, End::suspended, {});
    throw Unwind{};
}

void ExecutionState::fail_execution(ErrorInfo error) {
    Lock lock(mutex);
    set_end(lock, End::execution_failed, std::move(error));
    throw Unwind{};
}

void ExecutionState::set_end(Lock& lock, End end, ErrorInfo error) {
    changed.notify_all();
    if (end_ != End::none) return;
    end_ = end;
    error_ = std::move(error);
    tasks.let_all_leave(lock);
}

/// What a failed call means: the service invokes again after what may pass, and a refusal would come back every time.
void ExecutionState::set_end_after(Lock& lock, const holdpoint::Error& failure, std::string_view where) {
    ErrorInfo error{.type = failure.name, .message = failure.message, .data = {}, .stack = {}};
    constexpr int kRequestTimeout = 408;
    const bool may_pass = failure.http_status == kRequestTimeout || holdpoint::aws::is_throttling(failure) ||
                          is_stale_token(failure) || is_of_the_sender(failure);
    const bool refused = failure.http_status >= 400 && failure.http_status < 500 && !may_pass;
    const bool key_unusable = failure.name.starts_with("KMS");
    if (key_unusable || refused) {
        error.message = fmt::format("{}: {}{}", failure.name, failure.message, where);
        error.type = "CheckpointError";
        set_end(lock, End::execution_failed, std::move(error));
    } else {
        set_end(lock, End::invocation_failed, std::move(error));
    }
}

void ExecutionState::throw_if_ended() {
    Lock lock(mutex);
    throw_if_ended(lock);
}

void ExecutionState::throw_if_ended(Lock& lock) {
    if (end_ == End::none && !tasks.must_leave()) {
        if (misuse_) {
            set_end(lock, End::execution_failed, *misuse_);
            throw Unwind{};
        }
        return;
    }
    if (++tasks.times_told() > kSwallowedMax) {
        std::fputs(
            "durable: the suspension of an operation was caught 100 times, and the code went on; this invocation "
            "ends here. Do not catch (...) around durable operations without throwing it again.\n",
            stderr);
        if (tasks.is_orphan()) {
            // Nothing has to be pending at the service, which would refuse PENDING then.
            set_end(lock, End::execution_failed,
                    {.type = "ValidationError",
                     .message = "A branch or future that nobody waits for any more was told to "
                                "leave 100 times, caught that, and went on.",
                     .data = {},
                     .stack = {}});
        } else {
            set_end(lock, End::suspended, {});
        }
        lock.unlock();
        end_process_with_answer(*this);
    }
    throw Unwind{};
}

std::optional<ErrorInfo> ExecutionState::misuse() const {
    const Lock lock(mutex);
    return misuse_;
}

void ExecutionState::keep_over(OwnedContext context) {
    const Lock lock(mutex);
    if (!over_core_) over_core_ = std::make_shared<ContextCore>(*this, ContextCore::Over{});
    Internals::set_core(*context, over_core_);
    over_.push_back(std::move(context));
}

void ExecutionState::let_go_of_contexts() {
    // They keep the state that keeps them.
    over_.clear();
    over_core_.reset();
}

void ExecutionState::refuse_use(const std::string& problem) {
    std::fprintf(stderr, "durable: %s\n", problem.c_str());
    {
        const Lock lock(mutex);
        if (!misuse_) misuse_ = {.type = "ValidationError", .message = problem, .data = {}, .stack = {}};
    }
    throw ValidationError(problem);
}

}  // namespace durable::detail
