#include "engine/answering.hpp"

#include <algorithm>

namespace holdpoint::engine {

namespace {

/// With more all of it is forgotten, which costs a try of each.
constexpr std::size_t kKnownMax = 10000;

}  // namespace

Answering::Answering(std::size_t threads)
    : silent_max_(std::max<std::size_t>(threads / 2, 1)), untried_max_(std::max<std::size_t>(threads, 2) - 1) {}

std::optional<bool> Answering::last(const std::string& subscription) const {
    const auto known = answered_.find(subscription);
    return known == answered_.end() ? std::nullopt : std::optional(known->second);
}

void Answering::add(Held& held, const std::string& subscription, std::size_t threads) const {
    const auto answered = last(subscription);
    if (!answered) held.untried += threads;
    if (answered && !*answered) held.silent += threads;
}

bool Answering::has_room(const Held& held, const std::string& subscription) const {
    const auto answered = last(subscription);
    if (!answered) return held.silent + held.untried < untried_max_;
    return *answered || held.silent < silent_max_;
}

void Answering::note(const std::string& subscription, bool answered) {
    if (answered_.size() >= kKnownMax) answered_.clear();
    answered_[subscription] = answered;
    silent_ =
        static_cast<std::size_t>(std::ranges::count(answered_, false, [](const auto& one) { return one.second; }));
}

}  // namespace holdpoint::engine
