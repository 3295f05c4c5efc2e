#include "server/clock_watch.hpp"

#include <utility>

#include "base/log.hpp"

namespace holdpoint::server {

namespace {

constexpr Milliseconds kNoticed{1000};

}  // namespace

void ClockWatch::each_second() {
    const auto by = set_by();
    if (!by) return;
    log::write(log::Level::warn, "the clock was set, or the machine slept",
               {{"by_ms", std::to_string(by->count())}, {"now", to_iso8601(clock_.now())}});
}

std::optional<Milliseconds> ClockWatch::set_by() {
    const Milliseconds offset = clock_.now().time_since_epoch() - clock_.monotonic();
    const Milliseconds by = offset - std::exchange(offset_, offset).value_or(offset);
    return by > kNoticed || by < -kNoticed ? std::optional(by) : std::nullopt;
}

}  // namespace holdpoint::server
