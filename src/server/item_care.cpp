#include "server/item_care.hpp"

#include "core/rows.hpp"
#include "tables/jobs.hpp"
#include "tables/operations.hpp"
#include "topics/deliveries.hpp"

namespace holdpoint::server {

namespace {

constexpr std::size_t kExpiredAtOnce = 500;

}  // namespace

void ItemCare::each_second() {
    if (!under_way_.exchange(true)) submit();
}

void ItemCare::submit() {
    writer_.submit([this](store::Transaction& rows, TimePoint now) -> engine::AfterCommit {
        const auto items = tables::expired(rows, now, kExpiredAtOnce);
        rows.apply(items);
        const auto letters = topics::forgotten_dead_letters(rows, now, kExpiredAtOnce);
        rows.apply(letters);
        const auto jobs = tables::continue_jobs(rows);
        rows.apply(jobs);
        const auto journals = core::continue_erasing(rows);
        rows.apply(journals);
        if (items.size() < kExpiredAtOnce && letters.size() < kExpiredAtOnce && jobs.empty() && journals.empty())
            return [this] { under_way_ = false; };
        return [this] { submit(); };
    });
}

}  // namespace holdpoint::server
