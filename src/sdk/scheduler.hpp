// Scheduler: the tasks of one invocation: branches, items and asynchronous operations, run by a few threads and by
// whoever waits for them.
//
// A task that has to wait for the service leaves its thread (by Unwind) and is parked; it runs again from the records
// when what it waits for has changed. The handler's own thread waits in place, and suspends the invocation when nothing
// runs any more.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <queue>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.hpp"
#include "durable/context.hpp"
#include "sdk/error_mapping.hpp"

namespace durable::detail {

class ContextCore;
class ExecutionState;
class Scheduler;
struct Group;

using Lock = std::unique_lock<std::mutex>;

/// Whether a task runs code of the author's, or only waits for the service.
enum class TaskKind { code, watch };

class Task : public std::enable_shared_from_this<Task> {
public:
    Task(ExecutionState& state, std::shared_ptr<ContextCore> owner, Work work, TaskKind kind, std::size_t number = 0)
        : state_(state), owner_(std::move(owner)), work_(std::move(work)), kind_(kind), number_(number) {}

    /// The context whose operation it is.
    [[nodiscard]] ContextCore& owner() const { return *owner_; }
    [[nodiscard]] const std::string& operation_id() const { return work_.operation_id; }
    [[nodiscard]] const std::string& name() const { return work_.name; }
    [[nodiscard]] const std::shared_ptr<Group>& group() const { return group_; }
    /// Which one of its group it is.
    [[nodiscard]] std::size_t number() const { return number_; }
    [[nodiscard]] ExecutionState& state() const { return state_; }
    [[nodiscard]] bool is_settled() const { return stage_ == Stage::settled; }
    [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }
    [[nodiscard]] const Recorded& result() const { return result_; }
    /// Of two that are settled: the service's times tell, and within one of its milliseconds who settled first here.
    [[nodiscard]] bool was_over_before(const Task& other) const;
    /// When it was over by what is recorded.
    [[nodiscard]] const std::optional<holdpoint::TimePoint>& known_end() const { return known_end_; }
    /// The same, or how far the service's clock was known to be when it settled.
    [[nodiscard]] holdpoint::TimePoint over_at() const { return over_at_; }
    /// Does its work here and now, unless it is settled.
    void settle_here();
    /// For a task that is given up: what its body captured may not go away under the lock, because that runs code of
    /// the author's.
    [[nodiscard]] Work take_work() { return std::move(work_); }

private:
    friend class Scheduler;
    enum class Stage { created, ready, running, parked, settled, abandoned };

    ExecutionState& state_;
    std::shared_ptr<ContextCore> owner_;  // a future may be kept longer than its context, which keeps the state
    Work work_;
    TaskKind kind_;
    std::size_t number_;
    Stage stage_ = Stage::created;
    bool abandoned_ = false;
    bool unwinding_ = false;   // it has to leave its thread, whatever it makes of Unwind
    bool drops_work_ = false;  // given up from within: when it is over, whoever ran it lets go of its work
    int times_told_ = 0;
    std::shared_ptr<Task> parent_;  // the task that it was made in
    int active_children_ = 0;       // ready or running
    std::shared_ptr<Group> group_;
    std::vector<std::string> parked_on_;
    std::uint64_t did_ = 0;  // the last update that it may have queued before it was parked
    Recorded result_;
    std::optional<Failure> failure_;
    std::uint64_t order_ = 0;  // which number it settled as
    std::optional<holdpoint::TimePoint> known_end_;
    holdpoint::TimePoint over_at_;
    bool repeats_ = false;             // it runs from what is recorded, and has come to nothing new yet
    holdpoint::TimePoint goes_after_;  // while it repeats: the end of what let it go on; it was not over before
    std::optional<holdpoint::TimePoint> last_end_;  // the latest of what it took while it repeated
    std::stop_source stop_;
};

/// Tasks that are waited for together.
struct Group {
    std::deque<std::weak_ptr<Task>> ready;  // weak: a task owns its group
    std::vector<std::weak_ptr<Task>> tasks;
    std::vector<std::string> watched;  // operations that its task does nothing but wait for
    std::size_t running = 0;
    std::multiset<holdpoint::TimePoint> repeating;  // Task::goes_after_ of those that repeat
    // Both may leave the lock for a while.
    std::function<void(Lock&, Task&)> on_settled;
    std::function<void(Lock&)> on_calm;  // a task that repeated came to something new, or waits
    /// Whether one of its tasks that are not settled may turn out to have been over before one that is.
    [[nodiscard]] bool may_be_over_before(const Task& settled) const {
        return !repeating.empty() && *repeating.begin() < settled.over_at();
    }
};

/// What somebody waits for.
struct Awaited {
    std::vector<std::shared_ptr<Group>> groups;  // done by tasks of these
    std::vector<std::string> operations;         // or by the service
    std::function<bool()> done;                  // asked under the lock
    /// Not all of it is needed: whoever waits should not be caught in the wrong task.
    bool some_will_do = false;
};

class Scheduler {
public:
    /// At most `threads` of its own, started when they are needed. With none the handler's thread does everything, in
    /// an order that depends on nothing but the code and the records.
    Scheduler(ExecutionState& state, int threads) : state_(state), threads_max_(threads < 0 ? 0 : threads) {}
    ~Scheduler();
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    // All of these are called with the lock of the execution state held.

