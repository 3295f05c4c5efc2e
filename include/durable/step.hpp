// Steps and polled conditions: what their bodies may use, and their options.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "durable/logger.hpp"
#include "durable/retry.hpp"
#include "durable/serdes.hpp"

namespace durable {

/// What the body of a step may use.
class StepContext {
public:
    /// The time of an invocation that ends when it likes, as in a test.
    static constexpr auto kNoDeadline = std::chrono::system_clock::time_point::max();

    /// Made by the SDK, and by tests.
    StepContext(int attempt, Logger logger, SerdesContext serdes, std::stop_token stop,
                std::chrono::system_clock::time_point deadline = kNoDeadline)
        : attempt_(attempt), logger_(std::move(logger)), serdes_(serdes), stop_(std::move(stop)), deadline_(deadline) {}
    /// Counted from 1.
    [[nodiscard]] int attempt() const { return attempt_; }
    /// Its lines carry the operation's name and the attempt.
    [[nodiscard]] const Logger& logger() const { return logger_; }
    /// For services that do once what they are asked twice: 32 hexadecimal digits, the same in every attempt and every
    /// invocation, and no other operation's, in whatever execution.
    [[nodiscard]] std::string idempotency_key() const;
    /// The same for every attempt and every invocation; other executions of the handler have the same ids.
    [[nodiscard]] std::string_view operation_id() const { return serdes_.operation_id; }
    /// Of the execution that the step belongs to.
    [[nodiscard]] std::string_view execution_arn() const { return serdes_.execution_arn; }
    /// Stopped when the outcome can be of no use any more: the step's map or parallel ended early, its future is gone,
    /// or the invocation has to end because a checkpoint failed. A long body may look and leave; its outcome is not
    /// recorded then.
    [[nodiscard]] std::stop_token stop_token() const { return stop_; }
    /// Until the service ends this invocation, whatever runs in it (the function's Timeout): a long body may leave
    /// before that, with an error that its strategy tries again. milliseconds::max() in durable::testing
    /// and where the service named no end.
    [[nodiscard]] std::chrono::milliseconds remaining_time() const;

private:
    int attempt_;
    Logger logger_;
    SerdesContext serdes_;
    std::stop_token stop_;
    std::chrono::system_clock::time_point deadline_;
};

/// What happens to a step whose process ended while it ran.
enum class StepSemantics {
    at_least_once_per_retry,  // it runs again
    at_most_once_per_retry    // it does not: the retry strategy decides, as for an attempt that failed
};

/// T is what the step's body answers.
template <class T>
struct StepOptions {
    RetryStrategy retry = {};                                          // empty: retry::exponential()
    StepSemantics semantics = StepSemantics::at_least_once_per_retry;  // what a lost process means
    Serdes<T> serdes = {};                                             // of what the body answers
};

/// The pause before the next poll (one second to 366 days); nothing: the condition holds.
using WaitDecision = std::optional<std::chrono::seconds>;

/// State is what the check answers.
template <class State>
struct ConditionOptions {
    State initial_state{};  // what the first check gets
    /// Called with the state that a check answered and the number of that check, from 1. What it throws fails the
    /// operation. `wait_strategy` makes one.
    std::function<WaitDecision(const State& state, int attempt)> strategy = {};
    Serdes<State> serdes = {};  // of each state
};

/// When and how often a condition is polled.
struct WaitStrategyOptions {
    int attempts = 60;                // polls in all
    std::chrono::seconds initial{5};  // the first pause
    std::chrono::seconds max{300};    // no pause is longer
    double rate = 1.5;                // what a pause is multiplied by for the next; at least 1
    Jitter jitter = Jitter::full;     // applied last
};

namespace detail {
/// Throws ValidationError, naming the option that is out of range.
void check(const WaitStrategyOptions& options);
/// Throws Error "WaitForConditionExhausted" after the last attempt.
[[nodiscard]] std::chrono::seconds next_poll(const WaitStrategyOptions& options, int attempt);
}  // namespace detail

/// Polls while `go_on(state)` is true, with growing pauses; after the last attempt the operation fails.
/// Options out of range throw ValidationError here.
template <class State>
[[nodiscard]] std::function<WaitDecision(const State&, int)> wait_strategy(std::function<bool(const State&)> go_on,
                                                                           WaitStrategyOptions options = {}) {
    detail::check(options);
    return [go_on = std::move(go_on), options](const State& state, int attempt) -> WaitDecision {
        if (!go_on(state)) return std::nullopt;
        return detail::next_poll(options, attempt);
    };
}

}  // namespace durable
