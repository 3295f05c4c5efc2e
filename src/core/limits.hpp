// Limits of durable executions; AWS's by default. Sizes are UTF-8 bytes of the payload itself, not of its JSON form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace holdpoint::core {

struct Limits {
    std::size_t operation_payload_bytes = 1024UL * 1024;  // STEP, CONTEXT, CALLBACK
    std::size_t invoke_payload_bytes = 1024UL * 1024;     // input and result of a CHAINED_INVOKE
    std::size_t error_bytes = 1024UL * 1024;              // an error object: all fields together
    std::size_t sync_result_bytes = 6UL * 1024 * 1024;    // result of an execution that a caller waits for
    std::size_t async_result_bytes = 1024UL * 1024;       // result of one started as an event
    std::size_t execution_bytes = 100UL * 1024 * 1024;    // everything written by one execution
    std::int64_t operations = 3000;                       // counted as AWS bills them: polls and retries too
    std::int64_t delay_seconds = 31622400;                // waits and retry delays: 366 days
    std::int64_t callback_timeout_seconds = 99999999;
    std::size_t envelope_bytes = 5UL * 1024 * 1024;  // operations handed over with an invocation
    int consecutive_failures = 9;                    // failed invocations in a row that end the execution
};

/// What set_limit calls the members: their names with dashes.
[[nodiscard]] std::vector<std::string_view> limit_names();
/// What the limit of this name counts, and its value; the name must be one of limit_names().
[[nodiscard]] std::string_view limit_meaning(std::string_view name);
[[nodiscard]] std::int64_t limit_value(const Limits& limits, std::string_view name);

inline constexpr int kLimitMax = 2'000'000'000;
/// `assignment` is NAME=NUMBER, the number from 1 to kLimitMax. Fails (InvalidLimit) saying what was
/// expected.
[[nodiscard]] Result<void> set_limit(Limits& limits, std::string_view assignment);

}  // namespace holdpoint::core
