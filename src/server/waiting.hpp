// Waiting: how much waits on disk, counted now and then, so that whoever asks waits for no disk.
#pragma once

#include <cstddef>
#include <mutex>

#include "base/clock.hpp"
#include "store/store.hpp"

namespace holdpoint::server {

/// Rows of each kind are counted up to this.
inline constexpr std::size_t kWaitingCountedMax = 10000;
/// How old a count may be.
inline constexpr Milliseconds kWaitingCountedEach{5000};

struct WaitingCounts {
    std::size_t timers = 0;
    std::size_t events = 0;
    std::size_t deliveries = 0;  // to endpoints
    std::size_t mails = 0;
};

class Waiting {
public:
    Waiting(const Clock& clock, store::Store& store) : clock_(clock), store_(store) {}

    /// Counts again when the last count is old; called by one thread.
    void each_second();
    /// What was counted last; from any thread.
    [[nodiscard]] WaitingCounts counts() const;

private:
    const Clock& clock_;
    store::Store& store_;
    Milliseconds count_at_{0};  // monotonic
    mutable std::mutex mutex_;
    WaitingCounts counts_;
};

}  // namespace holdpoint::server
