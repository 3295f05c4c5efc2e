// Clock watch: tells the operator when the machine's clock was set.
#pragma once

#include <optional>

#include "base/clock.hpp"

namespace holdpoint::server {

class ClockWatch {
public:
    explicit ClockWatch(const Clock& clock) : clock_(clock) {}

    /// Logs by how much the clock was set, when that is more than NTP's slewing makes of a second. Deadlines are wall
    /// time, so the operator should know. (docs/server.md, "When the clock is set")
    void each_second();
    /// By how much the clock was set since the last call; nothing when it was not.
    [[nodiscard]] std::optional<Milliseconds> set_by();

private:
    const Clock& clock_;
    std::optional<Milliseconds> offset_;  // of the wall clock to the monotonic one
};

}  // namespace holdpoint::server
