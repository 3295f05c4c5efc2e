// Errors: the refusals that DynamoDB shares between its operations.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace holdpoint::tables {

[[nodiscard]] inline std::unexpected<Error> validation_error(std::string message) {
    return fail("ValidationException", 400, std::move(message));
}
/// For what the JSON itself has wrong (a number where text belongs), which DynamoDB tells apart from
/// ValidationException.
[[nodiscard]] inline std::unexpected<Error> serialization_error(std::string message) {
    return fail("SerializationException", 400, std::move(message));
}
[[nodiscard]] inline std::unexpected<Error> invalid_values(std::string_view what) {
    return validation_error("One or more parameter values were invalid: " + std::string(what));
}
[[nodiscard]] inline std::unexpected<Error> update_too_large() {
    return validation_error("Item size to update has exceeded the maximum allowed size");
}

}  // namespace holdpoint::tables
