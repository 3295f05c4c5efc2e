// Delays: the limits that the service sets on durations. (AWS API, StepOptions, WaitOptions, CallbackOptions)
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace durable::detail {

/// A wait, and the pause before an attempt: 366 days.
inline constexpr std::int64_t kDelayMax = 31'622'400;
inline constexpr std::int64_t kCallbackTimeoutMax = 99'999'999;

/// A pause between attempts as the service takes it.
[[nodiscard]] constexpr std::int64_t within_limits(std::chrono::seconds pause) {
    return std::clamp<std::int64_t>(pause.count(), 1, kDelayMax);
}

}  // namespace durable::detail
