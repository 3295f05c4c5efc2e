#include "durable/retry.hpp"

#include <algorithm>
#include <cmath>

#include "base/random.hpp"
#include "sdk/delays.hpp"

namespace durable::retry {

namespace {

double jittered(double base, Jitter jitter) {
    static holdpoint::SystemRandom random;
    switch (jitter) {
        case Jitter::none:
            return base;
        case Jitter::half:
            return base / 2 + random.unit() * base / 2;
        case Jitter::full:
            return random.unit() * base;
    }
    return base;
}

}  // namespace

RetryStrategy exponential(Exponential options) {
    return [options](const ErrorInfo&, int attempt) -> RetryDecision {
        if (attempt >= options.attempts) return std::nullopt;
        const double base = std::min(static_cast<double>(options.initial.count()) * std::pow(options.rate, attempt - 1),
                                     static_cast<double>(options.max.count()));
        const double pause = jittered(base, options.jitter);
        // Also for what is no number.
        if (!(pause < static_cast<double>(detail::kDelayMax))) return std::chrono::seconds(detail::kDelayMax);
        return std::chrono::seconds(std::max<long long>(1, std::llround(pause)));
    };
}

RetryStrategy fixed(Fixed options) {
    return [options](const ErrorInfo&, int attempt) -> RetryDecision {
        if (attempt >= options.attempts) return std::nullopt;
        return std::max(std::chrono::seconds(1), options.pause);
    };
}

RetryStrategy none() {
    return [](const ErrorInfo&, int) -> RetryDecision { return std::nullopt; };
}

}  // namespace durable::retry