    /// Makes a task known. `helped`: whoever calls is about to wait for it, and so runs it. `goes_after`: of one that
    /// was begun before, the end of what it goes on after.
    void start(Lock& lock, const std::shared_ptr<Task>& task, std::shared_ptr<Group> group, bool helped,
               std::optional<holdpoint::TimePoint> goes_after);
    /// The same for one that has nothing to do before these operations have changed.
    void start_parked(Lock& lock, const std::shared_ptr<Task>& task, std::vector<std::string> operations);
    /// Waits; runs what is waited for meanwhile. On a task's thread it leaves by Unwind when only the service can help;
    /// on the handler's it suspends the invocation then.
    void await(Lock& lock, const Awaited& awaited);
    /// Nothing of the task is recorded any more; returns when it does not run. False from within itself, or what it has
    /// begun: it runs on, and keeps its work until it is over.
    bool abandon(Lock& lock, Task& task);
    void abandon(Lock& lock, Group& group);
    /// The same without waiting.
    void fence(Lock& lock, Group& group);
    /// Does the work of a task that needs nothing but its record, here and now.
    void settle_here(Lock& lock, Task& task);
    /// The service told when an operation that is open will end.
    void schedule(const std::string& operation);
    /// Whether a task runs on this thread. Needs no lock.
    [[nodiscard]] static bool is_in_task();
    /// The running task took the outcome of what ended then.
    static void took(const std::optional<holdpoint::TimePoint>& end);
    /// The running task, and those that it was made in, come to something that is not recorded.
    void goes_live(Lock& lock);
    /// An operation is not open any more.
    void wake(const std::string& operation);
    /// The service has answered what was sent.
    void answered();
    /// True when the running task, or one that it was made in, was abandoned: nothing may be recorded for it.
    [[nodiscard]] bool is_orphan() const;
    /// The running task has to be left, and has been told so before.
    [[nodiscard]] bool must_leave() const;
    /// How often the running task, or the handler itself, was told to leave after that.
    [[nodiscard]] int& times_told();
    /// What the running code looks at to see that it may leave.
    [[nodiscard]] std::stop_token stop_token() const;
    /// All that runs may leave: nothing of it can be recorded any more.
    void let_all_leave(Lock& lock);
    /// Ends the threads; what runs is waited for.
    void stop();

private:
    void make_ready(const std::shared_ptr<Task>& task, bool helped);
    void start_thread();
    void serve();
    void run(Lock& lock, const std::shared_ptr<Task>& task);
    void park(const std::shared_ptr<Task>& task);
    /// This operation, for which it was parked, is over.
    void go_on(const std::shared_ptr<Task>& task, const std::string& operation);
    void go_on(const std::shared_ptr<Task>& task);
    static void repeat(Task& task, holdpoint::TimePoint goes_after);
    /// Whether it repeated until now.
    static bool end_repeating(Task& task);
    void calm(Lock& lock, Task& task);
    template <class Pointer>
    [[nodiscard]] std::shared_ptr<Task> take(std::deque<Pointer>& ready);
    [[nodiscard]] std::shared_ptr<Task> take_of(const Awaited& awaited);
    [[nodiscard]] std::shared_ptr<Task> take_child();
    void leave_ready(Task& task, Task::Stage next);
    static void request_stops(Lock& lock, const std::vector<std::stop_source>& stops);
    /// Of abandoned tasks that run, and of all that was begun in them.
    [[nodiscard]] std::vector<std::stop_source> stops_of_orphans() const;
    [[noreturn]] static void leave_until_changed(const Awaited& awaited);
    [[nodiscard]] bool is_orphan(const Task* task) const;
    void wait_for_change(Lock& lock, const Awaited& awaited);
    [[nodiscard]] std::optional<std::chrono::milliseconds> pause_before_poll(const Awaited& awaited);
    /// Takes an operation that is waited for into account: the earliest end, and whether any is unknown.
    void consider(const std::string& operation, std::optional<holdpoint::TimePoint>& due, bool& unknown) const;

    struct Due {
        holdpoint::TimePoint at;
        std::string operation;
        friend bool operator>(const Due& a, const Due& b) { return a.at > b.at; }
    };

    ExecutionState& state_;
    int threads_max_;
    std::vector<std::thread> threads_;
    bool stopping_ = false;
    int idle_ = 0;
    std::unordered_set<Task*> running_;
    std::stop_source handler_stop_;  // of what the handler itself runs
    int handler_times_told_ = 0;
    std::size_t ready_count_ = 0;
    std::uint64_t settled_ = 0;
    std::deque<std::shared_ptr<Task>> ready_;
    std::unordered_multimap<std::string, std::weak_ptr<Task>> parked_;
    std::vector<std::weak_ptr<Task>> unanswered_;  // may go on when what they did is recorded
    std::priority_queue<Due, std::vector<Due>, std::greater<>> dues_;
    std::unordered_map<std::string, int> unknown_;  // open operations of parked code whose end nobody knows
    int polls_ = 0;
};

}  // namespace durable::detail
