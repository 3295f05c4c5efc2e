// Exceptions to error objects and back.
#pragma once

#include <string>

#include "durable/errors.hpp"
#include "durable/logger.hpp"
#include "wire/durable.hpp"

namespace durable::detail {

/// What the author catches: the classes of durable/errors.hpp that an operation throws.
enum class ErrorKind {
    operation,
    step,
    step_interrupted,
    callback,
    callback_timeout,
    callback_external,
    callback_submitter,
    child_context,
    wait_for_condition,
    invoke,
    invoke_failed,
    invoke_timed_out,
    invoke_stopped,
    combinator,
    serdes,
    validation
};

/// An error as a value, to hand it to another thread.
struct Failure {
    ErrorKind kind = ErrorKind::operation;
    ErrorInfo info;
};

/// The exception being handled. Call it in a catch block only.
[[nodiscard]] Failure current_failure();
[[noreturn]] void throw_failure(const Failure& failure);

/// The exception being handled, as it is recorded: the type that durable::Error or an operation's error states, else
/// the class's name; for something that is no std::exception, "Unknown". Call it in a catch block only.
[[nodiscard]] ErrorInfo current_error();

/// The service is told why a handler failed; whoever reads the function's log should not have to ask it.
void log_failure(const Logger& logger, const ErrorInfo& error);

/// Shortened in the same way.
[[nodiscard]] holdpoint::wire::ErrorObject to_wire(const ErrorInfo& info);
[[nodiscard]] ErrorInfo from_wire(const holdpoint::wire::ErrorObject& error);
/// The error that a record carries.
[[nodiscard]] ErrorInfo error_of(const holdpoint::wire::Operation& record);

}  // namespace durable::detail
