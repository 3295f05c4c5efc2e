// Processes: the functions' processes, simulated. In each the real SDK runs one invocation, on a thread that has its
// turn when the schedule says so. Processes die, are slow, and outlive their server or their time.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "aws/client.hpp"
#include "durable/durable.hpp"
#include "engine/work.hpp"
#include "net/http.hpp"
#include "sim/ledger.hpp"
#include "sim/nature.hpp"
#include "sim/network.hpp"
#include "sim/turn.hpp"

namespace holdpoint::sim {

/// Thrown on a process's thread when it is dead, to leave it.
struct ProcessDeath {};

class Processes final : public engine::Workforce {
public:
    using FindHandler = std::function<const durable::detail::DurableHandler&(const std::string& function)>;
    /// What every function that is not durable does: payload in, answer out.
    using PlainHandler = std::function<std::string(const std::string& payload)>;

    Processes(Nature& nature, Random& ids, Network& network, const Server& server, Ledger& ledger,
              FindHandler find_handler, PlainHandler plain_handler);
    void invoke(engine::Work work) override;
    /// Runs a body in a process of its own, as a plain function; `over` learns whether it died on the way.
    void run(const std::string& name, std::function<void()> body, std::function<void(bool died)> over);
    /// The work is lost; most processes end with their server, some a little later.
    void lose_server();
    /// Before the world ends: every thread leaves its handler.
    void stop();

    // From the bodies of handlers:

    /// Time passes for this process while others go on.
    void pause(Milliseconds pause);
    /// Leaves the body when its process is dead, and may let it die here.
    void may_die(const std::string& where);
    /// The running process's connection to the service.
    [[nodiscard]] aws::Client& client();
    /// The same for the application's tables; so patient that no step of it gives up.
    [[nodiscard]] aws::Client& tables();
    /// The running process's work was not taken away from it.
    [[nodiscard]] bool is_current() const;

private:
    struct Process;
    class Transport;
    using Handle = std::shared_ptr<Process>;

    void take(engine::Work work);
    void start(const Handle& process, const std::string& payload);
    /// Runs the body on the process's thread, at most so long.
    void begin(const Handle& process, std::function<void()> body, Milliseconds timeout);
    [[nodiscard]] std::unique_ptr<aws::Client> make_client(Process& process, int attempts_max);
    /// On the process's thread: what durable::run and durable::run_lambda do with one invocation.
    [[nodiscard]] engine::InvocationResult run_invocation(Process& process, const std::string& payload);
    void resume(const Handle& process);
    void end(const Handle& process);
    void kill(const Handle& process, const std::string& why);
    void time_out(const Handle& process);
    void settle(Process& process, engine::InvocationResult result);
    /// Does it later, unless the server has ended by then.
    void later_on_this_server(Milliseconds delay, std::function<void()> act);

    Nature& nature_;
    Random& ids_;
    Network& network_;
    const Server& server_;
    Ledger& ledger_;
    FindHandler find_handler_;
    PlainHandler plain_handler_;
    std::list<Handle> alive_;
    Process* current_ = nullptr;
    std::uint64_t last_number_ = 0;
};

}  // namespace holdpoint::sim
