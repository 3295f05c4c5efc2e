#include "server/log_care.hpp"

#include "base/log.hpp"

namespace holdpoint::server {

namespace {

/// One transaction, which keeps those waiting who write lines.
constexpr std::size_t kErasedAtOnce = 1000;
/// Of each second. As many lines as functions write are erased in that.
constexpr Milliseconds kTimeForIt{200};
constexpr Milliseconds kLookAgain{60000};

}  // namespace

void LogCare::each_second() {
    const Milliseconds began = clock_.monotonic();
    if (began < look_at_) return;
    try {
        while (logs_.expire(clock_.now(), retention_days_, kErasedAtOnce) == kErasedAtOnce) {
            if (clock_.monotonic() - began >= kTimeForIt) return;
        }
    } catch (const std::exception& error) {
        log::write(log::Level::error, "old log lines could not be erased", {{"why", error.what()}});
    }
    look_at_ = clock_.monotonic() + kLookAgain;
}

}  // namespace holdpoint::server
