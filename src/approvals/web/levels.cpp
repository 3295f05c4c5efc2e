#include "approvals/web/levels.hpp"

#include <iterator>

namespace holdpoint::approvals {

namespace {

constexpr std::chrono::seconds kKept{30};
constexpr std::chrono::hours kWindow{30 * 24};
constexpr std::size_t kPendingMax = 10'000;
constexpr std::size_t kEndedMax = 5'000;

}  // namespace

Result<Levels::Found> Levels::current() {
    if (found_ && clock_.monotonic() - read_at_ < kKept) return *found_;
    auto found = read();
    if (!found) return found;
    found_ = *found;
    read_at_ = clock_.monotonic();
    return found;
}

Result<Levels::Found> Levels::read() {
    const TimePoint now = clock_.now();
    std::vector<RequestTiming> timings;
    Found found;
    for (const ApprovalStatus status :
         {ApprovalStatus::pending, ApprovalStatus::approved, ApprovalStatus::rejected, ApprovalStatus::timeout}) {
        const bool is_pending = status == ApprovalStatus::pending;
        auto page = repository_.timings({.status = status,
                                         .since = is_pending ? TimePoint{} : now - kWindow,
                                         .max = is_pending ? kPendingMax : kEndedMax,
                                         .oldest_first = is_pending});
        if (!page) return std::unexpected(page.error());
        found.is_complete = found.is_complete && page->is_complete;
        std::ranges::move(page->timings, std::back_inserter(timings));
    }
    found.groups = service_levels(timings, now);
    return found;
}

}  // namespace holdpoint::approvals
