#include "engine/event_queue.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <set>

#include "base/log.hpp"
#include "engine/event_outcome.hpp"
#include "functions/event_invoke_config.hpp"
#include "functions/registry.hpp"

namespace holdpoint::engine {

namespace json = boost::json;

namespace {

constexpr std::size_t kPage = 256;

struct Queued {
    std::string request_id;
    Event event;
    std::int64_t tries = 0;
    std::optional<TimePoint> submitted_at = {};  // nothing: by an earlier version of this program
};

std::string key_of(TimePoint due, const std::string& request_id) {
    std::string key;
    append_key_number(key, static_cast<std::uint64_t>(to_epoch_ms(due)));
    return key + request_id;
}

RowWrite write_of(TimePoint due, const Queued& queued) {
    const Event& event = queued.event;
    json::object object{{"request_id", queued.request_id},
                        {"function", event.function.name},
                        {"qualifier", event.function.qualifier},
                        {"payload", event.payload},
                        {"tries", queued.tries}};
    if (!event.tenant_id.empty()) object["tenant_id"] = event.tenant_id;
    if (queued.submitted_at) object["submitted_at"] = to_epoch_ms(*queued.submitted_at);
    return {Space::events, key_of(due, queued.request_id), json::serialize(object)};
}

/// Throws what boost::json does of a row that is none of write_of's.
Queued read(const Row& row) {
    const json::value value = json::parse(row.value);
    const json::object& object = value.as_object();
    Queued queued;
    queued.request_id = std::string(object.at("request_id").as_string());
    queued.event.function.name = std::string(object.at("function").as_string());
    queued.event.function.qualifier = std::string(object.at("qualifier").as_string());
    queued.event.payload = std::string(object.at("payload").as_string());
    queued.tries = object.at("tries").as_int64();
    if (const json::value* tenant = object.if_contains("tenant_id")) {
        queued.event.tenant_id = std::string(tenant->as_string());
    }
    if (const json::value* at = object.if_contains("submitted_at")) queued.submitted_at = from_epoch_ms(at->as_int64());
    return queued;
}

/// Nothing of one that is damaged. It is not worth the server: it would be met again at each start.
std::optional<Queued> try_read(const Row& row) {
    try {
        return read(row);
    } catch (const std::exception& problem) {
        log::write(log::Level::error, "an event cannot be read and is dropped", {{"why", problem.what()}});
        return std::nullopt;
    }
}

}  // namespace

class EventQueue::Impl : public std::enable_shared_from_this<EventQueue::Impl> {
public:
    Impl(Random& random, Writer& writer, Workforce& workforce, FunctionLog log, MaySend may_send, std::string region,
         std::string account)
        : random_(random),
          writer_(writer),
          workforce_(workforce),
          log_(std::move(log)),
          may_send_(std::move(may_send)),
          region_(std::move(region)),
          account_(std::move(account)) {}

    void submit(Event event, std::function<void(std::string)> answer) {
        Queued queued{.request_id = random_.uuid(), .event = std::move(event)};
        writer_.submit([self = shared_from_this(), queued = std::move(queued), answer = std::move(answer)](
                           store::Transaction& rows, TimePoint now) mutable -> AfterCommit {
            queued.submitted_at = now;
            rows.apply({write_of(now, queued)});
            return [self, answer, id = queued.request_id] {
                answer(id);
                self->run_due();
            };
        });
    }

    void run_due() {
        writer_.submit([self = shared_from_this()](store::Transaction& rows, TimePoint now) -> AfterCommit {
            std::vector<Work> works;
            for (const Row& row : rows.scan(Space::events, {}, key_of(now, "~"), kPage)) {
                // Before it is read: this runs each second and with each event, and payloads may be large.
                if (!self->under_way_.insert(row.key.substr(sizeof(std::uint64_t))).second) continue;
                auto queued = try_read(row);
                auto function = queued ? functions::choose(rows, queued->event.function, self->region_, self->account_,
                                                           self->random_.unit())
                                       : fail("Damaged", 500, "");
                if (function && !is_too_old(rows, *queued, now)) {
                    works.push_back(self->make_work(std::move(*function), row.key, std::move(*queued)));
                    continue;
                }
                // Damaged, too old, or its function was deleted since and nobody is left to run it.
                rows.apply({{Space::events, row.key, std::nullopt}});
                self->under_way_.erase(row.key.substr(sizeof(std::uint64_t)));
                if (function) self->end(rows, *queued, *function, EventCondition::event_age_exceeded, {}, now);
            }
            return [self, works = std::move(works)]() mutable {
                for (Work& work : works) self->workforce_.invoke(std::move(work));
            };
        });
    }

private:
    Work make_work(functions::Function function, const std::string& key, Queued queued) {
        Work work;
        work.invoked_arn = functions::function_arn(region_, account_, function.name, queued.event.function.qualifier);
        work.function = std::move(function);
        work.tenant_id = queued.event.tenant_id;
        work.begin = [payload = queued.event.payload](const std::string&, const auto& proceed) { proceed(payload); };
        work.done = [self = shared_from_this(), key, queued = std::move(queued), invoked = work.function](
                        const InvocationResult& result) { self->finish(key, queued, invoked, result); };
        return work;
    }

