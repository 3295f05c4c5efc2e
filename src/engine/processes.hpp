// Processes: function processes as children of one long-lived thread: started, their output read line by line, watched,
// ended with the server.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "store/log_store.hpp"

namespace holdpoint::engine {

/// The variable in which a process finds its `log_stream`; by that is found what it leaves behind.
inline constexpr std::string_view kStreamVariable = "AWS_LAMBDA_LOG_STREAM_NAME";

struct ProcessSpec {
    std::string executable;                // absolute path
    std::string argument0;                 // what the process is called
    std::vector<std::string> environment;  // NAME=value; nothing else is inherited
    std::string working_directory;
    std::string log_group;
    std::string log_stream;
    std::int64_t memory_mb = 0;  // a process that takes more is killed; 0: no limit
};

/// How a process ended.
struct ProcessEnd {
    int exit_status = 0;  // when it exited by itself
    int signal = 0;       // when a signal ended it
    std::string problem;  // when it could not be started
    long peak_kib = 0;    // its memory's peak when that was last read; 0: never
    std::string tail;     // the last 4 KiB that it wrote since the last drain
    /// "exit status 1", "signal: killed", or the problem.
    [[nodiscard]] std::string text() const;
    /// It ended as if all were well.
    [[nodiscard]] bool is_plain_exit() const { return exit_status == 0 && signal == 0 && problem.empty(); }
};

using ProcessId = std::uint64_t;

/// From any thread; callbacks run on the supervisor's thread and must not block.
class Processes {
public:
    using OnEnd = std::function<void(ProcessId, const ProcessEnd&)>;
    using OnTick = std::function<void()>;

    /// `on_tick` runs at least every `tick`, for whoever watches deadlines.
    Processes(const Clock& clock, store::LogStore& logs, OnEnd on_end, OnTick on_tick, std::chrono::milliseconds tick);
    /// Kills every process and waits for their ends.
    ~Processes();
    Processes(const Processes&) = delete;
    Processes& operator=(const Processes&) = delete;

    /// Starts a process soon; a failure to start is reported as its end.
    [[nodiscard]] ProcessId start(ProcessSpec spec);
    void signal(ProcessId id, int signal);
    /// Reads its peak memory, so that its end can tell it; SIGKILL does, too. A process that is dead has none to read.
    void measure(ProcessId id);
    /// Reads what the process has written so far, then calls `then` with its peak memory in KiB and the last 4 KiB of
    /// what it wrote since the previous drain.
    void drain(ProcessId id, std::function<void(long peak_kib, std::string tail)> then);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdpoint::engine
