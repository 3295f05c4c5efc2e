// The OpenTelemetry plugin: makes spans of what its hooks are told, and sends them when the invocation ends.
#pragma once

#include <memory>

#include "base/clock.hpp"
#include "durable/opentelemetry.hpp"
#include "net/transport.hpp"
#include "sdk/opentelemetry/settings.hpp"

namespace durable::detail::opentelemetry {

/// `clock` times what the service does not: invocations and attempts. Says on standard error what it ignores.
[[nodiscard]] std::shared_ptr<Plugin> make_plugin(Settings settings,
                                                  std::unique_ptr<holdpoint::net::Transport> transport,
                                                  std::shared_ptr<const holdpoint::Clock> clock);

}  // namespace durable::detail::opentelemetry
