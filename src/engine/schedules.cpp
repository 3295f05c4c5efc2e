#include "engine/schedules.hpp"

#include "functions/schedules.hpp"

namespace holdpoint::engine {

void Schedules::run_due() {
    writer_.submit([this](store::Transaction& rows, TimePoint now) -> AfterCommit {
        const auto taken = functions::take_due(rows, now);
        if (!taken.writes.empty()) rows.apply(taken.writes);
        for (const functions::Schedule& schedule : taken.due) {
            const std::string id = random_.uuid();
            Event work;
            work.function.name = schedule.function;
            work.function.qualifier = schedule.qualifier;
            work.payload = schedule.input.empty() ? functions::scheduled_event(schedule, id, now, region_, account_)
                                                  : schedule.input;
            rows.apply({EventQueue::queued(std::move(work), id, now)});
        }
        if (taken.due.empty()) return {};
        return [this] { events_.run_due(); };
    });
}

}  // namespace holdpoint::engine
