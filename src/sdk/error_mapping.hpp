// Exceptions to error objects and back.
#pragma once

#include <string>

#include "durable/errors.hpp"
#include "wire/durable.hpp"

namespace durable::detail {

/// The exception being handled, as it is recorded: the type that durable::Error or an operation's error states, else
/// the class's name; for something that is no std::exception, "Unknown". Call it in a catch block only.
[[nodiscard]] ErrorInfo current_error();

/// Shortened so that the service takes it (32 KiB as JSON).
[[nodiscard]] holdpoint::wire::ErrorObject to_wire(const ErrorInfo& info);
[[nodiscard]] ErrorInfo from_wire(const holdpoint::wire::ErrorObject& error);

}  // namespace durable::detail
