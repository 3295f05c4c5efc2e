// Last answer: ends the process after answering for a handler that does not stop.
#pragma once

#include <functional>

namespace durable::detail {

class ExecutionState;

/// Posts the answer that `state` has come to through the hook of this invocation, then ends the process. Without
/// a hook, in a test, nobody is answered, and the process ends as failed.
[[noreturn]] void end_process_with_answer(const ExecutionState& state);

/// Set by whoever serves the invocation; a test sets one that throws.
void set_last_answer_hook(std::function<void(const ExecutionState&)> hook);

}  // namespace durable::detail
