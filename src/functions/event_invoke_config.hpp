// Event invoke configs: how often asynchronous invocations are tried, for how long, and where their outcomes go. Rows
// of Space::functions. (AWS API, PutFunctionEventInvokeConfig)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/rows.hpp"
#include "functions/function.hpp"

namespace holdpoint::functions {

constexpr std::int64_t kRetriesDefault = 2;
constexpr std::int64_t kEventAgeDefault = 21600;  // seconds

struct EventInvokeConfig {
    std::string qualifier;  // "$LATEST", a version or an alias
    std::optional<std::int64_t> retries;
    std::optional<std::int64_t> age_seconds;
    std::string on_success;  // ARN of a topic or a function; empty: nowhere
    std::string on_failure;
    TimePoint last_modified;
    friend bool operator==(const EventInvokeConfig&, const EventInvokeConfig&) = default;
};

/// What holds for invocations of this reference; the defaults when nothing was configured.
[[nodiscard]] EventInvokeConfig event_invoke_config(const RowReader& rows, const Reference& reference);

/// ResourceNotFoundException when there is none.
[[nodiscard]] Result<EventInvokeConfig> find_event_invoke_config(const RowReader& rows, const Reference& reference);
/// Replaces what is there. InvalidParameterValueException for what is out of range or no destination of this server.
[[nodiscard]] Result<Decided<EventInvokeConfig>> put_event_invoke_config(const RowReader& rows,
                                                                         const Reference& reference,
                                                                         EventInvokeConfig config, TimePoint now);
[[nodiscard]] Result<std::vector<RowWrite>> delete_event_invoke_config(const RowReader& rows,
                                                                       const Reference& reference);
/// By qualifier, after `marker`.
[[nodiscard]] std::vector<EventInvokeConfig> list_event_invoke_configs(const RowReader& rows, std::string_view name,
                                                                       std::string_view marker, std::size_t limit);

/// InvalidParameterValueException naming `what` unless it is a topic's or a function's ARN, or empty.
[[nodiscard]] Result<void> check_destination(std::string_view what, std::string_view arn, bool functions_too);

}  // namespace holdpoint::functions
