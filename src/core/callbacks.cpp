#include "core/callbacks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "base/rows.hpp"
#include "core/operation/transition.hpp"
#include "core/sizes.hpp"

namespace holdpoint::core {

namespace {

constexpr std::size_t kSecretBytes = 16;

std::unexpected<Error> callback_closed() {
    return fail("CallbackTimeoutException", 400, "Callback has timed out or has already been completed.");
}

Change closing_change(const OperationState& state, ChangeKind kind, TimePoint now) {
    Change change;
    change.kind = kind;
    change.at = now;
    change.id = state.operation.id;
    return change;
}

}  // namespace

std::string make_callback_id(const Head& head, std::string_view operation_id, std::string_view nonce) {
    std::string bytes;
    append_key_number(bytes, head.number);
    bytes += hmac_sha256(nonce, operation_id).substr(0, kSecretBytes);
    return base64_encode(bytes);
}

Result<std::uint64_t> execution_of_callback(std::string_view callback_id) {
    const auto bytes = base64_decode(callback_id);
    if (!bytes || bytes->size() != sizeof(std::uint64_t) + kSecretBytes) {
        return invalid_parameter("Invalid callback id");
    }
    std::string_view rest = *bytes;
    return *take_key_number(rest);
}

Result<const OperationState*> find_open_callback(const Execution& execution, std::string_view callback_id,
                                                 TimePoint now) {
    const auto& operations = execution.operations();
    const auto found = std::find_if(operations.begin(), operations.end(), [&](const OperationState& state) {
        return state.operation.callback_id && equal_constant_time(*state.operation.callback_id, callback_id);
    });
    if (found == operations.end()) return invalid_parameter("Invalid callback id");
    const bool overdue = (found->timeout_at && *found->timeout_at <= now) ||
                         (found->heartbeat_at && *found->heartbeat_at <= now) || execution.deadline() <= now;
    if (!execution.is_running() || found->operation.status != wire::OperationStatus::started || overdue) {
        return callback_closed();
    }
    return &*found;
}

Result<std::vector<Change>> decide_callback_success(const Execution& execution, std::string_view callback_id,
                                                    std::string result, TimePoint now, const Limits& limits) {
    auto state = find_open_callback(execution, callback_id, now);
    if (!state) return std::unexpected(state.error());
    if (result.size() > limits.operation_payload_bytes) {
        return invalid_parameter(fmt::format("CALLBACK output payload size must be less than or equal to {} bytes.",
                                             limits.operation_payload_bytes));
    }
    if (!is_utf8(result)) return invalid_parameter("Callback result must be UTF-8 text.");
    Change change = closing_change(**state, ChangeKind::succeeded, std::max(now, execution.last_change_at()));
    if (!result.empty()) change.payload = std::move(result);
    if (auto ok = check_data(execution.bytes_written() + size_of(change), limits); !ok)
        return std::unexpected(ok.error());
    return std::vector{std::move(change)};
}

Result<std::vector<Change>> decide_callback_failure(const Execution& execution, std::string_view callback_id,
                                                    wire::ErrorObject error, TimePoint now, const Limits& limits) {
    auto state = find_open_callback(execution, callback_id, now);
    if (!state) return std::unexpected(state.error());
    if (auto ok = check_error(error, limits); !ok) return std::unexpected(ok.error());
    Change change = closing_change(**state, ChangeKind::failed, std::max(now, execution.last_change_at()));
    change.error = std::move(error);
    if (auto ok = check_data(execution.bytes_written() + size_of(change), limits); !ok)
        return std::unexpected(ok.error());
    return std::vector{std::move(change)};
}

Result<std::vector<Change>> decide_callback_heartbeat(const Execution& execution, std::string_view callback_id,
                                                      TimePoint now) {
    auto state = find_open_callback(execution, callback_id, now);
    if (!state) return std::unexpected(state.error());
    if ((*state)->heartbeat_seconds == 0) return std::vector<Change>{};
    Change change = closing_change(**state, ChangeKind::heartbeat, std::max(now, execution.last_change_at()));
    change.due = now + std::chrono::seconds((*state)->heartbeat_seconds);
    return std::vector{std::move(change)};
}

}  // namespace holdpoint::core
