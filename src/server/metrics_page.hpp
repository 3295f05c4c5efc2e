// Metrics page: what /metrics answers. Reads counters and the machine, so that it costs the same however much is
// pending.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "engine/deliveries.hpp"
#include "engine/executions.hpp"
#include "engine/invoker.hpp"
#include "engine/timers.hpp"
#include "engine/writer.hpp"
#include "server/request_meters.hpp"
#include "server/waiting.hpp"

namespace holdpoint::server {

struct MetricsSources {
    const RequestMeters& requests;
    const engine::Writer& writer;
    const engine::Timers& timers;
    const engine::Invoker& invoker;
    const engine::Executions& executions;
    const engine::Deliveries& deliveries;
    const Waiting& waiting;
    std::string data;  // the data folder
    std::optional<TimePoint> certificate_expires;
};

[[nodiscard]] std::string metrics_page(const MetricsSources& sources);

}  // namespace holdpoint::server
