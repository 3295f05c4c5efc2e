#include "core/operation/transition.hpp"

#include <fmt/format.h>

#include "core/sizes.hpp"
#include "wire/durable_json.hpp"

namespace holdpoint::core {

std::unexpected<Error> invalid_parameter(std::string message) {
    return fail("InvalidParameterValueException", 400, std::move(message));
}

Change make_change(const Transition& transition, ChangeKind kind) {
    Change change;
    change.kind = kind;
    change.at = transition.at;
    change.id = transition.update.id;
    if (transition.current == nullptr) {
        change.definition = Definition{.type = transition.update.type,
                                       .parent_id = transition.update.parent_id,
                                       .name = transition.update.name,
                                       .sub_type = transition.update.sub_type};
    }
    return change;
}

Result<void> check_outcome(const wire::OperationUpdate& update, std::size_t payload_bytes_max, const Limits& limits) {
    if (update.action == wire::OperationAction::succeed && update.error) {
        return invalid_parameter("Cannot provide an Error for SUCCEED action.");
    }
    if (update.action == wire::OperationAction::fail && update.payload) {
        return invalid_parameter("Cannot provide a Payload for FAIL action.");
    }
    if (update.payload && update.payload->size() > payload_bytes_max) {
        return invalid_parameter(fmt::format("{} output payload size must be less than or equal to {} bytes.",
                                             wire::to_string(update.type), payload_bytes_max));
    }
    if (update.error) return check_error(*update.error, limits);
    return {};
}

Result<void> check_delay(std::string_view member, std::int64_t seconds, std::int64_t max) {
    if (seconds >= 1 && seconds <= max) return {};
    return invalid_parameter(fmt::format("{} must be between 1 and {} seconds, but is {}.", member, max, seconds));
}

}  // namespace holdpoint::core
