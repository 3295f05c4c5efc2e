#include "engine/event_queue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "engine/event_outcome.hpp"
#include "engine/event_rows.hpp"
#include "functions/event_invoke_config.hpp"
#include "functions/registry.hpp"

namespace holdpoint::engine {

namespace {

/// Payloads have up to a megabyte, so pages are short.
constexpr std::size_t kPage = 16;
/// What one command of the writer's reads at most; the next one goes on.
constexpr std::size_t kRowsAtOnce = 256;
constexpr std::size_t kBytesAtOnce = 8U << 20U;
/// Handed to the workforce of one function (and qualifier): twice as many as it may have processes. The others wait in
/// their rows.
constexpr std::size_t kUnderWayMax = 128;
/// The longest pause between two tries. What lies further ahead was written while the clock was wrong.
constexpr std::chrono::minutes kPauseMax{3};
constexpr std::chrono::seconds kTick{1};
/// Others queue events too: a step of the clock that was not noticed here leaves theirs behind by less than this,
/// and all that came since the last tick is looked at again.
constexpr Milliseconds kLookBack{100};

/// The smallest key after this one.
std::string after(const std::string& key) {
    return key + '\0';
}

/// Given to the workforce. Its payload stays in its row until it begins, and so does what is given up before: no row,
/// no work.
struct UnderWay {
    std::string key;
    functions::Reference function;
    std::optional<TimePoint> submitted_at = {};
    bool began = false;
    bool is_over = false;  // its row is gone; the workforce does not know yet
};

/// Where the rows of one function begin that wait in the store for room.
struct Waiting {
    std::string from;
    functions::Reference function;
    std::optional<TimePoint> submitted_at = {};
    bool is_known = true;  // false: the next one is at `from` or later
};

std::string line_of(const functions::Reference& function) {
    return function.name + ":" + function.qualifier;
}

/// What one command may still read, and what it found.
struct Look {
    store::Transaction& rows;
    TimePoint now;
    std::vector<Work> works = {};
    std::size_t rows_left = kRowsAtOnce;
    std::size_t bytes_left = kBytesAtOnce;

    [[nodiscard]] bool is_over() const { return rows_left == 0 || bytes_left == 0; }
    std::vector<Row> page(const std::string& from, const std::string& to) {
        auto found = rows.scan(Space::events, from, to, std::min(kPage, rows_left));
        for (const Row& row : found) {
            --rows_left;
            bytes_left -= std::min(bytes_left, row.value.size());
        }
        return found;
    }
};

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
            self->notice_clock(now);
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
            Look look{.rows = rows, .now = now};
            self->notice_clock(now);
            const bool is_tick = !self->ticked_at_ || now - *self->ticked_at_ >= kTick;
            if (is_tick) self->tick(look);
            bool more = self->find_new(look);
            Look second{.rows = rows, .now = now, .works = std::move(look.works)};
            if (const auto line = self->next_with_room(rows, now, is_tick)) self->find_waiting(second, *line);
            more = more || self->next_with_room(rows, now, false);
            return [self, more, works = std::move(second.works)]() mutable {
                self->invoke(std::move(works));
                if (more) self->run_due();
            };
        });
    }

