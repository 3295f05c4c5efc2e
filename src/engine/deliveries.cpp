#include "engine/deliveries.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <tuple>

#include "base/encoding.hpp"
#include "base/ending.hpp"
#include "engine/answering.hpp"
#include "engine/endpoint_url.hpp"
#include "topics/deliveries.hpp"
#include "topics/letter.hpp"

namespace holdpoint::engine {
namespace {

constexpr std::size_t kDueAtOnce = 64;
/// Queued or being sent of one subscription: more stays in the store until half of it is over, so that others behind a
/// slow endpoint's are found. Of what is queued only keys are kept.
constexpr std::size_t kKnownMax = 128;
/// Read for one subscription before the others are looked at again.
constexpr std::size_t kPagesAtOnce = 16;
/// What is new is due when it was decided, and seen when it is committed: later than this, or when the clock was set
/// back, it is found by looking at all.
constexpr std::chrono::milliseconds kLookBack{2000};
constexpr std::chrono::milliseconds kLookAtAll{60000};
/// Deadlines are wall time and clocks jump, so no wait is longer than this while something is pending.
constexpr std::chrono::milliseconds kLookAgain{1000};

struct Outcome {
    bool delivered = false;
    bool retryable = true;
    std::string why;
    bool answered = true;  // in whatever way
};

using Send = std::function<Outcome(const topics::Delivery&, const topics::Subscription&, const topics::Topic&)>;

/// Sends what one lane has due, with threads of its own.
class LaneWorker {
public:
    LaneWorker(const Clock& clock, store::Store& store, Writer& writer, topics::Lane lane, Send send,
               std::shared_ptr<DeliveryMeters> meters, std::size_t threads)
        : clock_(clock),
          store_(store),
          writer_(writer),
          lane_(lane),
          send_(std::move(send)),
          meters_(std::move(meters)),
          share_(std::max<std::size_t>(threads / 2, 1)),
          state_(std::make_shared<State>(threads)) {
        if (threads == 0) return;
        const auto deliver = [this] { do_or_end("deliveries", [this] { deliver_queued(); }); };
        try {
            threads_.emplace_back([this] { do_or_end("deliveries", [this] { find_due(); }); });
            for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back(deliver);
        } catch (...) {
            end();  // of those that were started before there was no room for one more
            throw;
        }
    }
    ~LaneWorker() {
        end();
        stop();
    }
    LaneWorker(const LaneWorker&) = delete;
    LaneWorker& operator=(const LaneWorker&) = delete;

    void wake() {
        const std::lock_guard lock(state_->mutex);
        state_->look = true;
        state_->changed.notify_one();
    }

    /// Begins nothing more.
    void end() {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
        state_->changed.notify_one();
        state_->queued.notify_all();
    }

    /// False: something is still being sent.
    [[nodiscard]] bool wait_until_idle(std::chrono::milliseconds limit) {
        std::unique_lock lock(state_->mutex);
        return state_->idle.wait_for(lock, limit, [this] { return state_->sending == 0; });
    }

    void stop() { threads_.clear(); }

    void send_due() {
        for (topics::Delivery& delivery : topics::due_deliveries(*store_.snapshot(), lane_, clock_.now(), kDueAtOnce)) {
            {
                const std::lock_guard lock(state_->mutex);
                if (!add(delivery)) continue;
            }
            auto outcome = send(store_.snapshot(), delivery);
            record(std::move(delivery), std::move(outcome));
        }
    }

private:
    /// The scheduler's thread: moves due deliveries from the store into the queue.
    void find_due() {
        std::unique_lock lock(state_->mutex);
        while (!state_->stopping) {
            state_->look = false;
            lock.unlock();
            const bool pending = look_for_due();
            lock.lock();
            const auto woken = [this] { return state_->stopping || state_->look; };
            if (pending)
                state_->changed.wait_for(lock, kLookAgain, woken);
            else
                state_->changed.wait(lock, woken);
        }
    }

