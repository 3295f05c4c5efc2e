#include "approvals/web/rate_limiter.hpp"

#include <algorithm>

namespace holdpoint::approvals {

Milliseconds RateLimiter::take(const std::string& key) {
    const Milliseconds now = clock_.monotonic();
    auto found = buckets_.find(key);
    if (found == buckets_.end()) {
        if (buckets_.size() >= kKeysMax) {
            buckets_.erase(by_use_.back());
            by_use_.pop_back();
        }
        by_use_.push_front(key);
        found = buckets_.emplace(key, Bucket{.full_at = now, .place = by_use_.begin()}).first;
    } else {
        by_use_.splice(by_use_.begin(), by_use_, found->second.place);
    }
    Bucket& bucket = found->second;
    const Milliseconds full_at = std::max(bucket.full_at, now) + rate_.interval;
    const Milliseconds too_full = full_at - now - rate_.interval * rate_.burst;
    if (too_full > Milliseconds(0)) return too_full;
    bucket.full_at = full_at;
    return Milliseconds(0);
}

}  // namespace holdpoint::approvals
