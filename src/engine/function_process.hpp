// Function process: one process of a function version and what it is doing, and the pool that it belongs to.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "engine/invoker.hpp"
#include "engine/platform_lines.hpp"
#include "engine/processes.hpp"
#include "engine/work.hpp"
#include "functions/function.hpp"
#include "wire/durable.hpp"

namespace holdpoint::engine {

enum class ProcessState { starting, idle, busy, leaving };

/// What the Runtime API knows a process by: the secret in a path, or which address of 127.0.0.0/8 it came to.
struct ProcessName {
    std::string secret;
    std::string address;
};

/// A process as the invoker knows it.
struct FunctionProcess {
    ProcessId id = 0;
    ProcessName name;
    std::string pool;  // key of the pool that it belongs to
    ProcessState state = ProcessState::starting;
    Milliseconds since{0};                               // monotonic: when it entered the state
    Microseconds since_us{0};                            // the same
    std::optional<Microseconds> init = std::nullopt;     // what its start took; once it asked for work
    std::function<void(const NextInvocation&)> waiting;  // idle: what answers its `next`
    std::map<std::string, net::Respond> extensions;      // by identifier: its open request for an event
    std::string access_key_id;
    std::string log_group;
    std::string log_stream;
    // busy:
    std::shared_ptr<Work> work;
    std::string request_id;
    bool began = false;  // the payload was handed over
    bool timed_out = false;
    std::optional<wire::ErrorObject> init_error;
    bool was_invoked = false;
    bool retired = false;  // leaves once nothing waits for it
};

/// The processes of one version with one configuration (and of one tenant, with tenant isolation), and the work that
/// waits for them.
struct Pool {
    functions::Function function;
    std::deque<std::shared_ptr<Work>> queue;
};

/// Takes out of the queue what has waited for a process longer than it may. Not the first ones, for each of which a
/// process starts: they get it, or hear why it did not start.
[[nodiscard]] std::vector<std::shared_ptr<Work>> take_late(Pool& pool, std::size_t starting, Milliseconds now);

/// Keeps an extension's request in place of the one before; false: of one extension more than a process may have.
[[nodiscard]] bool keep_request(FunctionProcess& process, const std::string& extension, net::Respond respond);

using FunctionProcesses = std::map<ProcessId, std::unique_ptr<FunctionProcess>>;

[[nodiscard]] std::string pool_key(const Work& work);

/// One that no other process has.
[[nodiscard]] ProcessName name_process(Random& random, const FunctionProcesses& others);

/// Of the invocation that the process is busy with; its memory is not known here.
[[nodiscard]] Report report_of(const FunctionProcess& process, const functions::Function& function, Microseconds now);

[[nodiscard]] wire::ErrorObject make_error(std::string type, std::string message);
/// What the caller hears whose work it had.
[[nodiscard]] wire::ErrorObject error_of(const FunctionProcess& process, const functions::Function& function,
                                         const ProcessEnd& why);

}  // namespace holdpoint::engine
