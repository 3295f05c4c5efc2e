// Exceptions to error objects and back.
#pragma once

#include <string>

#include "durable/errors.hpp"
#include "wire/durable.hpp"

namespace durable::detail {

/// The exception being handled, as it is recorded: the type that durable::Error or an operation's error states, else
/// the class's name; for something that is no std::exception, "Unknown". Call it in a catch block only.
[[nodiscard]] ErrorInfo current_error();

/// Shortened in the same way.
[[nodiscard]] holdpoint::wire::ErrorObject to_wire(const ErrorInfo& info);
[[nodiscard]] ErrorInfo from_wire(const holdpoint::wire::ErrorObject& error);
/// The error that a record carries.
[[nodiscard]] ErrorInfo error_of(const holdpoint::wire::Operation& record);

}  // namespace durable::detail
