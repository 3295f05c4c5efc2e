#include "sim/nature.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace holdpoint::sim {

void Trace::event(std::string_view line) {
    const auto ms = clock_.monotonic().count();
    std::string text = fmt::format("{:>4}.{:03} {:>5} {}", ms / 1000, ms % 1000, lines_.size() + 1, line);
    if (print_) std::printf("%s\n", text.c_str());
    add_to_digest(text);
    lines_.push_back(std::move(text));
}

void Trace::fault(std::string_view line) {
    ++faults_;
    event(fmt::format("!! {}", line));
}

void Trace::add_to_digest(std::string_view bytes) {
    for (const char byte : bytes) digest_ = (digest_ ^ static_cast<unsigned char>(byte)) * 1099511628211ULL;
}

std::optional<Milliseconds> Schedule::next_at() const {
    if (acts_.empty()) return std::nullopt;
    return acts_.begin()->first.first;
}

void Schedule::run_next() {
    auto next = acts_.extract(acts_.begin());
    clock_.move_to(next.key().first);
    next.mapped()();
}

Milliseconds Chance::between(Milliseconds least, Milliseconds most) {
    return least + Milliseconds(below(static_cast<std::uint64_t>((most - least).count()) + 1));
}

bool Chance::fault(unsigned per_mille, std::string_view what) {
    if (healed_ || below(1000) >= per_mille) return false;
    trace_.fault(what);
    return true;
}

}  // namespace holdpoint::sim
