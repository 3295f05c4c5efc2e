// Exporter: posts spans to a collector within a time limit, and tells of a collector that does not take them once.
#pragma once

#include <future>
#include <memory>
#include <optional>
#include <string>

#include "net/transport.hpp"
#include "sdk/opentelemetry/settings.hpp"

namespace durable::detail::opentelemetry {

/// Used by one thread.
class Exporter {
public:
    /// `settings.target` is there.
    Exporter(Settings settings, std::unique_ptr<holdpoint::net::Transport> transport)
        : settings_(std::move(settings)), transport_(std::move(transport)) {}

    /// Returns when the collector has the body, or the limit has passed. What it did not take is lost.
    void send(std::string body);

private:
    /// Why it was not taken.
    using Problem = std::optional<std::string>;

    [[nodiscard]] Problem post(std::string body);
    [[nodiscard]] Problem exchange(const holdpoint::net::Request& request) const;
    void tell(const Problem& problem);

    Settings settings_;
    std::unique_ptr<holdpoint::net::Transport> transport_;
    bool is_refused_ = false;    // the collector did not take the last body
    std::future<Problem> sent_;  // last, because it waits for what uses the others
};

}  // namespace durable::detail::opentelemetry
