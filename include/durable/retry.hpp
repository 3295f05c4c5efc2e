// Retry strategies: whether and when a failed step is tried again.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "durable/errors.hpp"

namespace durable {

/// The pause before the next attempt (one second to 366 days; what is outside is taken as the nearest of them);
/// nothing: give up.
using RetryDecision = std::optional<std::chrono::seconds>;
/// `attempt` is the one that just failed, counted from 1.
using RetryStrategy = std::function<RetryDecision(const ErrorInfo& error, int attempt)>;

namespace retry {

enum class Jitter {
    none,
    half,  // between half of the pause and all of it
    full   // between nothing and all of it
};

struct Exponential {
    int attempts = 6;  // in all, with the first
    std::chrono::seconds initial{5};
    std::chrono::seconds max{60};
    double rate = 2.0;
    Jitter jitter = Jitter::full;
};

/// min(initial · rate^(attempt-1), max), then jitter. The defaults are what a step has when it names no strategy.
[[nodiscard]] RetryStrategy exponential(Exponential options = {});

struct Fixed {
    int attempts = 5;
    std::chrono::seconds pause{5};
};
[[nodiscard]] RetryStrategy fixed(Fixed options = {});

/// One attempt and no more.
[[nodiscard]] RetryStrategy none();

}  // namespace retry
}  // namespace durable
