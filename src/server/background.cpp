#include "server/background.hpp"

#include <utility>

namespace holdpoint::server {

void Background::run(Work work) {
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(work));
    }
    wake_.notify_one();
}

void Background::stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
}

void Background::work_until(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (wake_.wait(lock, stop, [this] { return !queue_.empty(); }) && !stop.stop_requested()) {
        // Destroyed before the lock is taken again: it may hold the last of a request.
        const Work work = std::exchange(queue_.front(), nullptr);
        queue_.pop_front();
        lock.unlock();
        work();
        lock.lock();
    }
}

}  // namespace holdpoint::server
