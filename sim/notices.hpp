// Notices: a topic with one subscriber over HTTP that is often broken. Who publishes goes on until they are answered;
// what was acknowledged reaches the subscriber at least once, or is kept as a dead letter.
#pragma once

#include <expected>
#include <set>
#include <string>
#include <vector>

#include "net/transport.hpp"
#include "sim/nature.hpp"
#include "sim/network.hpp"
#include "sim/server.hpp"

namespace holdpoint::sim {

class Notices {
public:
    Notices(Nature& nature, Network& network) : nature_(nature), network_(network) {}

    /// The topic and its subscription, as they are before the world begins.
    static void deploy(store::Transaction& rows, TimePoint now);
    /// Publishes after a while.
    void publish(const std::string& message);
    /// The subscriber gets something, and answers, or not.
    [[nodiscard]] std::expected<net::Response, net::TransportError> receive(const net::Request& request);
    [[nodiscard]] bool are_busy() const { return busy_ > 0; }
    [[nodiscard]] std::vector<std::string> broken_laws(const RowReader& rows) const;

private:
    void send(const std::string& message);

    Nature& nature_;
    Network& network_;
    std::set<std::string> acknowledged_;
    std::set<std::string> received_;
    int busy_ = 0;
};

}  // namespace holdpoint::sim
