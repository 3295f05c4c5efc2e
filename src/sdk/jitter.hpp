// Jitter: the chance that spreads the pauses of retry strategies: the machine's, unless somebody else's is given.
#pragma once

#include "base/random.hpp"

namespace durable::detail {

/// While it lives, strategies asked on this thread draw from `random`. For whoever must get the same pauses again.
class JitterFrom {
public:
    explicit JitterFrom(holdpoint::Random& random);
    ~JitterFrom();
    JitterFrom(const JitterFrom&) = delete;
    JitterFrom& operator=(const JitterFrom&) = delete;

private:
    holdpoint::Random* before_;
};

}  // namespace durable::detail
