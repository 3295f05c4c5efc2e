// Probes: /health and /metrics, for whoever watches the server. They need no signature, and answer while everything
// else is starting, ending or stuck.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "net/http.hpp"

namespace holdpoint::server {

class Probes {
public:
    enum class State { starting, ready, draining };

    /// From the start on; `metrics` makes the page, `problem` says what is wrong with a server that is ready (empty:
    /// nothing). Both are called from any thread.
    void ready(std::function<std::string()> metrics, std::function<std::string()> problem);
    /// It takes no more work.
    void drain() { state_ = State::draining; }

    /// Nothing: the request is for something else. `with_metrics`: /metrics is served at this address.
    [[nodiscard]] std::optional<net::Response> answer(const net::Request& request, bool with_metrics) const;

private:
    [[nodiscard]] net::Response health() const;

    std::function<std::string()> metrics_;
    std::function<std::string()> problem_;
    std::atomic<State> state_ = State::starting;  // written after the functions, read before them
};

}  // namespace holdpoint::server
