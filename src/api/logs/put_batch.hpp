// Put batch: what PutLogEvents brings, within AWS's bounds. (CloudWatch Logs API, PutLogEvents)
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "store/log_store.hpp"

namespace holdpoint::api::logs {

struct PutBatch {
    std::vector<store::LogEvent> events;  // that are kept
    boost::json::object rejected;         // rejectedLogEventsInfo: which are not, because of their times
};

/// InvalidParameterException for what AWS takes nothing of: no events or more than 10,000, more than a megabyte, events
/// that are not in order of their times or are more than a day apart. `retention_days`: of the group.
[[nodiscard]] Result<PutBatch> read_batch(const boost::json::object& request, const std::string& stream, TimePoint now,
                                          std::optional<std::int64_t> retention_days);

}  // namespace holdpoint::api::logs
