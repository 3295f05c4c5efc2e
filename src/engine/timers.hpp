// Timers: wakes executions when something of theirs is due. What rests is found in the store; what is in flight is
// kept in memory. Deadlines are wall time; waiting is monotonic and looks again at least every second.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "base/meters.hpp"
#include "store/store.hpp"

namespace holdpoint::engine {

struct TimerMeters {
    Histogram lateness{kLatenessBounds};  // milliseconds between a deadline and its firing
    std::atomic<std::size_t> due{0};      // found due at the last look; at most one page
};

class Timers {
public:
    Timers(const Clock& clock, store::Store& store);
    ~Timers();
    Timers(const Timers&) = delete;
    Timers& operator=(const Timers&) = delete;

    /// Starts the thread; `fire` is called with each execution that is due, and must not block. `each_second` runs
    /// about once a second, for what else is kept by time.
    void run(std::function<void(std::uint64_t number)> fire, std::function<void()> each_second);
    void stop();

    /// A row with this due time was committed: sleep no longer than until then.
    void note(TimePoint due);
    /// An execution in flight has something due then, and not when was said before; nothing: it is in flight no more.
    /// Forgotten once it fired.
    void watch(std::optional<TimePoint> due, std::uint64_t number);

    [[nodiscard]] const TimerMeters& meters() const;

    // Without run(), for whoever has no threads (the simulation):

    /// How long the thread would sleep now.
    [[nodiscard]] Milliseconds sleep() const;
    /// Calls `fire` with what is due, as the thread does after each sleep.
    void fire_due(const std::function<void(std::uint64_t number)>& fire);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdpoint::engine
