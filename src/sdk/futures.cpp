// Futures: tasks for operations that go on beside the body, and waiting for several of them.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/text.hpp"
#include "durable/future.hpp"
#include "sdk/bodies.hpp"
#include "sdk/context_core.hpp"
#include "sdk/error_mapping.hpp"
#include "sdk/tasks.hpp"

namespace durable {

namespace wire = holdpoint::wire;
using detail::Claim;
using detail::ContextCore;
using detail::Lock;
using detail::Task;
using wire::OperationAction;
using wire::OperationStatus;
using wire::OperationType;

namespace detail {

// In a closed context nothing runs any more: a task only reads records, and does so where its outcome is wanted.

std::shared_ptr<Task> spawn(ContextCore& core, Work work) {
    auto task = std::make_shared<Task>(core.state, core.shared_from_this(), std::move(work), TaskKind::code);
    auto group = std::make_shared<Group>();
    if (core.is_closed()) return task;
    core.keep(task);
    Lock lock(core.state.mutex);
    if (core.state.is_over(task->operation_id())) {
        core.state.tasks.settle_here(lock, *task);
    } else {
        core.state.tasks.start(lock, task, std::move(group), false, core.state.last_end_in(task->operation_id()));
    }
    return task;
}

std::shared_ptr<Task> watch(ContextCore& core, Work work) {
    auto task = std::make_shared<Task>(core.state, core.shared_from_this(), std::move(work), TaskKind::watch);
    if (core.is_closed()) return task;
    core.keep(task);
    core.state.flush();  // it begins now, whatever the body does next
    Lock lock(core.state.mutex);
    if (core.state.is_over(task->operation_id())) {
        core.state.tasks.settle_here(lock, *task);
    } else {
        core.state.tasks.start_parked(lock, task, {task->operation_id()});
    }
    return task;
}

namespace {

bool is_over(const std::shared_ptr<Task>& task) {
    return task->is_settled();
}

constexpr std::string_view kMovedFrom = "this future was moved from";

void check_owner(const ContextCore& core, const std::string& combinator, const std::shared_ptr<Task>& task) {
    if (!task) core.state.refuse_use(fmt::format("{}: {}", combinator, kMovedFrom));
    if (&task->owner() == &core) return;
    core.state.refuse_use(fmt::format(
        "{} was given a future of another context; a future belongs to the context that made it", combinator));
}

void await_tasks(ExecutionState& state, const std::vector<std::shared_ptr<Task>>& tasks, std::function<bool()> done) {
    Awaited awaited;
    for (const auto& task : tasks) {
        if (task->group()) awaited.groups.push_back(task->group());
    }
    awaited.some_will_do = tasks.size() > 1;
    awaited.done = std::move(done);
    state.await(awaited);
}

}  // namespace

void TaskHandle::abandon() noexcept {
    if (!task_) return;
    Work dropped;
    {
        Lock lock(task_->state().mutex);
        if (task_->state().tasks.abandon(lock, *task_)) dropped = task_->take_work();
    }
    task_.reset();
}

Recorded outcome_of(const std::shared_ptr<Task>& task) {
    if (!task) throw ValidationError(std::string(kMovedFrom));
    ContextCore& core = task->owner();
    core.check_place("Future::get", task->name());
    core.state.throw_if_ended();
    if (core.is_closed()) {
        task->settle_here();
    } else {
        await_tasks(core.state, {task}, [&] { return task->is_settled(); });
    }
    if (!task->operation_id().empty()) core.took(task->operation_id());
    if (Scheduler::is_in_task()) {
        const Lock lock(core.state.mutex);
        Scheduler::took(task->known_end());
    }
    if (task->failure()) throw_failure(*task->failure());
    return task->result();
}

std::optional<ErrorInfo> failure_of(const Task& task) {
    if (!task.failure()) return std::nullopt;
    return task.failure()->info;
}

}  // namespace detail

namespace {

using Tasks = std::vector<std::shared_ptr<Task>>;

/// Records which future decided: its index, or nothing. `decide` is asked under the lock until it has an answer.
struct Decision {
    bool made = false;
    std::optional<std::size_t> index;
};

/// What was recorded, which may be of other code: combinators and other contexts are told apart by that alone.
std::optional<std::size_t> read_decision(const ContextCore& core, const wire::Operation& record,
                                         const std::string& combinator, std::size_t futures) {
    const std::string text = record.result.value_or("");
    const auto index = holdpoint::read_number<std::size_t>(text);
    if (record.status != OperationStatus::succeeded || (!index && !text.empty())) {
        core.fail_nondeterministic(combinator + " was something else when it was recorded.");
    }
    if (index && *index >= futures) {
        core.fail_nondeterministic(fmt::format(
            "{} was decided by future {} when it was recorded, but now it has only {}.", combinator, *index, futures));
    }
    return index;
}

/// `kind` is the combinator's: "all", "any" … `accepts`, when there is one, is asked about whom `decide` chose; when it
/// refuses, somebody else is to be chosen.
std::optional<std::size_t> combine(ContextCore& core, std::string_view kind, std::string_view name, const Tasks& tasks,
                                   const std::function<Decision()>& decide,
                                   const std::function<bool(std::size_t)>& accepts = {}) {
    core.check_place(kind, name);
    const std::string combinator = detail::named(kind, name);
    if (tasks.empty()) core.state.refuse_use(fmt::format("{} was given no futures", combinator));
    for (const auto& task : tasks) detail::check_owner(core, combinator, task);
    const Claim claim = core.claim(OperationType::context, name, "RunInChildContext");
    core.require_over(claim);
    Decision decision;
    if (claim.record && claim.record->status != OperationStatus::started) {
        decision.index = read_decision(core, *claim.record, combinator, tasks.size());
    } else {
        if (!claim.record) core.start(claim);
        do {
            detail::await_tasks(core.state, tasks, [&] {
                decision = decide();
                return decision.made;
            });
        } while (decision.index && accepts && !accepts(*decision.index));
        wire::OperationUpdate update = core.update(claim, OperationAction::succeed);
        if (decision.index) update.payload = std::to_string(*decision.index);
        core.state.enqueue(std::move(update));
        // Who was first would be somebody else after a crash, so nobody acts upon it before it is recorded.
        if (decision.index) core.state.flush();
    }
    core.took(claim.id);
    return decision.index;
}

/// Nobody has to decide about no futures, and nothing is recorded.
bool are_none(ContextCore& core, std::string_view kind, std::string_view name, const Tasks& tasks) {
    if (!tasks.empty()) return false;
    core.check_place(kind, name);
    core.check_name(kind, name);
    core.state.throw_if_ended();
    return true;
}

/// The task that settled first among those that `matches`, when none can turn out to have been before it.
template <class F>
Decision earliest(const Tasks& tasks, F matches) {
    Decision decision;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        if (!tasks[i]->is_settled() || !matches(*tasks[i])) continue;
        if (!decision.made || tasks[i]->was_over_before(*tasks[*decision.index])) decision = {true, i};
    }
    const auto may_be_before = [&](const auto& task) {
        return task->group() && task->group()->may_be_over_before(*tasks[*decision.index]);
    };
    if (decision.made && std::ranges::any_of(tasks, may_be_before)) return {};
    return decision;
}

/// Why asking a future fails; nothing when it does not.
std::optional<ErrorInfo> error_of_reading(const std::function<void(std::size_t)>& read, std::size_t index) {
    try {
        read(index);
        return std::nullopt;
    } catch (const DurableOperationError&) {
        return detail::current_error();
    } catch (const SerdesError&) {
        return detail::current_error();
    }
}

}  // namespace

