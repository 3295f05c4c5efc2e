// Closed loop: some clients at a time, each doing one thing after the other; what ended between warm-up and end counts.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "bench/measurements.hpp"

namespace holdpoint::bench {

struct LoopOptions {
    std::size_t clients = 1;
    double seconds = 10;
    double warm_up_seconds = 2;
};

/// `make_client(number)` is called on each client's own thread and answers what does one thing and measures it. The
/// first exception ends the loop and is thrown: a load that meets an error has no figures.
template <class Measured, class MakeClient>
[[nodiscard]] std::vector<Measured> run_closed_loop(const LoopOptions& options, const MakeClient& make_client) {
    const auto duration = [](double seconds) {
        return std::chrono::duration_cast<Stopwatch::duration>(std::chrono::duration<double>(seconds));
    };
    const auto from = Stopwatch::now() + duration(options.warm_up_seconds);
    const auto to = from + duration(options.seconds);
    std::mutex mutex;  // guards the two below
    std::vector<Measured> all;
    std::string problem;
    std::atomic<bool> failed = false;
    std::vector<std::jthread> threads;
    for (std::size_t number = 0; number < options.clients; ++number) {
        threads.emplace_back([&, number] {
            try {
                auto client = make_client(number);
                while (Stopwatch::now() < to && !failed) {
                    Measured measured = client();
                    const auto end = Stopwatch::now();
                    const std::lock_guard lock(mutex);
                    if (end >= from && end < to) all.push_back(std::move(measured));
                }
            } catch (const std::exception& error) {
                const std::lock_guard lock(mutex);
                problem = error.what();
                failed = true;
            }
        });
    }
    threads.clear();
    if (failed) throw std::runtime_error(problem);
    return all;
}

}  // namespace holdpoint::bench
