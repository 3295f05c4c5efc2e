// Service levels: how long requests wait for each group's decision, and how many nobody decided in time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "approvals/domain/models.hpp"
#include "approvals/domain/policy.hpp"
#include "base/clock.hpp"

namespace holdpoint::approvals {

/// What the levels need to know of one request.
struct RequestTiming {
    std::vector<std::string> groups;  // whose decision it takes (groups_of)
    ApprovalStatus status = ApprovalStatus::pending;
    TimePoint created_at;
    std::optional<TimePoint> decided_at;  // when somebody decided
    friend bool operator==(const RequestTiming&, const RequestTiming&) = default;
};

/// The groups that these stages name, each once; a stage that names people alone counts by its own name, for nobody is
/// measured by name. "anyone" where anyone may approve, as without a policy.
[[nodiscard]] std::vector<std::string> groups_of(const std::vector<Stage>& stages);

struct GroupLevel {
    std::string name;
    std::int64_t pending = 0;
    std::int64_t oldest_seconds = 0;  // of those pending; 0 without any
    std::int64_t decided = 0;         // by somebody
    std::int64_t median_seconds = 0;  // from the request to the decision (nearest rank); 0 without any
    std::int64_t p90_seconds = 0;
    std::int64_t decided_seconds = 0;  // of all those decided together
    std::int64_t breached = 0;         // ended because nobody decided in time
    friend bool operator==(const GroupLevel&, const GroupLevel&) = default;
};

/// By name. A request counts for each of its groups.
[[nodiscard]] std::vector<GroupLevel> service_levels(const std::vector<RequestTiming>& timings, TimePoint now);

/// The levels in Prometheus's text format 0.0.4. `is_complete`: whether all requests were looked at.
[[nodiscard]] std::string to_prometheus(const std::vector<GroupLevel>& levels, bool is_complete);

}  // namespace holdpoint::approvals
