// Care thread: what is done now and then and keeps nobody waiting, neither timers nor requests.
#pragma once

#include <functional>
#include <thread>

namespace holdpoint::server {

/// Calls `work`, which throws nothing, once a second until the thread is told to stop.
[[nodiscard]] std::jthread start_care(std::function<void()> work);

}  // namespace holdpoint::server