    /// True: there are deliveries, due or not yet.
    bool look_for_due() {
        const TimePoint now = clock_.now();
        const bool pending = find_new(now);
        if (const auto subscription = next_with_room()) find_passed(*subscription, now);
        if (next_with_room()) wake();
        return pending;
    }

    /// What was written while the clock was ahead is due now.
    void take_back() {
        writer_.submit([state = state_, lane = lane_](store::Transaction& rows, TimePoint now) -> AfterCommit {
            bool any = false;
            for (const auto& delivery : topics::deliveries_ahead(rows, lane, now, kDueAtOnce)) {
                const std::lock_guard lock(state->mutex);
                if (state->in_flight.contains(topics::delivery_key(delivery))) continue;
                rows.apply(topics::move_delivery(delivery, now));
                any = true;
            }
            if (!any) return {};
            return [state] {
                const std::lock_guard lock(state->mutex);
                state->look = true;
                state->changed.notify_one();
            };
        });
    }

    /// True: there are deliveries, due or not yet.
    bool find_new(TimePoint now) {
        std::string from = begin_of_look(now);
        const auto [pending, ahead] = [&] {
            const auto rows = store_.snapshot();
            return std::pair(topics::next_delivery_due(*rows, lane_).has_value(),
                             !topics::deliveries_ahead(*rows, lane_, now, 1).empty());
        }();
        do {
            auto page = topics::due_page(*store_.snapshot(), lane_, now, from, kDueAtOnce);
            const std::lock_guard lock(state_->mutex);
            for (const auto& delivery : page.due) meet(delivery);
            from = state_->stopping ? std::string() : std::move(page.next);
        } while (!from.empty());
        if (ahead) take_back();
        return pending;
    }

    std::string begin_of_look(TimePoint now) {
        const auto last = std::exchange(looked_at_, now);
        if (!last || now < *last || now - looked_at_all_ >= kLookAtAll) {
            looked_at_all_ = now;
            return {};
        }
        return topics::lane_key(lane_, std::max(*last - kLookBack, from_epoch_ms(0)));
    }

    /// What waits in the store behind what is known of its subscription, until there is no more room.
    void find_passed(const std::string& subscription, TimePoint now) {
        std::unique_lock lock(state_->mutex);
        std::string from = state_->passed.extract(subscription).mapped();
        for (std::size_t i = 0; i < kPagesAtOnce; ++i) {
            lock.unlock();
            auto page = topics::due_page(*store_.snapshot(), lane_, now, from, kDueAtOnce);
            lock.lock();
            for (const auto& delivery : page.due) {
                if (subscription_of(delivery) == subscription) meet(delivery);
            }
            if (page.next.empty() || state_->passed.contains(subscription)) return;
            from = std::move(page.next);
        }
        state_->passed[subscription] = std::move(from);
    }

    /// After the one that had its turn last.
    [[nodiscard]] std::optional<std::string> next_with_room() {
        const std::lock_guard lock(state_->mutex);
        const auto has_room = [this](const auto& one) {
            const auto known = state_->known.find(one.first);
            return known == state_->known.end() || known->second <= kKnownMax / 2;
        };
        auto found = std::find_if(state_->passed.upper_bound(served_), state_->passed.end(), has_room);
        if (found == state_->passed.end()) found = std::ranges::find_if(state_->passed, has_room);
        if (found == state_->passed.end()) return std::nullopt;
        return served_ = found->first;
    }

    static std::string subscription_of(const topics::Delivery& delivery) {
        return delivery.topic_arn + delivery.subscription_id;
    }

