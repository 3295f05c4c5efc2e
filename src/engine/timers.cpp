#include "engine/timers.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "core/rows.hpp"

namespace holdpoint::engine {

namespace {
constexpr std::chrono::milliseconds kLongestSleep{1000};
constexpr std::size_t kPage = 1000;
constexpr std::chrono::milliseconds kNextPage{10};
}  // namespace

class Timers::Impl {
public:
    Impl(const Clock& clock, store::Store& store) : clock_(clock), store_(store) {}
    ~Impl() { stop(); }

    void run(std::function<void(std::uint64_t)> fire, std::function<void()> each_second) {
        fire_ = std::move(fire);
        each_second_ = std::move(each_second);
        thread_ = std::thread([this] { loop(); });
    }

    void stop() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_one();
        if (thread_.joinable()) thread_.join();
    }

    void note(TimePoint due) {
        {
            const std::lock_guard lock(mutex_);
            if (due >= next_) return;
            next_ = due;
        }
        wake_.notify_one();
    }

    void watch(TimePoint due, std::uint64_t number) {
        {
            const std::lock_guard lock(mutex_);
            watched_.emplace(due, number);
        }
        note(due);
    }

private:
    void loop() {
        while (true) {
            {
                std::unique_lock lock(mutex_);
                const auto sleep = std::clamp(next_ - clock_.now(), Milliseconds{0}, Milliseconds{kLongestSleep});
                const TimePoint planned = next_;
                wake_.wait_for(lock, sleep, [&] { return stopping_ || next_ < planned; });
                if (stopping_) return;
                next_ = clock_.now() + kLongestSleep;
            }
            fire_due();
            if (clock_.monotonic() - last_second_ >= std::chrono::seconds(1)) {
                last_second_ = clock_.monotonic();
                each_second_();
            }
        }
    }

    void fire_due() {
        const TimePoint now = clock_.now();
        std::vector<std::uint64_t> due;
        {
            const std::lock_guard lock(mutex_);
            while (!watched_.empty() && watched_.begin()->first <= now) {
                due.push_back(watched_.begin()->second);
                watched_.erase(watched_.begin());
            }
            if (!watched_.empty()) next_ = std::min(next_, watched_.begin()->first);
        }
        // A row stays until its execution's command has run, so the same row may be read again: firing twice is
        // harmless.
        const auto rows = store_.snapshot()->scan(Space::timers, {}, {}, kPage);
        for (const Row& row : rows) {
            const auto timer = core::read_timer_key(row.key);
            if (!timer) continue;
            if (timer->first > now) {
                const std::lock_guard lock(mutex_);
                next_ = std::min(next_, timer->first);
                break;
            }
            if (fired_.insert(row.key).second) due.push_back(timer->second);
        }
        std::set<std::string> still_there;
        for (const Row& row : rows) {
            if (fired_.contains(row.key)) still_there.insert(row.key);
        }
        fired_ = std::move(still_there);
        if (rows.size() == kPage) note(now + kNextPage);  // more may be due behind this page
        for (const std::uint64_t number : due) fire_(number);
    }

    const Clock& clock_;
    store::Store& store_;
    std::function<void(std::uint64_t)> fire_;
    std::function<void()> each_second_;
    std::mutex mutex_;
    std::condition_variable wake_;
    TimePoint next_ = from_epoch_ms(0);
    std::set<std::pair<TimePoint, std::uint64_t>> watched_;
    std::set<std::string> fired_;  // rows that were fired and are still there
    Milliseconds last_second_{0};
    bool stopping_ = false;
    std::thread thread_;
};

Timers::Timers(const Clock& clock, store::Store& store) : impl_(std::make_unique<Impl>(clock, store)) {}
Timers::~Timers() = default;
void Timers::run(std::function<void(std::uint64_t)> fire, std::function<void()> each_second) {
    impl_->run(std::move(fire), std::move(each_second));
}
void Timers::stop() {
    impl_->stop();
}
void Timers::note(TimePoint due) {
    impl_->note(due);
}
void Timers::watch(TimePoint due, std::uint64_t number) {
    impl_->watch(due, number);
}

}  // namespace holdpoint::engine
