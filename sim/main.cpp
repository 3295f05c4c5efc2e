// holdpoint_sim: runs simulated worlds by seed. Exit status 1 when a law was broken.
#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "sim/world.hpp"

namespace {

using holdpoint::sim::Report;

/// Lines of the trace that are shown with a broken law.
constexpr std::size_t kLastLines = 40;
/// So many seeds between two signs of life.
constexpr std::size_t kProgressEvery = 10'000;
/// After this many broken seeds the rest has nothing new to say.
constexpr int kBrokenMax = 5;

constexpr const char* kUsage =
    "holdpoint_sim --seed N [--trace]             one world, with all that happens in it\n"
    "holdpoint_sim [--kept FILE] --seeds N..M     many; those of the file (N and why, one a line) first\n";

struct Options {
    std::vector<std::uint64_t> seeds;
    bool trace = false;
};

std::vector<std::uint64_t> read_kept(const char* path) {
    std::vector<std::uint64_t> seeds;
    std::ifstream file(path);
    if (!file) fmt::print(stderr, "{}: cannot be read\n", path);
    std::string line;
    while (std::getline(file, line)) {
        if (!line.empty() && line.front() != '#') seeds.push_back(std::strtoull(line.c_str(), nullptr, 10));
    }
    return seeds;
}

std::optional<Options> read_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--trace") {
            options.trace = true;
            continue;
        }
        if (i + 1 == argc) return std::nullopt;
        const char* value = argv[++i];
        if (argument == "--kept") {
            const auto kept = read_kept(value);
            options.seeds.insert(options.seeds.begin(), kept.begin(), kept.end());
        } else if (argument == "--seed") {
            options.seeds.push_back(std::strtoull(value, nullptr, 10));
        } else if (argument == "--seeds") {
            char* rest = nullptr;
            const auto from = std::strtoull(value, &rest, 10);
            if (std::string_view(rest).substr(0, 2) != "..") return std::nullopt;
            const auto to = std::strtoull(rest + 2, nullptr, 10);
            for (auto seed = from; seed <= to; ++seed) options.seeds.push_back(seed);
        } else {
            return std::nullopt;
        }
    }
    if (options.seeds.empty()) return std::nullopt;
    return options;
}

void print_broken(std::uint64_t seed, const Report& report) {
    fmt::print("seed {}: {} of the laws broken; to see it all: make sim SEED={}\n", seed, report.broken.size(), seed);
    for (const std::string& law : report.broken) fmt::print("  broken: {}\n", law);
    const std::size_t from = report.lines.size() - std::min(report.lines.size(), kLastLines);
    for (std::size_t i = from; i < report.lines.size(); ++i) fmt::print("  {}\n", report.lines[i]);
}

/// Threads hand the turn to each other all the time, which is fastest when none has to be woken on another processor.
void stay_on_one_processor() {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(std::max(0, ::sched_getcpu())), &one);
    (void)::sched_setaffinity(0, sizeof one, &one);  // without it everything is the same, only slower
}

}  // namespace

int main(int argc, char** argv) {
    const auto options = read_options(argc, argv);
    if (!options) {
        std::fputs(kUsage, stderr);
        return 2;
    }
    stay_on_one_processor();
    // The application's log lines carry the machine's time, and there would be very many.
    ::setenv("LOG_LEVEL", "ERROR", 1);
    const holdpoint::SystemClock clock;
    const auto began = clock.monotonic();
    int broken = 0;
    std::size_t events = 0;
    std::size_t faults = 0;
    std::size_t done = 0;
    for (const std::uint64_t seed : options->seeds) {
        const Report report = holdpoint::sim::run_seed(seed, options->trace);
        events += report.lines.size();
        faults += report.faults;
        if (++done % kProgressEvery == 0) {
            fmt::print("{} seeds\n", done);
            std::fflush(stdout);
        }
        if (report.broken.empty()) continue;
        print_broken(seed, report);
        if (++broken == kBrokenMax) break;
    }
    const auto took = static_cast<double>((clock.monotonic() - began).count());
    const auto count = static_cast<double>(done);
    fmt::print("{} seeds, each twice: {} broken; {:.0f} events and {:.0f} faults each; {:.1f} ms for one run\n", done,
               broken, static_cast<double>(events) / count, static_cast<double>(faults) / count, took / count / 2);
    return broken == 0 ? 0 : 1;
}
