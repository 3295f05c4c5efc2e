// StubService: the Runtime API and the checkpoints of one execution, decided by core, with no store and no disk behind.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "bench/measurements.hpp"
#include "core/execution.hpp"
#include "net/server.hpp"

namespace holdpoint::bench {

/// Serves one process of a function at a time.
class StubService {
public:
    /// On a port of this machine; 0 takes any free one.
    explicit StubService(std::uint16_t port);
    ~StubService();
    StubService(const StubService&) = delete;
    StubService& operator=(const StubService&) = delete;

    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(server_.port()); }
    /// When the process asked for work; throws when it does not within ten seconds, or when its invocation failed. Its
    /// request stays open.
    [[nodiscard]] Stopwatch::time_point wait_for_next();
    /// Answers that request with an execution's invocation, its first one unless it has `finished_steps`: the handler's
    /// first operations, named "step", each with the result 1. `event` is JSON text.
    void invoke(std::string event, std::int64_t finished_steps = 0);
    /// What the last invocation answered, JSON text.
    [[nodiscard]] std::string last_answer() const;
    /// Forgets the process and its execution.
    void reset();

private:
    net::Response answer(const net::Request& request);
    net::Response checkpoint(const std::string& body);
    net::Response state(const net::Request& request) const;
    void journal(const std::vector<core::Change>& changes);

    const SystemClock clock_;
    SystemRandom random_;
    mutable std::mutex mutex_;  // guards the members below: the server's threads use them
    std::condition_variable asked_;
    std::optional<Stopwatch::time_point> asked_at_;
    std::string failure_;  // what the process said, when it was no success
    std::string answer_;
    std::vector<net::Respond> open_;
    std::optional<core::Execution> execution_;
    net::Server server_;
};

}  // namespace holdpoint::bench
