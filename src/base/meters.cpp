#include "base/meters.hpp"

#include <algorithm>

namespace holdpoint {

namespace {

std::chrono::microseconds monotonic() {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace

void Histogram::observe(std::uint64_t value) {
    const auto place = static_cast<std::size_t>(std::ranges::lower_bound(bounds_, value) - bounds_.begin());
    counts_[place].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
}

Histogram::Reading Histogram::read() const {
    Reading reading{.bounds = bounds_, .counts = {}, .sum = sum_.load(std::memory_order_relaxed)};
    for (std::size_t i = 0; i <= bounds_.size(); ++i) {
        reading.counts.push_back(counts_[i].load(std::memory_order_relaxed));
    }
    return reading;
}

Stopwatch::Stopwatch() : began_(monotonic()) {}

std::chrono::microseconds Stopwatch::elapsed() const {
    return monotonic() - began_;
}

}  // namespace holdpoint
