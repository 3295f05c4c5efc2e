// Tasks: how operations become futures.
#pragma once

#include <memory>

#include "durable/context.hpp"
#include "sdk/context_core.hpp"
#include "sdk/scheduler.hpp"

namespace durable::detail {

/// A task for work that runs code of the author's; it begins at once.
[[nodiscard]] std::shared_ptr<Task> spawn(ContextCore& core, Work work);
/// A task for work that only waits for its operation.
[[nodiscard]] std::shared_ptr<Task> watch(ContextCore& core, Work work);

}  // namespace durable::detail
