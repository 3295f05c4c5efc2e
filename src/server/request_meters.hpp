// Request meters: how often each operation was asked for, how it was answered, and how long that took.
#pragma once

#include <algorithm>
#include <array>
#include <deque>

#include "base/meters.hpp"
#include "server/operation_names.hpp"

namespace holdpoint::server {

/// Statuses that are counted each by itself; the others together.
inline constexpr std::array kCountedStatuses{200, 201, 202, 204, 400, 403, 404, 409, 413, 429, 500, 502, 503};

struct OperationMeters {
    std::array<Counter, kCountedStatuses.size() + 1> by_status;  // the last: any other status
    Histogram latency{kLatencyBounds};                           // microseconds until the answer
};

/// From any thread, without a lock.
class RequestMeters {
public:
    RequestMeters() : operations_(operation_names().size()) {}

    /// `operation` is a place in operation_names().
    void count(std::size_t operation, int status, std::chrono::microseconds took) {
        OperationMeters& meters = operations_.at(operation);
        const auto place = std::ranges::find(kCountedStatuses, status) - kCountedStatuses.begin();
        meters.by_status.at(static_cast<std::size_t>(place)).add();
        meters.latency.observe(static_cast<std::uint64_t>(took.count()));
    }
    [[nodiscard]] const OperationMeters& of(std::size_t operation) const { return operations_.at(operation); }

private:
    std::deque<OperationMeters> operations_;  // as many as there are names, from the start; a deque does not move them
};

}  // namespace holdpoint::server
