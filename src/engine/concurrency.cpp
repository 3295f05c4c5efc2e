#include "engine/concurrency.hpp"

#include <atomic>
#include <memory>
#include <utility>

namespace holdpoint::engine {

void Concurrency::invoke(Work work) {
    const std::string name = work.function.name;
    {
        std::unique_lock lock(mutex_);
        const auto found = shares_.find(name);
        const bool limited = found != shares_.end() && found->second.limit;
        const bool refused = limited && work.start_by && found->second.used >= *found->second.limit;
        if (limited && !refused) {
            found->second.waiting.push_back(std::move(work));
            lock.unlock();
            return go_on(name);
        }
        lock.unlock();  // whoever makes it, or waits for it, may come back at once
        if (!refused) return workforce_.invoke(std::move(work));
    }
    work.done({.body = {},
               .error = wire::ErrorObject{.message = "Rate Exceeded.",
                                          .type = "TooManyRequestsException",
                                          .data = std::string(kReservedLimitExceeded),
                                          .stack_trace = {}},
               .log_tail = {}});
}

void Concurrency::reserve(const std::string& function_name, std::optional<std::size_t> limit) {
    {
        const std::lock_guard lock(mutex_);
        shares_[function_name].limit = limit;
    }
    go_on(function_name);
}

void Concurrency::forget(const std::string& function_name) {
    std::deque<Work> dropped;
    {
        const std::lock_guard lock(mutex_);
        const auto found = shares_.find(function_name);
        if (found == shares_.end()) return;
        found->second.limit.reset();
        dropped = std::exchange(found->second.waiting, {});
        if (found->second.used == 0) shares_.erase(found);
    }
    for (Work& work : dropped) {
        // As when a process ends before it has its work: only who wants it to begin is told that it failed.
        work.begin({}, [function_name, done = std::move(work.done)](const std::optional<std::string>& payload) {
            if (!payload) return;
            done({.body = {},
                  .error = wire::ErrorObject{.message = function_name + " was deleted.",
                                             .type = "ResourceNotFoundException",
                                             .data = {},
                                             .stack_trace = {}},
                  .log_tail = {}});
        });
    }
}

std::optional<std::size_t> Concurrency::reserved(const std::string& function_name) const {
    const std::lock_guard lock(mutex_);
    const auto found = shares_.find(function_name);
    return found == shares_.end() ? std::nullopt : found->second.limit;
}

bool Concurrency::is_full(const std::string& function_name) const {
    const std::lock_guard lock(mutex_);
    const auto found = shares_.find(function_name);
    return found != shares_.end() && found->second.limit && found->second.used >= *found->second.limit;
}

void Concurrency::go_on(const std::string& function_name) {
    std::deque<Work> ready;
    {
        const std::lock_guard lock(mutex_);
        Share& share = shares_[function_name];
        while (!share.waiting.empty() && (!share.limit || share.used < *share.limit)) {
            ready.push_back(counted(std::move(share.waiting.front())));
            share.waiting.pop_front();
            ++share.used;
        }
    }
    for (Work& work : ready) workforce_.invoke(std::move(work));
}

Work Concurrency::counted(Work work) {
    // Its process may end while it begins: then it begins, and may end, twice.
    const auto over = std::make_shared<std::atomic<bool>>(false);
    const auto leave = [this, over, name = work.function.name] {
        if (over->exchange(true)) return;
        {
            const std::lock_guard lock(mutex_);
            --shares_[name].used;
        }
        go_on(name);
    };
    work.begin = [begin = std::move(work.begin), leave](std::string request_id, auto proceed) {
        begin(std::move(request_id), [proceed = std::move(proceed), leave](std::optional<std::string> payload) {
            const bool idle = !payload;  // nothing to do any more: `done` is not called
            proceed(std::move(payload));
            if (idle) leave();
        });
    };
    work.done = [done = std::move(work.done), leave](InvocationResult result) {
        done(std::move(result));
        leave();
    };
    return work;
}

}  // namespace holdpoint::engine
