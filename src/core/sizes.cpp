#include "core/sizes.hpp"

#include <fmt/format.h>

namespace holdpoint::core {

namespace {

std::size_t size_of(const std::optional<std::string>& text) {
    return text ? text->size() : 0;
}

}  // namespace

std::size_t size_of(const wire::ErrorObject& error) {
    std::size_t bytes = size_of(error.message) + size_of(error.type) + size_of(error.data);
    if (error.stack_trace) {
        for (const std::string& line : *error.stack_trace) bytes += line.size();
    }
    return bytes;
}

std::size_t size_of(const Change& change) {
    return size_of(change.payload) + (change.error ? size_of(*change.error) : 0);
}

Result<void> check_error(const wire::ErrorObject& error, const Limits& limits) {
    if (size_of(error) <= limits.error_bytes) return {};
    return fail("InvalidParameterValueException", 400,
                fmt::format("Error object size must be less than or equal to {} bytes.", limits.error_bytes));
}

Result<void> check_data(std::size_t bytes, const Limits& limits) {
    if (bytes <= limits.execution_bytes) return {};
    return fail("InvalidParameterValueException", 400,
                fmt::format("Durable execution exceeded the maximum of {} bytes of data.", limits.execution_bytes));
}

wire::ErrorObject fitting(wire::ErrorObject error, const Limits& limits) {
    const auto fits = check_error(error, limits);
    if (fits) return error;
    return {.message = fits.error().message, .type = fits.error().name, .data = {}, .stack_trace = {}};
}

}  // namespace holdpoint::core
