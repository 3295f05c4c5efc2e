// Steps: what the steps of workflow functions have in common.
#pragma once

#include <chrono>
#include <type_traits>
#include <utility>

#include "base/result.hpp"
#include "durable/durable.hpp"

namespace holdpoint::approvals {

/// The value; an error is thrown, and recorded by its name.
template <class T>
T require(Result<T> result) {
    if (!result) throw durable::Error(result.error().name, result.error().message);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// Table and topic may be out of reach for a while; the workflow has time.
[[nodiscard]] inline durable::RetryStrategy patient() {
    return durable::retry::exponential(
        {.attempts = 5, .initial = std::chrono::seconds(1), .max = std::chrono::seconds(30)});
}

/// What was decided has to be done: tried for a quarter of an hour at least and 34 minutes at most, of the hour that
/// every execution has to spare.
[[nodiscard]] inline durable::RetryStrategy lasting() {
    return durable::retry::exponential({.attempts = 15,
                                        .initial = std::chrono::seconds(1),
                                        .max = std::chrono::minutes(5),
                                        .jitter = durable::Jitter::half});
}

}  // namespace holdpoint::approvals