private:
    void invoke(std::vector<Work> works) {
        for (Work& work : works) workforce_.invoke(std::move(work));
    }

    /// Set back: what is written now lies before what was seen.
    void notice_clock(TimePoint now) {
        if (looked_at_ && now < *looked_at_) {
            seen_ = std::min(seen_, event_key(now, {}));
            ticked_at_.reset();
        }
        looked_at_ = now;
    }

    /// What is not looked at with each event.
    void tick(Look& look) {
        seen_ = std::min(seen_, event_key(ticked_at_.value_or(look.now) - kLookBack, {}));
        ticked_at_ = look.now;
        take_back(look);
        give_up_old(look);
    }

    /// Written while the clock was ahead: due now.
    void take_back(Look& look) {
        const std::string ahead = event_key(look.now + kPauseMax + Milliseconds{1}, {});
        for (auto page = look.page(ahead, {}); !page.empty(); page = look.page(ahead, {})) {
            for (const Row& row : page) make_due(look, row);
        }
    }

    void make_due(Look& look, const Row& row) {
        look.rows.apply({{Space::events, row.key, std::nullopt}});
        auto queued = try_read(row);
        if (!queued) return;
        if (queued->submitted_at) queued->submitted_at = std::min(*queued->submitted_at, look.now);
        RowWrite write = write_of(look.now, *queued);
        if (const auto found = under_way_.find(id_of_event(row.key)); found != under_way_.end()) {
            found->second.key = write.key;
            found->second.submitted_at = queued->submitted_at;
        }
        look.rows.apply({std::move(write)});
    }

    /// What waits at the workforce's and is too old, or whose function is gone.
    void give_up_old(Look& look) {
        std::map<std::string, std::optional<std::chrono::seconds>> ages;  // by function; nothing: it is gone
        std::size_t left = kPage;
        for (auto& [id, one] : under_way_) {
            if (one.began || one.is_over) continue;
            const auto [age, is_new] = ages.try_emplace(line_of(one.function));
            if (is_new && functions::resolve(look.rows, one.function, region_, account_)) {
                age->second = age_of(look.rows, one.function);
            }
            if (age->second && (!one.submitted_at || look.now - *one.submitted_at <= *age->second)) continue;
            if (left-- == 0) return;
            give_up(look.rows, one.key, look.now);
            one.is_over = true;
        }
    }

    /// Its function is gone and nobody is left to run it, or it is too old.
    void give_up(store::Transaction& rows, const std::string& key, TimePoint now) {
        const auto value = rows.get(Space::events, key);
        if (!value) return;
        rows.apply({{Space::events, key, std::nullopt}});
        const auto queued = try_read({.key = key, .value = *value});
        if (!queued) return;
        const auto function = functions::choose(rows, queued->event.function, region_, account_, random_.unit());
        if (function) end(rows, *queued, *function, EventCondition::event_age_exceeded, {}, now);
    }

    /// Goes on where the last look ended. True: there is more.
    bool find_new(Look& look) {
        const std::string end = event_key(look.now, "~");
        std::string from = seen_;
        bool is_all = false;
        while (!is_all && !look.is_over()) {
            const std::size_t wanted = std::min(kPage, look.rows_left);
            const auto page = look.page(from, end);
            for (const Row& row : page) meet(look, row);
            is_all = page.size() < wanted;
            from = is_all ? end : after(page.back().key);
        }
        // What comes in this millisecond may lie before what came in it: once all is seen, it is looked at again.
        const std::string now = event_key(look.now, {});
        if (from > now) again_from_ = again_from_.empty() ? now : std::min(again_from_, now);
        seen_ = is_all ? std::exchange(again_from_, {}) : from;
        return !is_all;
    }

    void meet(Look& look, const Row& row) {
        if (under_way_.contains(id_of_event(row.key))) return;
        auto queued = try_read(row);
        if (!queued) return look.rows.apply({{Space::events, row.key, std::nullopt}});
        const std::string line = line_of(queued->event.function);
        const auto waiting = waiting_.find(line);
        if (waiting == waiting_.end() && !is_full(line)) return take(look, row.key, *queued);
        if (waiting == waiting_.end() || row.key < waiting->second.from) wait_from(row.key, *queued);
    }

    void wait_from(const std::string& key, const Queued& queued) {
        waiting_[line_of(queued.event.function)] = {
            .from = key, .function = queued.event.function, .submitted_at = queued.submitted_at};
    }

    [[nodiscard]] std::size_t count_in(const std::string& line) const {
        const auto found = in_line_.find(line);
        return found == in_line_.end() ? 0 : found->second;
    }
    [[nodiscard]] bool is_full(const std::string& line) const { return count_in(line) >= kUnderWayMax; }

    /// After the one that was served last. Old ones need no room.
    [[nodiscard]] std::optional<std::string> next_with_room(const RowReader& rows, TimePoint now, bool old_too) const {
        auto at = waiting_.upper_bound(served_);
        for (std::size_t i = 0; i < waiting_.size(); ++i, ++at) {
            if (at == waiting_.end()) at = waiting_.begin();
            const auto& [line, one] = *at;
            if (!one.is_known || count_in(line) <= kUnderWayMax / 2) return line;
            if (old_too && is_too_old(rows, one.function, one.submitted_at, now)) return line;
        }
        return std::nullopt;
    }

    /// Fills the line up with its rows that were passed by.
    void find_waiting(Look& look, const std::string& line) {
        served_ = line;
        Waiting waiting = std::move(waiting_.extract(line).mapped());
        const std::string end = event_key(look.now, "~");
        while (!look.is_over()) {
            const std::size_t wanted = std::min(kPage, look.rows_left);
            const auto page = look.page(waiting.from, end);
            for (const Row& row : page) {
                if (under_way_.contains(id_of_event(row.key))) continue;
                const auto queued = try_read(row);
                if (!queued || line_of(queued->event.function) != line) continue;
                const bool is_old = is_too_old(look.rows, queued->event.function, queued->submitted_at, look.now);
                if (is_full(line) && !is_old) return wait_from(row.key, *queued);
                take(look, row.key, *queued);
            }
            if (page.size() < wanted) return;
            waiting.from = after(page.back().key);
        }
        waiting.is_known = false;
        waiting_[line] = std::move(waiting);
    }

    void take(Look& look, const std::string& key, const Queued& queued) {
        const functions::Reference& reference = queued.event.function;
        auto function = functions::choose(look.rows, reference, region_, account_, random_.unit());
        if (!function || is_too_old(look.rows, reference, queued.submitted_at, look.now)) {
            return give_up(look.rows, key, look.now);
        }
        under_way_[id_of_event(key)] = {.key = key, .function = reference, .submitted_at = queued.submitted_at};
        ++in_line_[line_of(reference)];
        look.works.push_back(make_work(std::move(*function), id_of_event(key), queued.event));
    }

    Work make_work(functions::Function function, const std::string& id, const Event& event) {
        Work work;
        work.invoked_arn = functions::function_arn(region_, account_, function.name, event.function.qualifier);
        work.function = std::move(function);
        work.tenant_id = event.tenant_id;
        // Each try has the id that its sender was told. (Lambda developer guide, "How Lambda handles errors and retries
        // with asynchronous invocation")
        work.request_id = id;
        work.begin = [self = shared_from_this(), id](const std::string&, auto proceed) {
            self->begin(id, std::move(proceed));
        };
        work.done = [self = shared_from_this(), id, invoked = work.function](InvocationResult result) {
            self->finish(id, invoked, std::move(result));
        };
        return work;
    }

    void begin(const std::string& id, std::function<void(std::optional<std::string>)> proceed) {
        writer_.submit([self = shared_from_this(), id, proceed = std::move(proceed)](
                           store::Transaction& rows, TimePoint now) mutable -> AfterCommit {
            self->notice_clock(now);
            auto payload = self->begin_with(rows, id, now);
            return [self, proceed = std::move(proceed), payload = std::move(payload)]() mutable {
                const bool has_room = !payload;
                proceed(std::move(payload));
                if (has_room) self->run_due();
            };
        });
    }

    /// Its payload; nothing when it was given up.
    std::optional<std::string> begin_with(store::Transaction& rows, const std::string& id, TimePoint now) {
        const auto found = under_way_.find(id);
        if (found == under_way_.end()) return std::nullopt;
        UnderWay& one = found->second;
        const bool is_wanted = one.began || (functions::resolve(rows, one.function, region_, account_) &&
                                             !is_too_old(rows, one.function, one.submitted_at, now));
        if (!is_wanted) give_up(rows, one.key, now);
        const auto value = rows.get(Space::events, one.key);
        auto queued = value ? try_read({.key = one.key, .value = *value}) : std::nullopt;
        if (!queued) {
            if (value) rows.apply({{Space::events, one.key, std::nullopt}});
            (void)leave(id);
            return std::nullopt;
        }
        one.began = true;
        return std::move(queued->event.payload);
    }

    /// It is not under way any more. Answers the key of its row; nothing when it was not.
    std::optional<std::string> leave(const std::string& id) {
        auto left = under_way_.extract(id);
        if (!left) return std::nullopt;
        const auto line = in_line_.find(line_of(left.mapped().function));
        if (--line->second == 0) in_line_.erase(line);
        return std::move(left.mapped().key);
    }

    static bool is_too_old(const RowReader& rows, const functions::Reference& function,
                           std::optional<TimePoint> submitted_at, TimePoint at) {
        return submitted_at && at - *submitted_at > age_of(rows, function);
    }
    static std::chrono::seconds age_of(const RowReader& rows, const functions::Reference& function) {
        const auto config = functions::event_invoke_config(rows, function);
        return std::chrono::seconds(config.age_seconds.value_or(functions::kEventAgeDefault));
    }

    void finish(const std::string& id, functions::Function invoked, InvocationResult result) {
        writer_.submit([self = shared_from_this(), id, invoked = std::move(invoked), result = std::move(result)](
                           store::Transaction& rows, TimePoint now) mutable -> AfterCommit {
            self->notice_clock(now);
            const auto key = self->leave(id);
            const auto value = key ? rows.get(Space::events, *key) : std::nullopt;
            if (!value) return {};
            rows.apply({{Space::events, *key, std::nullopt}});
            auto queued = try_read({.key = *key, .value = *value});
            if (!queued) return {};
            self->settle(rows, std::move(*queued), invoked, std::move(result), now);
            if (self->waiting_.empty()) return {};
            return [self] { self->run_due(); };
        });
    }

    /// Over, or tried again.
    void settle(store::Transaction& rows, Queued queued, const functions::Function& invoked, InvocationResult result,
                TimePoint now) {
        ++queued.tries;
        const auto config = functions::event_invoke_config(rows, queued.event.function);
        const TimePoint again = now + std::chrono::minutes(queued.tries);
        if (!result.error) {
            end(rows, queued, invoked, EventCondition::success, std::move(result), now);
        } else if (queued.tries > config.retries.value_or(functions::kRetriesDefault)) {
            end(rows, queued, invoked, EventCondition::retries_exhausted, std::move(result), now);
        } else if (is_too_old(rows, queued.event.function, queued.submitted_at, again)) {
            end(rows, queued, invoked, EventCondition::event_age_exceeded, std::move(result), now);
        } else {
            rows.apply({write_of(again, queued)});
        }
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
        std::string record = destination_record(outcome);
        // Else a function that is its own destination would be given twice as much each time.
        if (record.size() > kEventBytesMax) {
            return fail("RequestTooLargeException", 413,
                        fmt::format("its record has {} bytes, and an event at most {}", record.size(), kEventBytesMax));
        }
        const Queued queued{.request_id = random_.uuid(),
                            .event = {.function = std::move(*function), .payload = std::move(record)},
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
    // The writer's thread's own:
    std::map<std::string, UnderWay> under_way_;   // by request id
    std::map<std::string, std::size_t> in_line_;  // how many of each function are under way
    std::map<std::string, Waiting> waiting_;      // by function too
    std::string seen_;                            // what is before it is under way, or waits behind waiting_
    std::string again_from_;                      // where seen_ goes back to when all is seen; empty: there is nothing
    std::string served_;                          // the function that had room last
    std::optional<TimePoint> looked_at_;
    std::optional<TimePoint> ticked_at_;
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