    /// Queues it, or passes it by while its subscription has enough.
    void meet(const topics::Delivery& delivery) {
        std::string key = topics::delivery_key(delivery);
        if (state_->in_flight.contains(key)) return;
        const std::string subscription = subscription_of(delivery);
        const auto passed = state_->passed.find(subscription);
        if (passed != state_->passed.end()) {
            passed->second = std::min(passed->second, key);
        } else if (const auto known = state_->known.find(subscription);
                   known != state_->known.end() && known->second >= kKnownMax) {
            state_->passed.emplace(subscription, std::move(key));
        } else {
            (void)add(delivery);
            state_->queue[subscription].keys.push_back(std::move(key));
            state_->queued.notify_one();
        }
    }

    /// False: it is known.
    bool add(const topics::Delivery& delivery) {
        const std::string subscription = subscription_of(delivery);
        if (!state_->in_flight.emplace(topics::delivery_key(delivery), subscription).second) return false;
        ++state_->known[subscription];
        return true;
    }

    void deliver_queued() {
        std::unique_lock lock(state_->mutex);
        while (true) {
            auto next = state_->queue.end();
            state_->queued.wait(lock, [&] {
                next = next_subscription();
                return state_->stopping || next != state_->queue.end();
            });
            if (state_->stopping) return;
            const std::string key = std::move(next->second.keys.front());
            next->second.keys.pop_front();
            ++next->second.sending;
            ++state_->sending;
            // Whoever takes one wakes the next: what a thread that comes back makes room for, it takes itself.
            if (next_subscription() != state_->queue.end()) state_->queued.notify_one();
            lock.unlock();
            deliver(key);
            lock.lock();
            --state_->sending;
            if (--next->second.sending == 0 && next->second.keys.empty()) state_->queue.erase(next);
            if (state_->sending == 0) state_->idle.notify_all();
        }
    }

    void deliver(const std::string& key) {
        auto rows = store_.snapshot();
        const auto row = rows->get(Space::deliveries, key);
        if (!row) return forget(*state_, key);  // its topic was deleted meanwhile
        auto delivery = topics::decode_delivery(*row);
        auto outcome = send(std::move(rows), delivery);
        if (!outcome.delivered && is_stopping()) return;  // aborted, most likely: the next start tries again
        note_answer(subscription_of(delivery), outcome.answered);
        record(std::move(delivery), std::move(outcome));
    }

    void note_answer(const std::string& subscription, bool answered) {
        const std::lock_guard lock(state_->mutex);
        state_->answering.note(subscription, answered);
        if (lane_ == topics::Lane::endpoints) meters_->silent = state_->answering.silent();
    }

    [[nodiscard]] bool is_stopping() const {
        const std::lock_guard lock(state_->mutex);
        return state_->stopping;
    }

    Outcome send(std::unique_ptr<RowReader> rows, const topics::Delivery& delivery) {
        const auto subscription = topics::find_subscription(*rows, delivery.topic_arn, delivery.subscription_id);
        if (!subscription)
            return {.delivered = true, .retryable = false, .why = {}};  // unsubscribed meanwhile: nobody to tell
        const auto topic = topics::find_topic(*rows, delivery.topic_arn).value_or(topics::Topic{});
        rows.reset();  // the store's log would grow as long as the endpoint takes
        return send_(delivery, *subscription, topic);
    }

    void record(topics::Delivery delivery, Outcome outcome) {
        auto key = topics::delivery_key(delivery);
        writer_.submit([state = state_, meters = meters_, key = std::move(key), delivery = std::move(delivery),
                        outcome = std::move(outcome)](store::Transaction& transaction, TimePoint now) -> AfterCommit {
            const auto writes = outcome.delivered
                                    ? topics::finish_delivery(transaction, delivery)
                                    : topics::fail_delivery(transaction, delivery, outcome.why, outcome.retryable, now);
            transaction.apply(writes);
            (outcome.delivered ? meters->delivered : meters->failed).add();
            if (!outcome.delivered && topics::makes_dead_letter(writes)) meters->dead.add();
            return [state, key, failed = !outcome.delivered] { forget(*state, key, failed); };
        });
    }

