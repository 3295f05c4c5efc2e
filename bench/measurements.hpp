// Measurements: how long things took, and what a report says about it.
#pragma once

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cmath>
#include <vector>

namespace holdpoint::bench {

using Stopwatch = std::chrono::steady_clock;

[[nodiscard]] inline double milliseconds(Stopwatch::duration took) {
    return std::chrono::duration<double, std::milli>(took).count();
}

/// Three decimals, so that reports stay readable.
[[nodiscard]] inline double rounded(double value) {
    return std::round(value * 1000.0) / 1000.0;
}

/// The smallest value that `share` of all values do not exceed (nearest rank); sorts the values.
[[nodiscard]] inline double percentile(std::vector<double>& values, double share) {
    if (values.empty()) return 0.0;
    std::ranges::sort(values);
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
    return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

[[nodiscard]] inline boost::json::object summary(std::vector<double> values) {
    return {{"p50", rounded(percentile(values, 0.50))},
            {"p95", rounded(percentile(values, 0.95))},
            {"p99", rounded(percentile(values, 0.99))},
            {"max", rounded(percentile(values, 1.0))}};
}

}  // namespace holdpoint::bench
