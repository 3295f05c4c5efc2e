#include "server/waiting.hpp"

#include "base/log.hpp"
#include "topics/deliveries.hpp"

namespace holdpoint::server {

void Waiting::each_second() {
    if (clock_.monotonic() < count_at_) return;
    const auto count = [&](Space space, std::string_view from = {}, std::string_view to = {}) {
        return store_.count(space, from, to, kWaitingCountedMax);
    };
    const auto [endpoints, endpoints_end] = topics::lane_range(topics::Lane::endpoints);
    const auto [mail, mail_end] = topics::lane_range(topics::Lane::mail);
    try {
        const WaitingCounts counts{.timers = count(Space::timers),
                                   .events = count(Space::events),
                                   .deliveries = count(Space::deliveries, endpoints, endpoints_end),
                                   .mails = count(Space::deliveries, mail, mail_end)};
        const std::lock_guard lock(mutex_);
        counts_ = counts;
    } catch (const std::exception& error) {
        log::write(log::Level::error, "what waits could not be counted", {{"why", error.what()}});
    }
    count_at_ = clock_.monotonic() + kWaitingCountedEach;
}

WaitingCounts Waiting::counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
}

}  // namespace holdpoint::server
