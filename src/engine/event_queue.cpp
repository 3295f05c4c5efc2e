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

struct Queued {
    std::string request_id;
    Event event;
    std::int64_t tries = 0;
};

std::string key_of(TimePoint due, const std::string& request_id) {
    std::string key;
    append_key_number(key, static_cast<std::uint64_t>(to_epoch_ms(due)));
    return key + request_id;
}

RowWrite write_of(TimePoint due, const Queued& queued) {
    json::object object{{"request_id", queued.request_id},
                        {"function", queued.event.function.name},
                        {"qualifier", queued.event.function.qualifier},
                        {"payload", queued.event.payload},
                        {"tries", queued.tries}};
    if (!queued.event.tenant_id.empty()) object["tenant_id"] = queued.event.tenant_id;
    return {Space::events, key_of(due, queued.request_id), json::serialize(object)};
}

Queued read(const Row& row) {
    const json::value value = json::parse(row.value);
    const json::object& object = value.as_object();
    Queued queued;
    queued.request_id = std::string(object.at("request_id").as_string());
    queued.event.function.name = std::string(object.at("function").as_string());
    queued.event.function.qualifier = std::string(object.at("qualifier").as_string());
    queued.event.payload = std::string(object.at("payload").as_string());
    queued.tries = object.at("tries").as_int64();
    if (const json::value* tenant_id = object.if_contains("tenant_id")) {
        queued.event.tenant_id = std::string(tenant_id->as_string());
    }
    return queued;
}

}  // namespace

class EventQueue::Impl : public std::enable_shared_from_this<EventQueue::Impl> {
public:
    Impl(Random& random, Writer& writer, Invoker& invoker, std::string region, std::string account)
        : random_(random),
          writer_(writer),
          invoker_(invoker),
          region_(std::move(region)),
          account_(std::move(account)) {}

    void submit(Event event, std::function<void(std::string)> answer) {
        Queued queued{.request_id = random_.uuid(), .event = std::move(event)};
        writer_.submit([self = shared_from_this(), queued = std::move(queued), answer = std::move(answer)](
                           store::Transaction& rows, TimePoint now) -> AfterCommit {
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
                Queued queued = read(row);
                auto function = functions::resolve(rows, queued.event.function, self->region_, self->account_);
                if (function) {
                    works.push_back(self->make_work(std::move(*function), row.key, std::move(queued)));
                } else {  // deleted since: nobody is left to run it
                    rows.apply({{Space::events, row.key, std::nullopt}});
                    self->under_way_.erase(queued.request_id);
                }
            }
            return [self, works = std::move(works)]() mutable {
                for (Work& work : works) self->invoker_.invoke(std::move(work));
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
        work.done = [self = shared_from_this(), key, queued = std::move(queued)](const InvocationResult& result) {
            self->finish(key, queued, result.error.has_value());
        };
        return work;
    }

    void finish(const std::string& key, Queued queued, bool failed) {
        writer_.submit([self = shared_from_this(), key, queued = std::move(queued), failed](
                           store::Transaction& rows, TimePoint now) mutable -> AfterCommit {
            std::vector<RowWrite> writes = {{Space::events, key, std::nullopt}};
            self->under_way_.erase(queued.request_id);
            if (failed && ++queued.tries < kTriesMax) {
                writes.push_back(write_of(now + std::chrono::minutes(queued.tries), queued));
            }
            rows.apply(writes);
            return {};
        });
    }

    Random& random_;
    Writer& writer_;
    Invoker& invoker_;
    std::string region_;
    std::string account_;
    std::set<std::string> under_way_;  // the writer's thread's own
};

EventQueue::EventQueue(Random& random, Writer& writer, Invoker& invoker, std::string region, std::string account)
    : impl_(std::make_shared<Impl>(random, writer, invoker, std::move(region), std::move(account))) {}
EventQueue::~EventQueue() = default;
void EventQueue::submit(Event event, std::function<void(std::string)> queued) {
    impl_->submit(std::move(event), std::move(queued));
}
void EventQueue::run_due() {
    impl_->run_due();
}

}  // namespace holdpoint::engine
