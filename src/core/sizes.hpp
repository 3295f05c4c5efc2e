// What counts against the limits of sizes.
#pragma once

#include <cstddef>

#include "core/change.hpp"
#include "core/limits.hpp"

namespace holdpoint::core {

/// The bytes of all fields together. (AWS API, ErrorObject)
[[nodiscard]] std::size_t size_of(const wire::ErrorObject& error);
/// What a change writes: its payload and its error.
[[nodiscard]] std::size_t size_of(const Change& change);

/// InvalidParameterValueException when the error is larger than it may be.
[[nodiscard]] Result<void> check_error(const wire::ErrorObject& error, const Limits& limits);
/// InvalidParameterValueException when an execution that has written so many bytes has written too many.
[[nodiscard]] Result<void> check_data(std::size_t bytes, const Limits& limits);
/// The error, or in place of one that is too large what check_error says of it: for errors that nobody can be refused.
[[nodiscard]] wire::ErrorObject fitting(wire::ErrorObject error, const Limits& limits);

}  // namespace holdpoint::core
