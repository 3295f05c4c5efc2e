// Meters: counters and histograms that any thread may add to at the price of one or two atomic additions.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace holdpoint {

class Counter {
public:
    void add(std::uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// How many values fell into each range. `bounds` are inclusive upper ends that grow, at most kBoundsMax, and outlive
/// the histogram.
class Histogram {
public:
    static constexpr std::size_t kBoundsMax = 20;

    explicit Histogram(std::span<const std::uint64_t> bounds) : bounds_(bounds) {}

    void observe(std::uint64_t value);

    struct Reading {
        std::span<const std::uint64_t> bounds;
        std::vector<std::uint64_t> counts;  // one for each bound, and one for what is above them all
        std::uint64_t sum = 0;
    };
    [[nodiscard]] Reading read() const;

private:
    std::span<const std::uint64_t> bounds_;
    std::array<std::atomic<std::uint64_t>, kBoundsMax + 1> counts_{};
    std::atomic<std::uint64_t> sum_{0};
};

/// Microseconds: from a tenth of a millisecond to ten seconds.
inline constexpr std::array<std::uint64_t, 16> kLatencyBounds{
    100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000};
/// Milliseconds: from ten milliseconds to a day.
inline constexpr std::array<std::uint64_t, 10> kLatenessBounds{10,   100,   500,   1000,    2000,
                                                               5000, 10000, 60000, 3600000, 86400000};
inline constexpr std::array<std::uint64_t, 8> kBatchBounds{1, 2, 4, 8, 16, 32, 64, 128};

/// How long something took, finer than a Clock says. For measuring only: nothing may be decided by it.
class Stopwatch {
public:
    Stopwatch();
    [[nodiscard]] std::chrono::microseconds elapsed() const;

private:
    std::chrono::microseconds began_;
};

}  // namespace holdpoint