std::shared_ptr<Task> Context::spawn(detail::Work work) {
    return detail::spawn(*core_, std::move(work));
}

std::shared_ptr<Task> Context::watch(detail::Work work) {
    return detail::watch(*core_, std::move(work));
}

void Context::rethrow_first_failure(std::string_view name, const Tasks& tasks) {
    if (are_none(*core_, "all", name, tasks)) return;
    const auto failed = combine(*core_, "all", name, tasks, [&]() -> Decision {
        Decision decision = earliest(tasks, [](const Task& task) { return task.failure().has_value(); });
        if (!decision.made) decision.made = std::ranges::all_of(tasks, detail::is_over);
        return decision;
    });
    if (failed) (void)detail::outcome_of(tasks[*failed]);
}

void Context::settle(std::string_view name, const Tasks& tasks) {
    if (are_none(*core_, "all_settled", name, tasks)) return;
    (void)combine(*core_, "all_settled", name, tasks,
                  [&]() -> Decision { return {std::ranges::all_of(tasks, detail::is_over), std::nullopt}; });
    // Replay was told that they are over, not by whom: each reads its own record.
    for (const auto& task : tasks) {
        try {
            (void)detail::outcome_of(task);
        } catch (const DurableOperationError&) {  // NOLINT(bugprone-empty-catch): it is in the result
        } catch (const SerdesError&) {            // NOLINT(bugprone-empty-catch)
        }
    }
}

std::size_t Context::first_success(std::string_view name, const Tasks& tasks,
                                   const std::function<void(std::size_t)>& read) {
    // Results are read by code of the author's, so not while it is decided, which is under the lock.
    std::unordered_set<const Task*> unreadable;
    const auto decide = [&]() -> Decision {
        Decision decision =
            earliest(tasks, [&](const Task& task) { return !task.failure() && !unreadable.contains(&task); });
        if (!decision.made) decision.made = std::ranges::all_of(tasks, detail::is_over);
        return decision;
    };
    const auto winner = combine(*core_, "any", name, tasks, decide, [&](std::size_t index) {
        if (!error_of_reading(read, index)) return true;
        unreadable.insert(tasks[index].get());
        return false;
    });
    if (winner) return *winner;
    ErrorInfo error{.type = "CombinatorError",
                    .message = fmt::format("None of the {} {} succeeded", tasks.size(),
                                           name.empty() ? "futures" : fmt::format("futures of '{}'", name)),
                    .data = {},
                    .stack = {}};
    // Replay was told that none did, not why: each says so itself.
    const char* separator = ": ";
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        const auto why = error_of_reading(read, i);
        if (!why) continue;
        error.message += fmt::format("{}{}: {}", std::exchange(separator, "; "), why->type, why->message);
    }
    throw CombinatorError(detail::from_wire(detail::to_wire(error)));
}

std::size_t Context::first_over(std::string_view kind, std::string_view name, const Tasks& tasks) {
    const auto first =
        combine(*core_, kind, name, tasks, [&] { return earliest(tasks, [](const Task&) { return true; }); });
    if (!first) {
        core_->fail_nondeterministic(
            fmt::format("{} was decided by none of its futures when it was recorded.", detail::named(kind, name)));
    }
    return *first;
}

}  // namespace durable
