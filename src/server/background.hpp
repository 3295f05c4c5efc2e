// Background: what takes long, one thing after the other on a thread of its own, so that no other request waits for it.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace holdpoint::server {

using Work = std::function<void()>;
using RunsWork = std::function<void(Work)>;

inline void run_at_once(const Work& work) {
    work();
}

/// From any thread. Work throws nothing.
class Background {
public:
    /// Queues it; does nothing after stop().
    void run(Work work);
    /// Ends what is under way, and leaves out what has not begun.
    void stop();

private:
    void work_until(const std::stop_token& stop);

    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::deque<Work> queue_;
    std::jthread thread_{[this](const std::stop_token& stop) { work_until(stop); }};  // the last: it uses the others
};

}  // namespace holdpoint::server
