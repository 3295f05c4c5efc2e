// Clock: the only source of time. Deadlines are UTC wall time; waiting is done elsewhere, on a monotonic timer.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace holdpoint {

/// A UTC instant with the millisecond precision that AWS's APIs have.
using TimePoint = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;
using Milliseconds = std::chrono::milliseconds;
using Microseconds = std::chrono::microseconds;

/// Where "now" comes from; a test or a simulation passes its own.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual TimePoint now() const = 0;
    /// Milliseconds that never go back, for measuring how long something took.
    [[nodiscard]] virtual Milliseconds monotonic() const = 0;
    /// The same to the microsecond, where the clock knows it.
    [[nodiscard]] virtual Microseconds monotonic_us() const { return monotonic(); }
};

/// The machine's clock.
class SystemClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const override;
    [[nodiscard]] Milliseconds monotonic() const override;
    [[nodiscard]] Microseconds monotonic_us() const override;
};

/// A clock that moves only when told to.
class ManualClock final : public Clock {
public:
    explicit ManualClock(TimePoint start) : now_(start), start_(start) {}
    [[nodiscard]] TimePoint now() const override { return now_; }
    [[nodiscard]] Milliseconds monotonic() const override { return now_ - start_; }
    void advance(Milliseconds by) { now_ += by; }

private:
    TimePoint now_;
    TimePoint start_;
};

[[nodiscard]] inline TimePoint from_epoch_ms(long long ms) {
    return TimePoint{Milliseconds{ms}};
}
[[nodiscard]] inline long long to_epoch_ms(TimePoint at) {
    return at.time_since_epoch().count();
}
/// Seconds since the epoch with a fraction, as AWS's JSON protocols write timestamps.
[[nodiscard]] inline double to_epoch_seconds(TimePoint at) {
    return static_cast<double>(to_epoch_ms(at)) / 1000.0;
}
/// `2026-11-23T20:33:00.123Z` (ISO 8601, UTC, always three decimals).
[[nodiscard]] std::string to_iso8601(TimePoint at);
/// `Mon, 23 Nov 2026 20:33:00 GMT` (RFC 9110, 5.6.7).
[[nodiscard]] std::string to_http_date(TimePoint at);
/// Reads ISO 8601 with `Z` or an offset and any number of decimals. Fails with ValidationException.
[[nodiscard]] Result<TimePoint> parse_iso8601(std::string_view text);

}  // namespace holdpoint
