// Invocation: runs a handler once, from what the service handed over to what it gets back.
#pragma once

#include <string>
#include <variant>

#include "durable/durable.hpp"
#include "sdk/durable_service.hpp"
#include "sdk/hooks.hpp"
#include "sdk/rehearsal.hpp"
#include "wire/durable.hpp"

namespace durable::detail {

class ExecutionState;

/// To be reported as a failed invocation, so that the service invokes again.
struct InvocationFailure {
    ErrorInfo error;
};
using InvocationAnswer = std::variant<holdpoint::wire::InvocationOutput, InvocationFailure>;

/// The answer to an invocation that ends before its handler does.
[[nodiscard]] InvocationAnswer answer_so_far(const ExecutionState& state);

/// What an invocation has besides its input.
struct Surroundings {
    DurableService& service;
    Hooks& hooks;
    std::string request_id;
    std::string trace_header;
    std::string tenant_id = {};
    std::chrono::system_clock::time_point deadline = StepContext::kNoDeadline;
    int threads = kThreadsDefault;
    Rehearsal* rehearsal = nullptr;  // most are none
};

[[nodiscard]] InvocationAnswer run_invocation(const DurableHandler& handler, holdpoint::wire::InvocationInput input,
                                              const Surroundings& with);

/// The same from the envelope's JSON text; a payload that is no envelope is a failure that says so.
[[nodiscard]] InvocationAnswer run_invocation(const DurableHandler& handler, const std::string& envelope,
                                              const Surroundings& with);

/// The exception being handled, which left a handler that is not durable; one that could not read a durable
/// execution's envelope says that it got one. Call it in a catch block only.
[[nodiscard]] ErrorInfo plain_handler_error(const std::string& payload);

}  // namespace durable::detail
