// Future: an operation that goes on while the handler does something else.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "durable/errors.hpp"
#include "durable/serdes.hpp"

namespace durable {

class Context;

namespace detail {

class Task;

/// Owns a task; giving it up abandons the operation: what has not begun never begins, what runs is waited for, and
/// nothing of it is recorded any more.
class TaskHandle {
public:
    TaskHandle() = default;
    explicit TaskHandle(std::shared_ptr<Task> task) : task_(std::move(task)) {}
    ~TaskHandle() { abandon(); }
    TaskHandle(TaskHandle&& other) noexcept : task_(std::exchange(other.task_, nullptr)) {}
    TaskHandle& operator=(TaskHandle&& other) noexcept {
        if (this != &other) {
            abandon();
            task_ = std::exchange(other.task_, nullptr);
        }
        return *this;
    }

    [[nodiscard]] const std::shared_ptr<Task>& task() const { return task_; }

private:
    void abandon() noexcept;

    std::shared_ptr<Task> task_;
};

/// Waits for the task's outcome; throws the operation's error.
[[nodiscard]] Recorded outcome_of(const std::shared_ptr<Task>& task);
/// Why it failed; nothing when it did not. It must be settled.
[[nodiscard]] std::optional<ErrorInfo> failure_of(const Task& task);

}  // namespace detail

/// An operation under way. It was begun, and has its place in the order of operations, where the future was made; `get`
/// may be called anywhere in the same context. A future that goes away before abandons its operation: it holds on to
/// what the body captured by reference only as long as the future lives.
template <class T>
class [[nodiscard]] Future {
public:
    /// Waits for the result, which may suspend the execution; throws what the operation itself would throw. Can be
    /// called again. ValidationError when the future was moved from.
    T get() const { return decode_(detail::outcome_of(handle_.task())); }

private:
    friend class Context;
    using Decode = std::function<T(const detail::Recorded&)>;
    Future(std::shared_ptr<detail::Task> task, Decode decode) : decode_(std::move(decode)), handle_(std::move(task)) {}

    // In this order: the task ends before what its decoder holds.
    Decode decode_;
    detail::TaskHandle handle_;
};

/// What became of one of several futures.
template <class T>
struct Settled {
    std::optional<T> value;          // when it succeeded
    std::optional<ErrorInfo> error;  // when it failed
    /// Whether there is no error.
    [[nodiscard]] bool succeeded() const { return !error; }
};
template <>
struct Settled<void> {
    std::optional<ErrorInfo> error;
    [[nodiscard]] bool succeeded() const { return !error; }
};

}  // namespace durable