    struct Waiting {
        std::deque<std::string> keys;  // of rows, the oldest first
        std::size_t sending = 0;
    };
    using Queue = std::map<std::string, Waiting>;  // by subscription

    /// Shared with commands in the writer's queue, which may outlive this worker.
    struct State {
        explicit State(std::size_t threads) : answering(threads) {}
        std::mutex mutex;                 // guards all below
        std::condition_variable changed;  // for who looks for what is due
        std::condition_variable queued;   // for who sends it
        std::condition_variable idle;     // for who waits for the end
        Queue queue;
        std::size_t sending = 0;
        std::map<std::string, std::string> in_flight;  // row keys from being queued until the outcome is committed
        std::map<std::string, std::size_t> known;      // how many of each subscription are in flight
        std::map<std::string, std::string> passed;     // by subscription: where what waits in the store begins
        Answering answering;
        bool look = false;
        bool stopping = false;
    };

    /// `failed`: it is there still, and due again.
    static void forget(State& state, const std::string& key, bool failed = false) {
        const std::lock_guard lock(state.mutex);
        const auto left = state.in_flight.extract(key);
        const auto known = left ? state.known.find(left.mapped()) : state.known.end();
        bool has_room = false;
        if (known != state.known.end()) {
            has_room = --known->second <= kKnownMax / 2 && state.passed.contains(known->first);
            if (known->second == 0) state.known.erase(known);
        }
        if (!failed && !has_room) return;
        state.look = true;
        state.changed.notify_one();
    }

    /// Of those with the fewest under way the one that waits longest: row keys begin with the time.
    [[nodiscard]] Queue::iterator next_subscription() {
        Answering::Held held;
        for (const auto& [subscription, waiting] : state_->queue)
            state_->answering.add(held, subscription, waiting.sending);
        auto best = state_->queue.end();
        for (auto one = state_->queue.begin(); one != state_->queue.end(); ++one) {
            const auto& [keys, sending] = one->second;
            if (keys.empty() || sending >= share_ || !state_->answering.has_room(held, one->first)) continue;
            if (best == state_->queue.end() ||
                std::tie(sending, keys.front()) < std::tie(best->second.sending, best->second.keys.front()))
                best = one;
        }
        return best;
    }

    const Clock& clock_;
    store::Store& store_;
    Writer& writer_;
    topics::Lane lane_;
    Send send_;
    std::shared_ptr<DeliveryMeters> meters_;
    const std::size_t share_;  // of the threads, that one subscription may have
    const std::shared_ptr<State> state_;
    // Of the scheduler's thread alone:
    std::optional<TimePoint> looked_at_;
    TimePoint looked_at_all_;
    std::string served_;
    std::vector<std::jthread> threads_;  // the last member: they use all the others
};

}  // namespace

class Deliveries::Impl {
public:
    Impl(const Clock& clock, store::Store& store, Writer& writer, net::Transport& transport, topics::Sender sender,
         InvokeLater invoke_later, SendMail send_mail, DeliveryOptions options)
        : transport_(transport),
          sender_(std::move(sender)),
          invoke_later_(std::move(invoke_later)),
          send_mail_(std::move(send_mail)),
          options_(std::move(options)),
          endpoints_(clock, store, writer, topics::Lane::endpoints, std::bind_front(&Impl::send, this), meters_,
                     options_.threads),
          mail_(clock, store, writer, topics::Lane::mail, std::bind_front(&Impl::send_letter, this), meters_,
                options_.threads == 0 ? 0 : 1) {}

    void wake() {
        endpoints_.wake();
        mail_.wake();
    }

    void stop() {
        endpoints_.end();
        mail_.end();
        if (!endpoints_.wait_until_idle(options_.drain) || !mail_.wait_until_idle({})) options_.abort();
        endpoints_.stop();
        mail_.stop();
    }

    const DeliveryMeters& meters() const { return *meters_; }

