// Lifecycle: start, timers, the end of an invocation, stop. Each answers the changes to journal; nothing is applied
// here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/execution.hpp"

namespace holdpoint::core {

[[nodiscard]] std::vector<Change> decide_start(const Head& head, std::optional<std::string> input);

/// What is due: waits that are over, steps whose next attempt may begin, callbacks that timed out, or the whole
/// execution's timeout. Empty when nothing is.
[[nodiscard]] std::vector<Change> decide_due(const Execution& execution, TimePoint now);

/// The invocation in flight answered. An answer that the service does not accept closes the execution as FAILED.
[[nodiscard]] std::vector<Change> decide_invocation_answered(const Execution& execution,
                                                             const Result<wire::InvocationOutput>& output,
                                                             TimePoint now, const Limits& limits);
/// The invocation in flight failed without an answer: it is tried again after a pause, or was the last one.
[[nodiscard]] std::vector<Change> decide_invocation_failed(const Execution& execution, wire::ErrorObject error,
                                                           TimePoint now, const Limits& limits);

/// Empty when it is closed already. (AWS API, StopDurableExecution)
[[nodiscard]] std::vector<Change> decide_stop(const Execution& execution, wire::ErrorObject error, TimePoint now);

/// The pause before the next try after this many failed invocations in a row: 1, 2, 4 … 60 seconds.
[[nodiscard]] std::chrono::seconds invocation_backoff(int failures);

}  // namespace holdpoint::core
