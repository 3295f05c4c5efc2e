// Network: calls of the server's API that may be lost, doubled, late, or not answered.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "net/http.hpp"
#include "sim/ledger.hpp"
#include "sim/nature.hpp"
#include "sim/server.hpp"

namespace holdpoint::sim {

/// What the server does with a call once it is there; may be asked twice.
using Serve = std::function<void(Server& server, const net::Respond& respond)>;
/// What the caller got; nothing: no answer came in time, or no connection.
using Answered = std::function<void(const std::optional<net::Response>& response)>;

class Network {
public:
    Network(Nature& nature, Server& server) : nature_(nature), server_(server) {}

    void call(const std::string& what, Serve serve, Answered answered);

private:
    struct Call {
        std::string what;
        Serve serve;
        Answered answered;  // empty once it was called
        void finish(const std::optional<net::Response>& response) {
            if (answered) std::exchange(answered, nullptr)(response);
        }
    };
    void deliver(const std::shared_ptr<Call>& call);

    Nature& nature_;
    Server& server_;
};

/// The error as the service's API writes it.
[[nodiscard]] net::Response error_response(const Error& error);

/// What a function's process calls the request: "checkpoint", "GetItem" …
[[nodiscard]] std::string name_of(const net::Request& request);

/// What functions' processes call: checkpoint and state, the tables, whether an execution runs, a callback's success.
[[nodiscard]] Serve serve_function(net::Request request, Ledger& ledger);

}  // namespace holdpoint::sim
