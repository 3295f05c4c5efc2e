#include "server/care_thread.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace holdpoint::server {

std::jthread start_care(std::function<void()> work) {
    return std::jthread([work = std::move(work)](const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any wake;
        std::unique_lock lock(mutex);
        while (!wake.wait_for(lock, stop, std::chrono::seconds(1), [&] { return stop.stop_requested(); })) work();
    });
}

}  // namespace holdpoint::server
