// World: everything simulated, from one seed, from the first start of an execution until all have ended.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace holdpoint::sim {

/// What became of one run of a seed.
struct Report {
    std::vector<std::string> broken;  // laws; empty when all is well
    std::vector<std::string> lines;   // the trace
    std::size_t faults = 0;
    std::uint64_t digest = 0;  // of the trace and of everything on the disk
};

/// `print`: the trace goes to the standard output as it happens.
[[nodiscard]] Report run_world(std::uint64_t seed, bool print);

/// The same twice: chance must come from nowhere but the seed.
[[nodiscard]] Report run_seed(std::uint64_t seed, bool print);

}  // namespace holdpoint::sim
