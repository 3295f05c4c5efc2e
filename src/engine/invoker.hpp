// Invoker: hands invocations to function processes, one at a time each; starts processes on demand, reaps idle ones,
// ends those that overrun. The processes fetch their work through the Runtime API.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "engine/processes.hpp"
#include "engine/work.hpp"
#include "functions/function.hpp"
#include "net/http.hpp"
#include "wire/durable.hpp"

namespace holdpoint::engine {

/// What a process gets with its environment.
struct ProcessCredentials {
    std::string access_key_id;
    std::string secret_access_key;
    std::string session_token;
};

struct InvokerOptions {
    std::string code_folder;         // <data>/code: executables by digest
    std::string working_folder;      // the processes' working directory
    std::string runtime_address;     // host:port of this server, as functions reach it
    std::string endpoint_url;        // AWS_ENDPOINT_URL of the functions
    std::uint16_t process_port = 0;  // of the Runtime API at an address of each process's own; 0: at runtime_address
    std::string socket_path = {};    // all of these over a Unix socket; empty: none
    std::string region;
    std::size_t processes_max = 64;  // of one function version
    bool limits_memory = true;       // MemorySize
    std::chrono::seconds idle_limit{60};
    std::chrono::seconds init_limit{10};
};

/// What the invoker has to do just now.
struct InvokerLoad {
    std::size_t queued = 0;                  // invocations that wait for a process
    std::array<std::size_t, 4> processes{};  // starting, idle, busy (each has an invocation), leaving
};

/// What the Runtime API answers to `next`.
struct NextInvocation {
    std::string request_id;
    TimePoint deadline;
    std::string invoked_arn;
    std::string trace_header;
    std::string client_context;
    std::string tenant_id;
    std::string payload;
};

/// From any thread.
class Invoker final : public Workforce {
public:
    using IssueCredentials = std::function<ProcessCredentials(const functions::Function&)>;
    using EndCredentials = std::function<void(const std::string& access_key_id)>;

    Invoker(const Clock& clock, Random& random, store::LogStore& logs, InvokerOptions options, IssueCredentials issue,
            EndCredentials end);
    ~Invoker() override;
    Invoker(const Invoker&) = delete;
    Invoker& operator=(const Invoker&) = delete;

    void invoke(Work work) override;
    /// A line in the function's log that the server itself has to say.
    void log(const functions::Function& function, std::string line);
    /// Ends every process of a function once it is idle, so that a new configuration or code takes effect.
    void retire(const std::string& function_name);
    /// Before the server ends: takes no more work, drops what waits in the queues, ends the idle processes and waits
    /// until the others have answered. The Runtime API must still be served. False: `limit` passed first.
    bool drain(std::chrono::milliseconds limit);
    /// Takes no more work and kills the processes; work under way is lost, and its callers are not answered.
    void stop();

    [[nodiscard]] InvokerLoad load() const;

    // The Runtime API; `process` is the secret that the process was given.

    /// The process that was given the address; empty when none was.
    [[nodiscard]] std::string process_at(const std::string& address) const;
    /// Calls `answer` when there is work, at once or much later. False: no such process.
    bool next(const std::string& process, std::function<void(const NextInvocation&)> answer);
    /// False: the process does not have this invocation (any more).
    bool answer(const std::string& process, const std::string& request_id, std::string body);
    /// `body` is the error as the runtime sent it; empty: what `error` says is all there is.
    bool fail(const std::string& process, const std::string& request_id, wire::ErrorObject error,
              std::string body = {});
    bool fail_init(const std::string& process, wire::ErrorObject error);
    /// Whose process it is; nothing: no such process.
    [[nodiscard]] std::optional<functions::Function> function_of(const std::string& process) const;
    /// An extension of the process asks for its next event. There are none: the request stays open until the process
    /// has ended, or the extension asks again. False: it is one more than a process may have, or there is no such
    /// process.
    bool next_event(const std::string& process, const std::string& extension, net::Respond respond);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdpoint::engine
