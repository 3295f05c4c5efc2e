// Throttle: how many requests a caller may make, as a bucket of tokens that fills again with time.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace holdpoint::server {

/// From any thread. A caller that was quiet for a second may make a second's worth of requests at once.
class Throttle {
public:
    Throttle(const Clock& clock, double requests_per_second)
        : clock_(clock), per_second_(requests_per_second), bucket_size_(std::max(1.0, requests_per_second)) {}
    /// Takes a token; false when there is none.
    [[nodiscard]] bool admits(std::string_view caller);
    /// How many callers it remembers; those who were quiet are forgotten when there are very many.
    [[nodiscard]] std::size_t callers() const;

private:
    struct Bucket {
        double tokens = 0;
        Milliseconds filled{0};
    };
    void forget_full(Milliseconds now);

    const Clock& clock_;
    const double per_second_;
    const double bucket_size_;
    mutable std::mutex mutex_;
    std::map<std::string, Bucket, std::less<>> buckets_;
};

}  // namespace holdpoint::server
