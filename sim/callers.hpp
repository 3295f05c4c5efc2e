// Callers: the people and programs outside: they start executions, answer callbacks (sometimes twice, or never), send
// heartbeats, and stop executions. Who gets no answer asks again.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "sim/ledger.hpp"
#include "sim/nature.hpp"
#include "sim/network.hpp"
#include "sim/server.hpp"

namespace holdpoint::sim {

class Callers {
public:
    Callers(Nature& nature, Network& network, Ledger& ledger) : nature_(nature), network_(network), ledger_(ledger) {}

    /// Starts an execution after a while; its caller goes on until it is acknowledged.
    void start(const std::string& function, const std::string& name, const std::string& input);
    /// Invokes the plain function asynchronously after a while.
    void send_event(const std::string& payload);
    /// A workflow gave a callback away; told again, nothing more is planned.
    void take_callback(const std::string& id);
    /// Calls that still wait to be acknowledged.
    [[nodiscard]] bool are_busy() const { return busy_ > 0; }

private:
    void repeat(const std::string& what, const Serve& serve, std::function<void(const net::Response&)> done);
    void send_start(const std::string& function, const std::string& name, const std::string& input);
    void stop(const std::string& name, const std::string& arn);
    void answer_callback(const std::string& id, const CallbackOutcome& outcome);
    void beat(const std::string& id, int left);

    Nature& nature_;
    Network& network_;
    Ledger& ledger_;
    std::set<std::string> callbacks_;
    int busy_ = 0;
};

}  // namespace holdpoint::sim
