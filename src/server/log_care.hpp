// Log care: erases log lines whose time is over, as fast as they come.
#pragma once

#include <cstdint>

#include "base/clock.hpp"
#include "store/log_store.hpp"

namespace holdpoint::server {

class LogCare {
public:
    /// `retention_days`: of groups without a retention of their own; 0: for ever.
    LogCare(const Clock& clock, store::LogStore& logs, std::int64_t retention_days)
        : clock_(clock), logs_(logs), retention_days_(retention_days) {}

    /// A little at a time, so that lines can be written meanwhile; all of it within the minute when there is little.
    void each_second();

private:
    const Clock& clock_;
    store::LogStore& logs_;
    const std::int64_t retention_days_;
    Milliseconds look_at_{0};  // monotonic
};

}  // namespace holdpoint::server
