// Rate limiter: how often somebody may do something, in the memory of one process. Bounded: it forgets those who have
// been quiet the longest.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"

namespace holdpoint::approvals {

/// A bucket of so many tokens, of which one comes back after each interval.
struct Rate {
    std::int64_t burst = 1;
    Milliseconds interval{1000};
};

class RateLimiter {
public:
    static constexpr std::size_t kKeysMax = 10'000;

    RateLimiter(Rate rate, const Clock& clock) : rate_(rate), clock_(clock) {}

    /// Takes a token of this key. Zero when there was one, else how long until there is.
    [[nodiscard]] Milliseconds take(const std::string& key);
    [[nodiscard]] std::size_t size() const { return buckets_.size(); }

private:
    /// A bucket is as its refill says: full when that is past, and each token taken puts it off by an interval.
    struct Bucket {
        Milliseconds full_at{0};
        std::list<std::string>::iterator place;
    };
    Rate rate_;
    const Clock& clock_;
    std::unordered_map<std::string, Bucket> buckets_;
    std::list<std::string> by_use_;  // the last one first
};

}  // namespace holdpoint::approvals
