#include "server/throttle.hpp"

namespace holdpoint::server {

namespace {

/// Function processes come and go, each with credentials of its own.
constexpr std::size_t kBucketsMax = 10000;

}  // namespace

bool Throttle::admits(std::string_view caller) {
    const Milliseconds now = clock_.monotonic();
    const std::lock_guard lock(mutex_);
    auto found = buckets_.find(caller);
    if (found == buckets_.end()) {
        if (buckets_.size() >= kBucketsMax) forget_full(now);
        found = buckets_.emplace(caller, Bucket{.tokens = bucket_size_, .filled = now}).first;
    }
    Bucket& bucket = found->second;
    const double passed = static_cast<double>((now - bucket.filled).count()) / 1000.0;
    bucket.tokens = std::min(bucket_size_, bucket.tokens + (passed * per_second_));
    bucket.filled = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
}

std::size_t Throttle::callers() const {
    const std::lock_guard lock(mutex_);
    return buckets_.size();
}

void Throttle::forget_full(Milliseconds now) {
    std::erase_if(buckets_, [&](const auto& entry) {
        const double passed = static_cast<double>((now - entry.second.filled).count()) / 1000.0;
        return entry.second.tokens + (passed * per_second_) >= bucket_size_;
    });
}

}  // namespace holdpoint::server
