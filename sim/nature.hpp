// Nature: what every part of a simulated world shares: time, chance, what is planned, and the record of what happened.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace holdpoint::sim {

/// Wall time may jump; monotonic time moves from one planned thing to the next.
class SimClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const override { return wall_start_ + monotonic_; }
    [[nodiscard]] Milliseconds monotonic() const override { return monotonic_; }
    void move_to(Milliseconds instant) { monotonic_ = std::max(monotonic_, instant); }
    void jump(Milliseconds by) { wall_start_ += by; }

private:
    TimePoint wall_start_ = from_epoch_ms(1'800'000'000'000);
    Milliseconds monotonic_{0};
};

/// What happened, line by line; two runs of one seed must end with the same digest.
class Trace {
public:
    Trace(const SimClock& clock, bool print) : clock_(clock), print_(print) {}

    void event(std::string_view line);
    /// The same for something that went wrong on purpose.
    void fault(std::string_view line);
    [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
    [[nodiscard]] std::size_t faults() const { return faults_; }
    /// Changes with every byte that is added, here or by a line.
    void add_to_digest(std::string_view bytes);
    [[nodiscard]] std::uint64_t digest() const { return digest_; }

private:
    const SimClock& clock_;
    bool print_;
    std::vector<std::string> lines_;
    std::size_t faults_ = 0;
    std::uint64_t digest_ = 14695981039346656037ULL;  // FNV-1a
};

/// What is planned, by monotonic time; what is planned for the same instant happens in the order of planning.
class Schedule {
public:
    using Act = std::function<void()>;
    explicit Schedule(SimClock& clock) : clock_(clock) {}

    void after(Milliseconds delay, Act act) {
        acts_.emplace(std::pair(clock_.monotonic() + delay, ++last_), std::move(act));
    }
    [[nodiscard]] std::optional<Milliseconds> next_at() const;
    /// Moves the clock to the next act, and does it.
    void run_next();

private:
    SimClock& clock_;
    std::map<std::pair<Milliseconds, std::uint64_t>, Act> acts_;
    std::uint64_t last_ = 0;
};

/// Every choice of a world, from one seed.
class Chance {
public:
    Chance(std::uint64_t seed, Trace& trace) : random_(seed), trace_(trace) {}

    [[nodiscard]] std::uint64_t below(std::uint64_t end) { return random_.next() % end; }
    [[nodiscard]] bool one_in(std::uint64_t n) { return below(n) == 0; }
    [[nodiscard]] Milliseconds between(Milliseconds least, Milliseconds most);
    /// Whether a fault happens here; none do once the world is healed. Tells the trace.
    [[nodiscard]] bool fault(unsigned per_mille, std::string_view what);
    void heal() { healed_ = true; }
    [[nodiscard]] bool is_healed() const { return healed_; }

private:
    SeededRandom random_;
    Trace& trace_;
    bool healed_ = false;
};

struct Nature {
    Nature(std::uint64_t seed, bool print) : trace(clock, print), schedule(clock), chance(seed, trace) {}
    Nature(const Nature&) = delete;
    Nature& operator=(const Nature&) = delete;

    SimClock clock;
    Trace trace;
    Schedule schedule;
    Chance chance;
};

}  // namespace holdpoint::sim
