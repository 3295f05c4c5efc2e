#include "engine/event_queue.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <set>

#include "functions/registry.hpp"

namespace holdpoint::engine {

namespace json = boost::json;

namespace {

constexpr std::int64_t kTriesMax = 3;
constexpr std::size_t kPage = 256;

struct Event {
    std::string request_id;
    functions::Reference function;
    std::string payload;
    std::int64_t tries = 0;
};

std::string key_of(TimePoint due, const std::string& request_id) {
    std::string key;
    append_key_number(key, static_cast<std::uint64_t>(to_epoch_ms(due)));
    return key + request_id;
}

RowWrite write_of(TimePoint due, const Event& event) {
    return {Space::events, key_of(due, event.request_id),
            json::serialize(json::object{{"request_id", event.request_id},
                                         {"function", event.function.name},
                                         {"qualifier", event.function.qualifier},
                                         {"payload", event.payload},
                                         {"tries", event.tries}})};
}

Event read(const Row& row) {
    const json::value value = json::parse(row.value);
    const json::object& object = value.as_object();
    Event event;
    event.request_id = std::string(object.at("request_id").as_string());
    event.function.name = std::string(object.at("function").as_string());
    event.function.qualifier = std::string(object.at("qualifier").as_string());
    event.payload = std::string(object.at("payload").as_string());
    event.tries = object.at("tries").as_int64();
    return event;
}

}  // namespace

class EventQueue::Impl : public std::enable_shared_from_this<EventQueue::Impl> {
public:
    Impl(Random& random, Writer& writer, Workforce& workforce, std::string region, std::string account)
        : random_(random),
          writer_(writer),
          workforce_(workforce),
          region_(std::move(region)),
          account_(std::move(account)) {}

    void submit(functions::Reference function, std::string payload, std::function<void(std::string)> queued) {
        Event event{.request_id = random_.uuid(), .function = std::move(function), .payload = std::move(payload)};
        writer_.submit([self = shared_from_this(), event = std::move(event), queued = std::move(queued)](
                           store::Transaction& rows, TimePoint now) -> AfterCommit {
            rows.apply({write_of(now, event)});
            return [self, queued, id = event.request_id] {
                queued(id);
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
                Event event = read(row);
                auto function = functions::resolve(rows, event.function, self->region_, self->account_);
                if (function) {
                    works.push_back(self->make_work(std::move(*function), row.key, std::move(event)));
                } else {  // deleted since: nobody is left to run it
                    rows.apply({{Space::events, row.key, std::nullopt}});
                    self->under_way_.erase(event.request_id);
                }
            }
            return [self, works = std::move(works)]() mutable {
                for (Work& work : works) self->workforce_.invoke(std::move(work));
            };
        });
    }

private:
    Work make_work(functions::Function function, const std::string& key, Event event) {
        Work work;
        work.invoked_arn = functions::function_arn(region_, account_, function.name, event.function.qualifier);
        work.function = std::move(function);
        work.begin = [payload = event.payload](const std::string&, const auto& proceed) { proceed(payload); };
        work.done = [self = shared_from_this(), key, event = std::move(event)](const InvocationResult& result) {
            self->finish(key, event, result.error.has_value());
        };
        return work;
    }

    void finish(const std::string& key, Event event, bool failed) {
        writer_.submit([self = shared_from_this(), key, event = std::move(event), failed](
                           store::Transaction& rows, TimePoint now) mutable -> AfterCommit {
            std::vector<RowWrite> writes = {{Space::events, key, std::nullopt}};
            self->under_way_.erase(event.request_id);
            if (failed && ++event.tries < kTriesMax) {
                writes.push_back(write_of(now + std::chrono::minutes(event.tries), event));
            }
            rows.apply(writes);
            return {};
        });
    }

    Random& random_;
    Writer& writer_;
    Workforce& workforce_;
    std::string region_;
    std::string account_;
    std::set<std::string> under_way_;  // the writer's thread's own
};

EventQueue::EventQueue(Random& random, Writer& writer, Workforce& workforce, std::string region, std::string account)
    : impl_(std::make_shared<Impl>(random, writer, workforce, std::move(region), std::move(account))) {}
EventQueue::~EventQueue() = default;
void EventQueue::submit(functions::Reference function, std::string payload, std::function<void(std::string)> queued) {
    impl_->submit(std::move(function), std::move(payload), std::move(queued));
}
void EventQueue::run_due() {
    impl_->run_due();
}

}  // namespace holdpoint::engine
