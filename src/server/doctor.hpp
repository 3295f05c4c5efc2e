// Doctor: looks at everything that a server needs, and says what to do about what is wrong.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "server/options.hpp"

namespace holdpoint::server {

enum class Verdict { ok, warning, problem };

struct Finding {
    std::string check;  // such as "disk"
    Verdict verdict = Verdict::ok;
    std::string found;
    std::string advice = {};  // empty when there is nothing to do
};

/// Changes nothing but a file of its own in the data folder, which it removes.
[[nodiscard]] std::vector<Finding> examine(const Options& options, const Clock& clock);

// Of single checks, for tests:

/// `path` must belong to the user who asks, and be open to nobody else.
[[nodiscard]] Finding examine_mode(const std::string& check, const std::string& path);
/// `earlier` and `later` were read one after the other: wall clock and monotonic clock must have gone on alike.
[[nodiscard]] Finding examine_clock(TimePoint earlier, TimePoint later, Milliseconds monotonic_between);
[[nodiscard]] Finding examine_space(std::uint64_t free_bytes, std::uint64_t all_bytes);
[[nodiscard]] Finding examine_sync(std::chrono::microseconds median);

}  // namespace holdpoint::server
