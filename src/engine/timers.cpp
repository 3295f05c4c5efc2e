#include "engine/timers.hpp"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>

#include "base/ending.hpp"
#include "core/rows.hpp"

namespace holdpoint::engine {

namespace {
constexpr std::chrono::milliseconds kLongestSleep{1000};
constexpr std::size_t kPage = 1000;
constexpr std::chrono::milliseconds kNextPage{10};
/// A row that is still there this long after it fired: its execution found nothing due, because the clock was set back
/// in between.
constexpr std::chrono::milliseconds kFireAgain{5000};
}  // namespace

class Timers::Impl {
public:
    Impl(const Clock& clock, store::Store& store) : clock_(clock), store_(store) {}
    ~Impl() { stop(); }

    void run(std::function<void(std::uint64_t)> fire, std::function<void()> each_second) {
        fire_ = std::move(fire);
        each_second_ = std::move(each_second);
        thread_ = std::thread([this] { do_or_end("timers", [this] { loop(); }); });
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

    void watch(std::optional<TimePoint> due, std::uint64_t number) {
        {
            const std::lock_guard lock(mutex_);
            if (const auto before = due_of_.find(number); before != due_of_.end()) {
                watched_.erase({before->second, number});
                due_of_.erase(before);
            }
            if (!due) return;
            watched_.emplace(*due, number);
            due_of_.emplace(number, *due);
        }
        note(*due);
    }

    Milliseconds sleep() const {
        const std::lock_guard lock(mutex_);
        return until_next();
    }

    void fire_due(const std::function<void(std::uint64_t)>& fire) {
        const TimePoint now = clock_.now();
        std::vector<std::uint64_t> due;
        {
            const std::lock_guard lock(mutex_);
            next_ = now + kLongestSleep;
            while (!watched_.empty() && watched_.begin()->first <= now) {
                due.push_back(watched_.begin()->second);
                fired_late(now - watched_.begin()->first);
                due_of_.erase(watched_.begin()->second);
                watched_.erase(watched_.begin());
            }
            if (!watched_.empty()) next_ = std::min(next_, watched_.begin()->first);
        }
        read_due_rows(now, due);
        meters_.due = due.size();
        for (const std::uint64_t number : due) fire(number);
    }

    const TimerMeters& meters() const { return meters_; }

private:
    void fired_late(Milliseconds by) {
        meters_.lateness.observe(static_cast<std::uint64_t>(std::max<long>(0, by.count())));
    }

    /// Called with the lock held.
    Milliseconds until_next() const {
        return std::clamp(next_ - clock_.now(), Milliseconds{0}, Milliseconds{kLongestSleep});
    }

    void loop() {
        while (true) {
            {
                std::unique_lock lock(mutex_);
                const TimePoint planned = next_;
                wake_.wait_for(lock, until_next(), [&] { return stopping_ || next_ < planned; });
                if (stopping_) return;
            }
            fire_due(fire_);
            if (clock_.monotonic() - last_second_ >= std::chrono::seconds(1)) {
                last_second_ = clock_.monotonic();
                each_second_();
            }
        }
    }

    /// A row stays until its execution's command has run, so the same row may be read again: firing twice is harmless.
    void read_due_rows(TimePoint now, std::vector<std::uint64_t>& due) {
        const std::string end = core::timer_key(now + Milliseconds{1}, 0);
        const auto snapshot = store_.snapshot();
        const auto rows = snapshot->scan(Space::timers, {}, end, kPage);
        std::map<std::string, Milliseconds> still_there;
        for (const Row& row : rows) {
            const auto timer = core::read_timer_key(row.key);
            if (!timer) continue;
            const auto fired = fired_.find(row.key);
            if (fired == fired_.end()) fired_late(now - timer->first);
            const bool again = fired == fired_.end() || clock_.monotonic() - fired->second >= kFireAgain;
            still_there.emplace(row.key, again ? clock_.monotonic() : fired->second);
            if (again) due.push_back(timer->second);
        }
        fired_ = std::move(still_there);
        if (rows.size() == kPage) return note(now + kNextPage);  // more may be due behind this page
        const auto later = snapshot->scan(Space::timers, end, {}, 1);
        const auto next = later.empty() ? std::nullopt : core::read_timer_key(later.front().key);
        if (!next) return;
        const std::lock_guard lock(mutex_);
        next_ = std::min(next_, next->first);
    }

    const Clock& clock_;
    store::Store& store_;
    TimerMeters meters_;
    std::function<void(std::uint64_t)> fire_;
    std::function<void()> each_second_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    TimePoint next_ = from_epoch_ms(0);
    std::set<std::pair<TimePoint, std::uint64_t>> watched_;
    std::unordered_map<std::uint64_t, TimePoint> due_of_;  // of what is watched: there is one for each execution
    std::map<std::string, Milliseconds> fired_;  // rows that were fired and are still there, and when (monotonic)
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
void Timers::watch(std::optional<TimePoint> due, std::uint64_t number) {
    impl_->watch(due, number);
}
const TimerMeters& Timers::meters() const {
    return impl_->meters();
}
Milliseconds Timers::sleep() const {
    return impl_->sleep();
}
void Timers::fire_due(const std::function<void(std::uint64_t)>& fire) {
    impl_->fire_due(fire);
}

}  // namespace holdpoint::engine
