// Checkpoints: tokens, the rules of a batch, and the changes that it causes. (AWS API, CheckpointDurableExecution)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/execution.hpp"

namespace holdpoint::core {

/// The token that the invocation's next checkpoint must carry; base64, opaque to clients.
[[nodiscard]] std::string checkpoint_token(const Head& head, const Invocation& invocation);
/// InvalidParameterValueException "Invalid checkpoint token…" unless it is the current token of the invocation in
/// flight.
[[nodiscard]] Result<void> check_token(const Execution& execution, std::string_view token);

/// Decides a whole batch: either every update is legal and the changes come back in order, or the first bad one is
/// refused and nothing changes. `nonce` is secret and never used before; callback ids derive from it.
[[nodiscard]] Result<std::vector<Change>> decide_checkpoint(const Execution& execution,
                                                            const std::vector<wire::OperationUpdate>& updates,
                                                            TimePoint now, std::string_view nonce,
                                                            const Limits& limits);

/// To be called when the changes are applied: rotates the token and makes the answer, which is kept for a repetition.
[[nodiscard]] std::string accept_checkpoint(Execution& execution, const wire::CheckpointRequest& request);

/// Lengths, patterns and ranges that the service's model states; ValidationException listing every violation.
[[nodiscard]] Result<void> validate(const wire::CheckpointRequest& request);

}  // namespace holdpoint::core
