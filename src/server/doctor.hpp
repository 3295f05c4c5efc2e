// Doctor: looks at everything that a server needs, and says what to do about what is wrong.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/seal.hpp"
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
/// What `up` would refuse of the key files. Throws SealError when `master` does not open one of them.
[[nodiscard]] std::vector<Finding> examine_key_files(const std::string& data, const SealKey* master);
/// Whether they are whole, of which schema, and not encrypted under a key that is not there.
[[nodiscard]] std::vector<Finding> examine_databases(const std::string& data);
/// `earlier` and `later` were read one after the other: wall clock and monotonic clock must have gone on alike.
[[nodiscard]] Finding examine_clock(TimePoint earlier, TimePoint later, Milliseconds monotonic_between);
/// `written` is when the folder's databases were written last: that is not to come.
[[nodiscard]] Finding examine_last_write(TimePoint written, TimePoint now);
[[nodiscard]] Finding examine_space(std::uint64_t free_bytes, std::uint64_t all_bytes);
[[nodiscard]] Finding examine_sync(std::chrono::microseconds median);

}  // namespace holdpoint::server