    void send_due() {
        endpoints_.send_due();
        mail_.send_due();
    }

private:
    /// Signs as the topic wants it.
    [[nodiscard]] topics::Sender sender_for(const topics::Topic& topic) const {
        topics::Sender sender = sender_;
        sender.version = topics::signature_version(topic);
        return sender;
    }

    [[nodiscard]] Outcome send_letter(const topics::Delivery& delivery, const topics::Subscription& subscription,
                                      const topics::Topic& topic) const {
        auto letter = topics::letter_of(delivery, subscription, topic, sender_for(topic));
        const mail::Mail mail{.from = options_.mail_from,
                              .from_name = std::move(letter.from_name),
                              .to = subscription.endpoint,
                              .subject = std::move(letter.subject),
                              .text = std::move(letter.text),
                              .form = letter.is_json ? mail::Form::text_alone : mail::Form::text_and_html,
                              .unsubscribe_url = std::move(letter.unsubscribe_url),
                              .id = delivery.id,
                              .at = delivery.published_at};
        const auto sent = send_mail_(mail, delivery);
        return {.delivered = sent.accepted, .retryable = sent.retryable, .why = sent.why};
    }

    [[nodiscard]] Outcome send(const topics::Delivery& delivery, const topics::Subscription& subscription,
                               const topics::Topic& topic) const {
        const auto sender = sender_for(topic);
        if (subscription.protocol == "lambda") {
            auto queued = invoke_later_(subscription.endpoint, topics::lambda_event(delivery, subscription, sender));
            return {.delivered = queued.has_value(), .retryable = true, .why = queued ? "" : queued.error()};
        }
        const auto url = split_url(subscription.endpoint);
        if (!url)
            return {.delivered = false, .retryable = false, .why = "the endpoint is not a URL this server can reach"};
        auto message = topics::http_message(delivery, subscription, sender);
        net::Request request{.method = "POST",
                             .target = url->target,
                             .headers = std::move(message.headers),
                             .body = std::move(message.body)};
        if (!url->user_info.empty())
            request.headers.emplace_back("Authorization", "Basic " + base64_encode(url->user_info));
        const auto response = transport_.send(url->endpoint, request, options_.timeouts);
        if (!response)
            return {.delivered = false, .retryable = true, .why = response.error().message, .answered = false};
        if (response->status >= 200 && response->status < 300)
            return {.delivered = true, .retryable = false, .why = {}};
        // A client error says that the message itself is not wanted; 429 asks for patience. (SNS developer guide,
        // delivery retries)
        const bool retryable = response->status < 400 || response->status >= 500 || response->status == 429;
        return {
            .delivered = false,
            .retryable = retryable,
            .why = fmt::format("HTTP {}: {}", response->status, response->body.substr(0, options_.answer_bytes_kept))};
    }

    net::Transport& transport_;
    topics::Sender sender_;
    InvokeLater invoke_later_;
    SendMail send_mail_;
    DeliveryOptions options_;
    std::shared_ptr<DeliveryMeters> meters_ = std::make_shared<DeliveryMeters>();
    LaneWorker endpoints_;  // the last members: their threads use all the others
    LaneWorker mail_;
};

Deliveries::Deliveries(const Clock& clock, store::Store& store, Writer& writer, net::Transport& transport,
                       topics::Sender sender, InvokeLater invoke_later, SendMail send_mail, DeliveryOptions options)
    : impl_(std::make_unique<Impl>(clock, store, writer, transport, std::move(sender), std::move(invoke_later),
                                   std::move(send_mail), std::move(options))) {}
Deliveries::~Deliveries() = default;
void Deliveries::wake() {
    impl_->wake();
}
const DeliveryMeters& Deliveries::meters() const {
    return impl_->meters();
}
void Deliveries::stop() {
    impl_->stop();
}
void Deliveries::send_due() {
    impl_->send_due();
}

}  // namespace holdpoint::engine
