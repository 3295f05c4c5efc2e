// Callbacks: their ids, which are bearer secrets, and what the three callback operations do. (AWS API, Lambda)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/execution.hpp"

namespace holdpoint::core {

/// base64 of the execution's number and 16 bytes that nobody can guess.
[[nodiscard]] std::string make_callback_id(const Head& head, std::string_view operation_id, std::string_view nonce);
/// The execution that a callback id belongs to. InvalidParameterValueException "Invalid callback id".
[[nodiscard]] Result<std::uint64_t> execution_of_callback(std::string_view callback_id);

/// The open callback with this id. CallbackTimeoutException when it timed out (also when its timer has not run yet),
/// was answered before, or its execution is closed.
[[nodiscard]] Result<const OperationState*> find_open_callback(const Execution& execution, std::string_view callback_id,
                                                               TimePoint now);

[[nodiscard]] Result<std::vector<Change>> decide_callback_success(const Execution& execution,
                                                                  std::string_view callback_id, std::string result,
                                                                  TimePoint now, const Limits& limits);
[[nodiscard]] Result<std::vector<Change>> decide_callback_failure(const Execution& execution,
                                                                  std::string_view callback_id, wire::ErrorObject error,
                                                                  TimePoint now, const Limits& limits);
/// Moves the heartbeat deadline, never the timeout.
[[nodiscard]] Result<std::vector<Change>> decide_callback_heartbeat(const Execution& execution,
                                                                    std::string_view callback_id, TimePoint now);

}  // namespace holdpoint::core
