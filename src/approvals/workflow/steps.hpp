// Steps: what the steps of workflow functions have in common.
#pragma once

#include <chrono>
#include <limits>
#include <string_view>
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

inline constexpr std::string_view kInvalidEvent = "InvalidEvent";
inline constexpr std::string_view kApprovalLost = "ApprovalLost";

/// Whether what failed so may succeed later: not when the event or a request is wrong, or the record is gone.
[[nodiscard]] inline bool may_pass(std::string_view error_type) {
    return error_type != kInvalidEvent && error_type != kApprovalLost && error_type != "APPROVAL_NOT_FOUND" &&
           error_type != "ValidationException";
}

/// What a workflow cannot go on without. A table may be out of reach for hours, and no request is lost by that: the
/// execution's own time ends this, not a number of tries.
[[nodiscard]] inline durable::RetryStrategy patient() {
    return durable::retry::exponential({.attempts = std::numeric_limits<int>::max(),
                                        .initial = std::chrono::seconds(1),
                                        .max = std::chrono::minutes(5),
                                        .jitter = durable::Jitter::half,
                                        .when = [](const durable::ErrorInfo& error) { return may_pass(error.type); }});
}

/// A message is tried, and at worst comes, so often.
inline constexpr int kTellingAttempts = 5;
/// Who is told: the workflow waits a quarter of a minute for that at most, and then for the decision.
[[nodiscard]] inline durable::RetryStrategy brief() {
    return durable::retry::exponential({.attempts = kTellingAttempts, .initial = std::chrono::seconds(1)});
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