    static bool is_too_old(const RowReader& rows, const Queued& queued, TimePoint at) {
        const auto config = functions::event_invoke_config(rows, queued.event.function);
        const std::chrono::seconds age(config.age_seconds.value_or(functions::kEventAgeDefault));
        return queued.submitted_at && at - *queued.submitted_at > age;
    }

    void finish(const std::string& key, Queued queued, functions::Function invoked, InvocationResult result) {
        writer_.submit([self = shared_from_this(), key, queued = std::move(queued), invoked = std::move(invoked),
                        result = std::move(result)](store::Transaction& rows, TimePoint now) mutable -> AfterCommit {
            rows.apply({{Space::events, key, std::nullopt}});
            self->under_way_.erase(queued.request_id);
            ++queued.tries;
            const auto config = functions::event_invoke_config(rows, queued.event.function);
            const TimePoint again = now + std::chrono::minutes(queued.tries);
            if (!result.error) {
                self->end(rows, queued, invoked, EventCondition::success, std::move(result), now);
            } else if (queued.tries > config.retries.value_or(functions::kRetriesDefault)) {
                self->end(rows, queued, invoked, EventCondition::retries_exhausted, std::move(result), now);
            } else if (is_too_old(rows, queued, again)) {
                self->end(rows, queued, invoked, EventCondition::event_age_exceeded, std::move(result), now);
            } else {
                rows.apply({write_of(again, queued)});
            }
            return {};
        });
    }

    /// The event is over: its outcome goes where it was configured to, in the same transaction.
    void end(store::Transaction& rows, const Queued& queued, const functions::Function& invoked,
             EventCondition condition, InvocationResult result, TimePoint now) {
        const bool succeeded = condition == EventCondition::success;
        const auto config = functions::event_invoke_config(rows, queued.event.function);
        const std::string& destination = succeeded ? config.on_success : config.on_failure;
        const std::string dead_letters = succeeded ? std::string() : invoked.dead_letter_arn;
        if (destination.empty() && dead_letters.empty()) return;
        const std::string qualifier =
            queued.event.function.qualifier.empty() ? std::string(functions::kLatest) : queued.event.function.qualifier;
        const EventOutcome outcome{
            .request_id = queued.request_id,
            .function_arn = functions::function_arn(region_, account_, queued.event.function.name, qualifier),
            .version = invoked.version,
            .payload = queued.event.payload,
            .tries = queued.tries,
            .condition = condition,
            .result = std::move(result),
            .at = now};
        if (!destination.empty()) apply(rows, invoked, send(rows, invoked, destination, outcome));
        if (!dead_letters.empty()) {
            const auto may = may_send_(rows, invoked, dead_letters);
            apply(rows, invoked,
                  may ? publish_dead_letter(rows, dead_letters, outcome, random_.bytes(32))
                      : std::unexpected(may.error()));
        }
    }

    Result<std::vector<RowWrite>> send(const RowReader& rows, const functions::Function& invoked,
                                       const std::string& destination, const EventOutcome& outcome) {
        if (auto may = may_send_(rows, invoked, destination); !may) return std::unexpected(may.error());
        if (destination.starts_with("arn:aws:sns:")) {
            return publish_record(rows, destination, outcome, random_.bytes(32));
        }
        auto function = functions::read_reference(destination);
        if (!function) return std::unexpected(function.error());
        const Queued queued{.request_id = random_.uuid(),
                            .event = {.function = std::move(*function), .payload = destination_record(outcome)},
                            .tries = 0,
                            .submitted_at = outcome.at};
        return std::vector<RowWrite>{write_of(outcome.at, queued)};
    }

    /// What cannot be sent is lost, as on AWS; the function's log says why.
    void apply(store::Transaction& rows, const functions::Function& function,
               const Result<std::vector<RowWrite>>& writes) {
        if (writes) return rows.apply(*writes);
        log_(function, "ERROR The outcome of an asynchronous invocation could not be sent to its destination: " +
                           writes.error().message);
    }

    Random& random_;
    Writer& writer_;
    Workforce& workforce_;
    FunctionLog log_;
    MaySend may_send_;
    std::string region_;
    std::string account_;
    std::set<std::string> under_way_;  // the writer's thread's own
};

EventQueue::EventQueue(Random& random, Writer& writer, Workforce& workforce, FunctionLog log, MaySend may_send,
                       std::string region, std::string account)
    : impl_(std::make_shared<Impl>(random, writer, workforce, std::move(log), std::move(may_send), std::move(region),
                                   std::move(account))) {}
EventQueue::~EventQueue() = default;
RowWrite EventQueue::queued(Event event, std::string request_id, TimePoint at) {
    return write_of(at,
                    {.request_id = std::move(request_id), .event = std::move(event), .tries = 0, .submitted_at = at});
}
void EventQueue::submit(Event event, std::function<void(std::string)> queued) {
    impl_->submit(std::move(event), std::move(queued));
}
void EventQueue::run_due() {
    impl_->run_due();
}

}  // namespace holdpoint::engine
