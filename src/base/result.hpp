// Result: a value, or the error a caller can act on.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace holdpoint {

/// An error a caller can act on, in the terms of AWS's APIs: the exception's name as clients see it, its HTTP status,
/// and a message that says what was wrong, where, and what was expected. One place (api/respond.hpp) writes it to the
/// wire.
struct Error {
    std::string name;
    int http_status = 400;
    std::string message;
    /// JSON text of an object with further members for the body (DynamoDB's CancellationReasons, Item); empty for none.
    std::string details_json;

    friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(std::string_view name, int http_status, std::string message) {
    return std::unexpected(Error{
        .name = std::string(name), .http_status = http_status, .message = std::move(message), .details_json = {}});
}

}  // namespace holdpoint
