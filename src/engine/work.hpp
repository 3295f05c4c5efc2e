// Work: invocations to be made, and who makes them.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "functions/function.hpp"
#include "wire/durable.hpp"

namespace holdpoint::engine {

/// How an invocation ended.
struct InvocationResult {
    std::string body;                        // what the function answered; of an error, what its runtime sent
    std::optional<wire::ErrorObject> error;  // it failed: thrown, crashed, timed out, or never started
    std::string log_tail;                    // the last 4 KiB that it wrote, as `--log-type Tail` shows it
};

/// One invocation to be made.
struct Work {
    functions::Function function;
    std::string invoked_arn;
    std::string trace_header;
    std::string client_context;
    std::string tenant_id;
    std::string request_id;  // as the function and its log are told it; empty: the workforce draws one
    /// Monotonic. Answered with TooManyRequestsException when no process was free until then.
    std::optional<Milliseconds> start_by;
    /// Called when a process takes the work; continue with the payload, or with nothing when there is nothing to do any
    /// more (`done` is not called then).
    std::function<void(std::string request_id, std::function<void(std::optional<std::string> payload)>)> begin;
    std::function<void(InvocationResult)> done;
};

/// Makes the invocations that executions need: in processes (Invoker), or in a simulated world (sim/).
class Workforce {
public:
    virtual ~Workforce() = default;
    virtual void invoke(Work work) = 0;
};

}  // namespace holdpoint::engine
