// Retry strategies: whether and when a failed step is tried again.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "durable/errors.hpp"

namespace durable {

/// The pause before the next attempt (one second to 366 days; what is outside is taken as the nearest of them);
/// nothing: give up.
using RetryDecision = std::optional<std::chrono::seconds>;
/// `attempt` is the one that just failed, counted from 1. The exception is being handled while the strategy is asked,
/// so `throw;` and std::current_exception work in it; that is StepInterruptedError when the process was lost in an
/// at-most-once step. Durable operations in a strategy are refused.
using RetryStrategy = std::function<RetryDecision(const ErrorInfo& error, int attempt)>;

/// How much of a pause is left to chance, so that many do not come back at once.
enum class Jitter {
    none,
    half,  // between half of the pause and all of it
    full   // between nothing and all of it
};

namespace retry {

using durable::Jitter;

/// Whether an error is worth another attempt; asked like a strategy.
using Predicate = std::function<bool(const ErrorInfo& error)>;

namespace detail {
template <class E>
bool being_handled() {
    try {
        throw;
    } catch (const E&) {
        return true;
    } catch (...) {
        return false;
    }
}
}  // namespace detail

/// True for exceptions of these classes and of classes derived from them: `retry::on<NetworkError, Timeout>()`.
template <class... E>
[[nodiscard]] Predicate on() {
    return [](const ErrorInfo&) { return std::current_exception() != nullptr && (detail::being_handled<E>() || ...); };
}
/// True for errors of these types, as they are recorded (ErrorInfo::type).
[[nodiscard]] Predicate on_types(std::vector<std::string> types);
/// True for errors whose message the regular expression (ECMAScript, but for references back to a group) is found in.
/// Throws ValidationError for what is none.
[[nodiscard]] Predicate on_message(const std::string& pattern);

// Options out of range (attempts below 1, a negative pause, a rate below 1) throw ValidationError where the strategy is
// made.

/// Pauses that grow by a factor.
struct Exponential {
    int attempts = 6;                 // in all, with the first
    std::chrono::seconds initial{5};  // the first pause
    std::chrono::seconds max{60};     // no pause is longer
    double rate = 2.0;                // what a pause is multiplied by for the next; at least 1
    Jitter jitter = Jitter::full;     // applied last
    Predicate when = {};              // empty: every error
};

/// min(initial · rate^(attempt-1), max), then jitter. The defaults are what a step has when it names no strategy.
[[nodiscard]] RetryStrategy exponential(Exponential options = {});

/// Pauses that grow by the same time.
struct Linear {
    int attempts = 6;                   // in all, with the first
    std::chrono::seconds initial{1};    // the first pause
    std::chrono::seconds increment{1};  // what a pause grows by for the next
    std::chrono::seconds max{300};      // no pause is longer
    Jitter jitter = Jitter::none;       // applied last
    Predicate when = {};                // empty: every error
};
/// min(initial + increment · (attempt-1), max), then jitter.
[[nodiscard]] RetryStrategy linear(Linear options = {});

/// Pauses that stay the same.
struct Fixed {
    int attempts = 5;               // in all, with the first
    std::chrono::seconds pause{5};  // between two attempts
    Predicate when = {};            // empty: every error
};
/// The same pause after every attempt, without jitter.
[[nodiscard]] RetryStrategy fixed(Fixed options = {});

/// One attempt and no more.
[[nodiscard]] RetryStrategy none();

/// For what passes soon: 3 attempts, 5 s doubling to 300 s, half jitter.
[[nodiscard]] RetryStrategy transient();
/// For a resource that is not there yet: 5 attempts, 5 s doubling to 300 s, full jitter.
[[nodiscard]] RetryStrategy resource_availability();
/// For what must not fail: 10 attempts, 1 s growing by half to 60 s, no jitter.
[[nodiscard]] RetryStrategy critical();

}  // namespace retry
}  // namespace durable
