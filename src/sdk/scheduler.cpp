#include "sdk/scheduler.hpp"

#include <algorithm>
#include <system_error>

#include "sdk/context_core.hpp"
#include "sdk/execution_state.hpp"

namespace durable::detail {

namespace {
thread_local Task* current = nullptr;
}  // namespace

void Task::settle_here() {
    if (stage_ == Stage::settled) return;
    try {
        result_ = work_.outcome();
    } catch (const Unwind&) {
        throw;
    } catch (...) {
        failure_ = current_failure();
    }
    stage_ = Stage::settled;
}

bool Task::was_over_before(const Task& other) const {
    return std::pair(over_at_, order_) < std::pair(other.over_at_, other.order_);
}

Scheduler::~Scheduler() {
    stop();
}

void Scheduler::start(Lock&, const std::shared_ptr<Task>& task, std::shared_ptr<Group> group, bool helped,
                      std::optional<holdpoint::TimePoint> goes_after) {
    if (current != nullptr) task->parent_ = current->shared_from_this();
    task->group_ = std::move(group);
    task->group_->tasks.push_back(task);
    if (goes_after) repeat(*task, *goes_after);
    make_ready(task, helped);
}

void Scheduler::start_parked(Lock&, const std::shared_ptr<Task>& task, std::vector<std::string> operations) {
    if (current != nullptr) task->parent_ = current->shared_from_this();
    task->group_ = std::make_shared<Group>();
    task->group_->tasks.push_back(task);
    task->group_->watched = operations;
    task->parked_on_ = std::move(operations);
    park(task);
}

void Scheduler::make_ready(const std::shared_ptr<Task>& task, bool helped) {
    if (stopping_) {
        task->stage_ = Task::Stage::abandoned;
        return;
    }
    task->stage_ = Task::Stage::ready;
    ready_.push_back(task);
    task->group_->ready.push_back(task);
    ++ready_count_;
    if (task->parent_) ++task->parent_->active_children_;
    if (!helped && static_cast<int>(ready_count_) > idle_) start_thread();
    state_.changed.notify_all();
}

void Scheduler::start_thread() {
    if (stopping_ || static_cast<int>(threads_.size()) >= threads_max_) return;
    try {
        threads_.emplace_back([this] { serve(); });
    } catch (const std::system_error&) {  // NOLINT(bugprone-empty-catch): whoever waits does the work instead
    }
}

void Scheduler::serve() {
    Lock lock(state_.mutex);
    while (!stopping_) {
        if (const auto task = take(ready_)) {
            run(lock, task);
            continue;
        }
        if (state_.is_wanted()) {
            state_.send_all(lock);
            continue;
        }
        ++idle_;
        wait_for_change(lock, {});
        --idle_;
    }
}

template <class Pointer>
std::shared_ptr<Task> Scheduler::take(std::deque<Pointer>& ready) {
    if (state_.end() != End::none) return nullptr;  // nothing of it could be recorded any more
    while (!ready.empty()) {
        const auto task = std::weak_ptr<Task>(ready.front()).lock();
        ready.pop_front();
        if (!task || task->stage_ != Task::Stage::ready) continue;  // it was taken from the other list
        leave_ready(*task, Task::Stage::running);
        return task;
    }
    return nullptr;
}

std::shared_ptr<Task> Scheduler::take_of(const Awaited& awaited) {
    const bool others_can = idle_ > 0 || static_cast<int>(threads_.size()) < threads_max_;
    if (awaited.some_will_do && !threads_.empty() && others_can) return nullptr;
    for (const auto& group : awaited.groups) {
        if (auto task = take(group->ready)) return task;
    }
    // Without threads, the handler's own does it all.
    return threads_.empty() && current == nullptr ? take(ready_) : nullptr;
}

std::shared_ptr<Task> Scheduler::take_child() {
    for (const auto& task : ready_) {
        if (task->stage_ != Task::Stage::ready || task->parent_.get() != current) continue;
        const auto found = task;
        leave_ready(*found, Task::Stage::running);
        return found;
    }
    return nullptr;
}

void Scheduler::run(Lock& lock, const std::shared_ptr<Task>& task) {
    running_.insert(task.get());
    ++task->group_->running;
    Task* const outer = std::exchange(current, task.get());
    lock.unlock();
    bool unwound = false;
    Recorded result;
    std::optional<Failure> failure;
    try {
        result = task->work_.outcome();
    } catch (const Unwind&) {
        unwound = true;
    } catch (...) {
        failure = current_failure();
    }
    lock.lock();
    current = outer;
    if (unwound) calm(lock, *task);  // which may give it up
    if (is_orphan(task.get()) || state_.end() != End::none) {
        task->stage_ = Task::Stage::abandoned;
    } else if (unwound) {
        task->unwinding_ = false;
        park(task);
    } else {
        task->result_ = std::move(result);
        task->failure_ = std::move(failure);
        task->order_ = ++settled_;
        task->stage_ = Task::Stage::settled;
        if (end_repeating(*task)) {
            task->known_end_ = std::max(task->last_end_, state_.ended_at(task->operation_id()));
        }
        task->over_at_ = task->known_end_.value_or(state_.latest_end());
        if (task->group_->on_settled) task->group_->on_settled(lock, *task);
    }
    running_.erase(task.get());
    --task->group_->running;
    if (task->parent_) --task->parent_->active_children_;
    state_.changed.notify_all();
    if (!task->drops_work_) return;
    Work dropped = task->take_work();
    lock.unlock();
    dropped = {};
    lock.lock();
}

void Scheduler::park(const std::shared_ptr<Task>& task) {
    task->stage_ = Task::Stage::parked;
    if (task->kind_ == TaskKind::code) task->did_ = state_.queued();
    const auto is_over = [this](const std::string& operation) { return !state_.is_open(operation); };
    if (const auto over = std::ranges::find_if(task->parked_on_, is_over); over != task->parked_on_.end()) {
        go_on(task, *over);
        return;
    }
    for (const std::string& operation : task->parked_on_) {
        parked_.emplace(operation, task);
        if (task->kind_ == TaskKind::watch) continue;
        if (const auto due = state_.due(operation)) {
            dues_.push({*due, operation});
        } else {
            ++unknown_[operation];
        }
    }
    polls_ = 0;
    state_.want_sent();
}

/// Runs a parked task again, when the records tell of all that it did: it would do the rest again.
void Scheduler::go_on(const std::shared_ptr<Task>& task) {
    if (state_.is_answered(task->did_)) {
        make_ready(task, false);
        return;
    }
    unanswered_.push_back(task);
    state_.want_sent();
}

void Scheduler::answered() {
    for (const auto& weak : std::exchange(unanswered_, {})) {
        const auto task = weak.lock();
        if (task && task->stage_ == Task::Stage::parked) go_on(task);
    }
}

void Scheduler::schedule(const std::string& operation) {
    const auto due = state_.due(operation);
    if (due && unknown_.erase(operation) > 0) dues_.push({*due, operation});
}

void Scheduler::wake(const std::string& operation) {
    const auto [begin, end] = parked_.equal_range(operation);
    std::vector<std::shared_ptr<Task>> tasks;
    for (auto it = begin; it != end; ++it) {
        if (auto task = it->second.lock()) tasks.push_back(std::move(task));
    }
    parked_.erase(begin, end);
    unknown_.erase(operation);
    polls_ = 0;
    for (const auto& task : tasks) {
        if (task->stage_ == Task::Stage::parked) go_on(task, operation);
    }
}

void Scheduler::go_on(const std::shared_ptr<Task>& task, const std::string& operation) {
    // A step that is to be tried again has not ended, and is something new.
    if (const auto end = state_.ended_at(operation)) repeat(*task, *end);
    go_on(task);
}

void Scheduler::repeat(Task& task, holdpoint::TimePoint goes_after) {
    (void)end_repeating(task);
    task.repeats_ = true;
    task.goes_after_ = goes_after;
    task.group_->repeating.insert(goes_after);
    task.last_end_.reset();
}

bool Scheduler::end_repeating(Task& task) {
    if (!std::exchange(task.repeats_, false)) return false;
    task.group_->repeating.erase(task.group_->repeating.find(task.goes_after_));
    return true;
}

void Scheduler::calm(Lock& lock, Task& task) {
    if (!end_repeating(task)) return;
    if (task.group_->on_calm) task.group_->on_calm(lock);
    state_.changed.notify_all();
}

bool Scheduler::is_in_task() {
    return current != nullptr;
}

void Scheduler::took(const std::optional<holdpoint::TimePoint>& end) {
    if (current != nullptr && current->repeats_) current->last_end_ = std::max(current->last_end_, end);
}

void Scheduler::goes_live(Lock& lock) {
    for (Task* task = current; task != nullptr; task = task->parent_.get()) calm(lock, *task);
}

void Scheduler::await(Lock& lock, const Awaited& awaited) {
    while (true) {
        state_.throw_if_ended(lock);
        if (awaited.done()) return;
        if (const auto task = take_of(awaited)) {
            run(lock, task);
            continue;
        }
        const auto is_running = [](const auto& group) { return group->running > 0; };
        if (std::ranges::any_of(awaited.groups, is_running)) {
            wait_for_change(lock, awaited);
            continue;
        }
        if (current != nullptr) {
            if (current->active_children_ == 0) leave_until_changed(awaited);
            // What the task has begun besides comes to an end first: leaving would lose its outcome.
            if (const auto task = take_child()) {
                run(lock, task);
            } else {
                wait_for_change(lock, awaited);
            }
            continue;
        }
        // What is not sent yet goes first: its answer may bring what is waited for.
        if (state_.send_all(lock)) continue;
        if (running_.empty() && ready_count_ == 0) state_.suspend(lock);
        wait_for_change(lock, awaited);
    }
}

/// Leaves the running task until something that it waits for has changed.
void Scheduler::leave_until_changed(const Awaited& awaited) {
    current->parked_on_ = awaited.operations;
    for (const auto& group : awaited.groups) {
        for (const auto& weak : group->tasks) {
            const auto task = weak.lock();
            if (!task || task->stage_ != Task::Stage::parked) continue;
            current->parked_on_.insert(current->parked_on_.end(), task->parked_on_.begin(), task->parked_on_.end());
        }
    }
    current->unwinding_ = true;
    throw Unwind{};
}

void Scheduler::wait_for_change(Lock& lock, const Awaited& awaited) {
    const auto pause = pause_before_poll(awaited);
    if (!pause) {
        state_.changed.wait(lock);
    } else if (state_.changed.wait_for(lock, *pause) == std::cv_status::timeout && !stopping_ && state_.can_poll()) {
        ++polls_;
        state_.poll(lock);
    }
}

/// Nothing when there is no use in asking the service for news.
std::optional<std::chrono::milliseconds> Scheduler::pause_before_poll(const Awaited& awaited) {
    while (!dues_.empty() && !state_.is_open(dues_.top().operation)) dues_.pop();
    std::optional<holdpoint::TimePoint> due;
    if (!dues_.empty()) due = dues_.top().at;
    bool unknown = !unknown_.empty();
    for (const std::string& operation : awaited.operations) consider(operation, due, unknown);
    // Futures that only wait are asked about as long as somebody waits for them.
    for (const auto& group : awaited.groups) {
        for (const std::string& operation : group->watched) {
            if (state_.is_open(operation)) consider(operation, due, unknown);
        }
    }
    return state_.pause_before_poll(due, unknown, polls_);
}

void Scheduler::consider(const std::string& operation, std::optional<holdpoint::TimePoint>& due, bool& unknown) const {
    const auto known = state_.due(operation);
    if (!known) {
        unknown = true;
    } else if (!due || *known < *due) {
        due = known;
    }
}

/// Takes a task from the lists of what is ready; they let go of it later.
void Scheduler::leave_ready(Task& task, Task::Stage next) {
    if (task.stage_ == Task::Stage::ready) {
        --ready_count_;
        if (task.parent_ && next == Task::Stage::abandoned) --task.parent_->active_children_;
    }
    task.stage_ = next;
}

bool Scheduler::abandon(Lock& lock, Task& task) {
    if (task.stage_ == Task::Stage::settled) return true;
    task.abandoned_ = true;
    if (task.stage_ != Task::Stage::running) {
        leave_ready(task, Task::Stage::abandoned);
        return true;
    }
    for (const Task* inside = current; inside != nullptr; inside = inside->parent_.get()) {
        if (inside == &task) task.drops_work_ = true;
    }
    request_stops(lock, stops_of_orphans());
    if (task.drops_work_) return false;
    state_.changed.wait(lock, [&] { return task.stage_ != Task::Stage::running; });
    return true;
}

void Scheduler::abandon(Lock& lock, Group& group) {
    fence(lock, group);
    state_.changed.wait(lock, [&] { return group.running == 0; });
}

void Scheduler::fence(Lock& lock, Group& group) {
    for (const auto& weak : group.tasks) {
        const auto task = weak.lock();
        if (!task || task->stage_ == Task::Stage::settled) continue;
        task->abandoned_ = true;
        if (task->stage_ != Task::Stage::running) leave_ready(*task, Task::Stage::abandoned);
    }
    state_.changed.notify_all();
    request_stops(lock, stops_of_orphans());
}

void Scheduler::settle_here(Lock& lock, Task& task) {
    lock.unlock();
    task.settle_here();
    lock.lock();
    task.order_ = ++settled_;
    task.known_end_ = state_.ended_at(task.operation_id());
    task.over_at_ = task.known_end_.value_or(state_.latest_end());
}

bool Scheduler::is_orphan() const {
    return is_orphan(current);
}

bool Scheduler::is_orphan(const Task* task) const {
    if (task != nullptr && stopping_) return true;
    for (; task != nullptr; task = task->parent_.get()) {
        if (task->abandoned_) return true;
    }
    return false;
}

bool Scheduler::must_leave() const {
    return current != nullptr && (current->unwinding_ || is_orphan());
}

int& Scheduler::times_told() {
    return current == nullptr ? handler_times_told_ : current->times_told_;
}

std::stop_token Scheduler::stop_token() const {
    return current == nullptr ? handler_stop_.get_token() : current->stop_.get_token();
}

std::vector<std::stop_source> Scheduler::stops_of_orphans() const {
    std::vector<std::stop_source> stops;
    for (const Task* task : running_) {
        if (is_orphan(task)) stops.push_back(task->stop_);
    }
    return stops;
}

void Scheduler::let_all_leave(Lock& lock) {
    std::vector<std::stop_source> running{handler_stop_};
    for (const Task* task : running_) running.push_back(task->stop_);
    request_stops(lock, running);
}

/// What the author wants to be called then is called here, and may come back to the SDK: the lock is left for it.
void Scheduler::request_stops(Lock& lock, const std::vector<std::stop_source>& stops) {
    if (stops.empty()) return;
    lock.unlock();
    for (const std::stop_source& stop : stops) stop.request_stop();
    lock.lock();
}

void Scheduler::stop() {
    decltype(ready_) dropped;  // with what their bodies captured, so not under the lock
    {
        Lock lock(state_.mutex);
        stopping_ = true;
        for (const auto& task : ready_) {
            if (task->stage_ == Task::Stage::ready) leave_ready(*task, Task::Stage::abandoned);
        }
        state_.changed.notify_all();
        let_all_leave(lock);
    }
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    // A task keeps the state that its context belongs to, so the state may not keep tasks.
    const Lock lock(state_.mutex);
    dropped.swap(ready_);
}

}  // namespace durable::detail
