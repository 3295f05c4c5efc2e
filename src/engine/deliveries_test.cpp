#include "engine/deliveries.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "engine/test_kit.hpp"
#include "topics/deliveries.hpp"
#include "topics/subscriptions.hpp"
#include "topics/topics.hpp"

namespace holdpoint::engine {
namespace {

/// How many snapshots were taken, and are kept.
class SnapshotCount {
public:
    void took() { change(1); }
    void gave_back() { change(-1); }
    [[nodiscard]] bool wait_for_none_kept() {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(60), [this] { return taken_ > 0 && kept_ == 0; });
    }

private:
    void change(int by) {
        const std::lock_guard lock(mutex_);
        if (by > 0) ++taken_;
        kept_ += by;
        changed_.notify_all();
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    int taken_ = 0;
    int kept_ = 0;
};

class CountingStore final : public store::Store {
public:
    std::unique_ptr<store::Transaction> begin() override { return store_->begin(); }
    std::uint64_t changes(Space space) const override { return store_->changes(space); }
    std::unique_ptr<RowReader> snapshot() override { return std::make_unique<Counted>(count, store_->snapshot()); }

    SnapshotCount count;

private:
    class Counted final : public RowReader {
    public:
        Counted(SnapshotCount& count, std::unique_ptr<RowReader> rows) : count_(count), rows_(std::move(rows)) {
            count_.took();
        }
        ~Counted() override { count_.gave_back(); }
        Counted(const Counted&) = delete;
        Counted& operator=(const Counted&) = delete;
        std::optional<std::string> get(Space space, std::string_view key) const override {
            return rows_->get(space, key);
        }
        std::vector<Row> scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                              bool reverse) const override {
            return rows_->scan(space, from, to, limit, reverse);
        }

    private:
        SnapshotCount& count_;
        std::unique_ptr<RowReader> rows_;
    };

    std::unique_ptr<store::Store> store_ = store::make_memory_store();
};

// A snapshot that is kept keeps SQLite's log from beginning anew: it grew by 100 KB with each approval.
TEST(DeliveriesTest, KeepsNoSnapshotWhileItWaits) {
    const ManualClock clock(from_epoch_ms(1000));
    CountingStore store;
    Writer writer(clock, store);
    const auto transport = net::make_transport();
    Deliveries deliveries(
        clock, store, writer, *transport, {},
        [](const std::string&, const std::string&) { return std::expected<void, std::string>{}; },
        [](const mail::Mail&, const topics::Delivery&) { return mail::Sent{.accepted = true}; });
    EXPECT_TRUE(store.count.wait_for_none_kept());
    deliveries.stop();
    writer.stop();
}

/// Takes every message, and tells when it got one.
class TakingTransport final : public net::Transport {
public:
    std::expected<net::Response, net::TransportError> send(const net::Endpoint&, const net::Request&,
                                                           const net::Timeouts&) override {
        got_.set_value();
        return net::Response{.status = 200, .headers = {}, .body = {}};
    }
    [[nodiscard]] bool wait() { return taken_.wait_for(std::chrono::seconds(60)) == std::future_status::ready; }

private:
    std::promise<void> got_;
    std::future<void> taken_ = got_.get_future();
};

TEST(DeliveriesTest, AMailServerThatDoesNotAnswerKeepsNothingElseBack) {
    const ManualClock clock(from_epoch_ms(1000));
    const auto store = store::make_memory_store();
    Writer writer(clock, *store);
    TakingTransport endpoint;
    std::promise<void> asked;
    std::promise<void> answers;
    const auto answered = answers.get_future().share();
    Deliveries deliveries(
        clock, *store, writer, endpoint, {},
        [](const std::string&, const std::string&) { return std::expected<void, std::string>{}; },
        [&](const mail::Mail& mail, const topics::Delivery& delivery) {
            EXPECT_EQ(mail.to, "ann@example.com");
            EXPECT_EQ(delivery.topic_arn, "arn:aws:sns:r:1:t");
            asked.set_value();
            answered.wait();
            return mail::Sent{.accepted = true};
        });
    const auto subscribe = [&](const std::string& protocol, const std::string& target) {
        writer.submit([=, &deliveries](store::Transaction& rows, TimePoint now) -> AfterCommit {
            const auto topic = topics::create_topic(rows, {.region = "r", .account = "1"}, {"t", {}}, now).value();
            rows.apply(topic.writes);
            const topics::Subscribe request{
                .topic_arn = topic.answer, .protocol = protocol, .endpoint = target, .attributes = {}};
            rows.apply(topics::subscribe(rows, request, "1", now, protocol)->writes);
            return [&deliveries] { deliveries.wake(); };
        });
    };
    subscribe("email", "ann@example.com");
    ASSERT_EQ(asked.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
    subscribe("http", "http://endpoint.example/");
    EXPECT_TRUE(endpoint.wait());
    answers.set_value();
    deliveries.stop();
    writer.stop();
}

/// Keeps whoever sends to a host that is called slow until it is let go, and counts what it got.
class HoldingTransport final : public net::Transport {
public:
    /// `refused`: so many are refused by each slow host before it keeps one.
    explicit HoldingTransport(int refused = 0) : refused_(refused) {}

    std::expected<net::Response, net::TransportError> send(const net::Endpoint& endpoint, const net::Request&,
                                                           const net::Timeouts&) override {
        std::unique_lock lock(mutex_);
        const bool is_slow = endpoint.host.starts_with("slow");
        const int count = ++got_[endpoint.host];
        if (is_slow) ++got_["slow ones"];
        changed_.notify_all();
        if (is_slow && count <= refused_) return std::unexpected(net::TransportError{.message = "refused"});
        if (is_slow) changed_.wait(lock, [this] { return let_go_; });
        if (is_aborted_) return std::unexpected(net::TransportError{.message = "aborted"});
        return net::Response{.status = 200, .headers = {}, .body = {}};
    }
    void abort() override {
        const std::lock_guard lock(mutex_);
        is_aborted_ = let_go_ = true;
        changed_.notify_all();
    }
    void let_go() {
        const std::lock_guard lock(mutex_);
        let_go_ = true;
        changed_.notify_all();
    }
    [[nodiscard]] bool wait_for(const std::string& host, int count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return got_[host] == count; });
    }

private:
    const int refused_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, int> got_;
    bool let_go_ = false;
    bool is_aborted_ = false;
};

/// `count` deliveries, all of one subscription, as of when the clock was `ahead`.
void deliver_to(Writer& writer, Deliveries& deliveries, const std::string& host, int count,
                Milliseconds ahead = Milliseconds{0}) {
    writer.submit([=, &deliveries](store::Transaction& rows, TimePoint now) -> AfterCommit {
        const auto topic = topics::create_topic(rows, {.region = "r", .account = "1"}, {"t", {}}, now + ahead).value();
        rows.apply(topic.writes);
        const topics::Subscribe request{
            .topic_arn = topic.answer, .protocol = "http", .endpoint = "http://" + host + "/", .attributes = {}};
        const auto subscribed = topics::subscribe(rows, request, "1", now + ahead, host);
        for (const RowWrite& write : subscribed->writes) {
            rows.apply({write});
            if (write.space != Space::deliveries) continue;
            auto another = topics::decode_delivery(write.value.value());
            for (int i = 1; i < count; ++i) {
                another.id = fmt::format("{}-{}", host, i);
                rows.apply({{.space = Space::deliveries, .key = delivery_key(another), .value = encode(another)}});
            }
        }
        return [&deliveries] { deliveries.wake(); };
    });
}

const InvokeLater kNoFunctions = [](const std::string&, const std::string&) {
    return std::expected<void, std::string>{};
};
const SendMail kNoMail = [](const mail::Mail&, const topics::Delivery&) { return mail::Sent{.accepted = true}; };

TEST(DeliveriesTest, ASlowEndpointLeavesThreadsToTheOthers) {
    const ManualClock clock(from_epoch_ms(1000));
    const auto store = store::make_memory_store();
    Writer writer(clock, *store);
    HoldingTransport transport;
    Deliveries deliveries(clock, *store, writer, transport, {}, kNoFunctions, kNoMail, {.threads = 4});
    deliver_to(writer, deliveries, "slow.example", 300);
    EXPECT_TRUE(transport.wait_for("slow.example", 2));
    deliver_to(writer, deliveries, "quick.example", 100);
    EXPECT_TRUE(transport.wait_for("quick.example", 100));
    EXPECT_TRUE(transport.wait_for("slow.example", 2));
    transport.let_go();
    EXPECT_TRUE(transport.wait_for("slow.example", 300));
    deliveries.stop();
    writer.stop();
}

TEST(DeliveriesTest, HoweverMuchWaitsForASlowEndpointTheOthersGetTheirs) {
    const ManualClock clock(from_epoch_ms(1000));
    const auto store = store::make_memory_store();
    Writer writer(clock, *store);
    HoldingTransport transport;
    Deliveries deliveries(clock, *store, writer, transport, {}, kNoFunctions, kNoMail, {.threads = 4});
    deliver_to(writer, deliveries, "slow.example", 1300);
    EXPECT_TRUE(transport.wait_for("slow.example", 2));
    deliver_to(writer, deliveries, "zzz.example", 300);
    EXPECT_TRUE(transport.wait_for("zzz.example", 300));
    EXPECT_TRUE(transport.wait_for("slow.example", 2));
    transport.let_go();
    EXPECT_TRUE(transport.wait_for("slow.example", 1300));
    deliveries.stop();
    writer.stop();
}

TEST(DeliveriesTest, EndpointsThatWereNeverSentToLeaveAThreadToTheOthers) {
    const ManualClock clock(from_epoch_ms(1000));
    const auto store = store::make_memory_store();
    Writer writer(clock, *store);
    HoldingTransport transport;
    Deliveries deliveries(clock, *store, writer, transport, {}, kNoFunctions, kNoMail, {.threads = 4});
    deliver_to(writer, deliveries, "quick.example", 1);
    EXPECT_TRUE(transport.wait_for("quick.example", 1));
    for (int i = 0; i < 5; ++i) deliver_to(writer, deliveries, fmt::format("slow-{}.example", i), 10);
    EXPECT_TRUE(transport.wait_for("slow ones", 3));
    deliver_to(writer, deliveries, "quick.example", 100);
    EXPECT_TRUE(transport.wait_for("quick.example", 101));
    EXPECT_TRUE(transport.wait_for("slow ones", 3));
    transport.let_go();
    EXPECT_TRUE(transport.wait_for("slow ones", 50));
    deliveries.stop();
    writer.stop();
}

TEST(DeliveriesTest, EndpointsThatDidNotAnswerTheLastTimeHoldHalfOfTheThreads) {
    const ManualClock clock(from_epoch_ms(1000));
    const auto store = store::make_memory_store();
    Writer writer(clock, *store);
    HoldingTransport transport(1);
    Deliveries deliveries(clock, *store, writer, transport, {}, kNoFunctions, kNoMail, {.threads = 4});
    const auto send_to_slow_ones = [&](int count) {
        for (int i = 0; i < 3; ++i) deliver_to(writer, deliveries, fmt::format("slow-{}.example", i), count);
    };
    send_to_slow_ones(1);
    EXPECT_TRUE(transport.wait_for("slow ones", 3));
    while (deliveries.meters().failed.value() < 3) std::this_thread::yield();
    EXPECT_EQ(deliveries.meters().silent, 3U);
    send_to_slow_ones(10);
    EXPECT_TRUE(transport.wait_for("slow ones", 3 + 2));
    deliver_to(writer, deliveries, "quick.example", 100);
    EXPECT_TRUE(transport.wait_for("quick.example", 100));
    EXPECT_TRUE(transport.wait_for("slow ones", 3 + 2));
    transport.let_go();
    EXPECT_TRUE(transport.wait_for("slow ones", 33));
    deliveries.stop();
    writer.stop();
}

TEST(DeliveriesTest, WhatWasPublishedWhileTheClockWasAheadIsSentNow) {
    const ManualClock clock(from_epoch_ms(1000));
    const auto store = store::make_memory_store();
    Writer writer(clock, *store);
    HoldingTransport transport;
    Deliveries deliveries(clock, *store, writer, transport, {}, kNoFunctions, kNoMail, {.threads = 4});
    deliver_to(writer, deliveries, "quick.example", 40, std::chrono::hours(48));
    EXPECT_TRUE(transport.wait_for("quick.example", 40));
    deliveries.stop();
    writer.stop();
}

TEST(DeliveriesTest, WhatDoesNotEndIsAbortedAtTheEndAndDueAgain) {
    const ManualClock clock(from_epoch_ms(1000));
    const auto store = store::make_memory_store();
    Writer writer(clock, *store);
    HoldingTransport transport;
    Deliveries deliveries(clock, *store, writer, transport, {}, kNoFunctions, kNoMail,
                          {.drain = std::chrono::milliseconds{0}, .abort = [&] { transport.abort(); }});
    deliver_to(writer, deliveries, "slow.example", 3);
    EXPECT_TRUE(transport.wait_for("slow.example", 2));
    deliveries.stop();
    writer.stop();
    const auto due = topics::due_deliveries(*store->snapshot(), topics::Lane::endpoints, clock.now(), 10);
    EXPECT_EQ(due.size(), 3U);
    for (const auto& delivery : due) EXPECT_EQ(delivery.failures, 0);
}

/// Deliveries whose clock a test moves.
class MovedClock : public ::testing::Test {
protected:
    ~MovedClock() override { stop(); }

    void stop() {
        transport_.let_go();
        deliveries_.stop();
        writer_.stop();
    }
    void deliver(const std::string& host, int count, Milliseconds ahead = Milliseconds{0}) {
        deliver_to(writer_, deliveries_, host, count, ahead);
    }
    /// Returns when a look has seen all that was written before.
    void look() {
        const std::string host = fmt::format("quick-{}.example", ++looks_);
        deliver(host, 1);
        ASSERT_TRUE(transport_.wait_for(host, 1));
    }

    test::SharedClock clock_;
    std::unique_ptr<store::Store> store_ = store::make_memory_store();
    Writer writer_{clock_, *store_};
    HoldingTransport transport_;
    Deliveries deliveries_{clock_, *store_, writer_, transport_, {}, kNoFunctions, kNoMail, {.threads = 4}};
    int looks_ = 0;
};

TEST_F(MovedClock, WhatIsBeingSentWhenItIsSetBackIsSentOnce) {
    clock_.advance(std::chrono::hours(48));
    deliver("slow.example", 1);
    ASSERT_TRUE(transport_.wait_for("slow.example", 1));
    clock_.set_back(std::chrono::hours(48));
    look();  // one finds it ahead
    look();  // the next one finds it moved, if it was
    stop();
    EXPECT_TRUE(transport_.wait_for("slow.example", 1));
    EXPECT_TRUE(store_->snapshot()->scan(Space::deliveries, {}, {}, 1).empty());
}

TEST_F(MovedClock, WhatIsCommittedALittleLateIsFoundAtOnce) {
    look();
    deliver("late.example", 1, std::chrono::milliseconds(-1000));
    EXPECT_TRUE(transport_.wait_for("late.example", 1));
}

TEST_F(MovedClock, WhatIsCommittedVeryLateIsFoundWithinAMinute) {
    look();
    deliver("late.example", 1, std::chrono::seconds(-10));
    look();
    clock_.advance(std::chrono::minutes(1));
    deliveries_.wake();
    EXPECT_TRUE(transport_.wait_for("late.example", 1));
}

TEST_F(MovedClock, WhenItIsSetBackWhatIsDueIsLookedForFromTheBeginning) {
    look();
    deliver("late.example", 1, std::chrono::seconds(-10));
    look();
    clock_.set_back(std::chrono::seconds(5));
    deliveries_.wake();
    EXPECT_TRUE(transport_.wait_for("late.example", 1));
}

TEST_F(MovedClock, WhatComesBeforeWhatWasPassedByIsNotForgotten) {
    deliver("slow.example", 200);
    ASSERT_TRUE(transport_.wait_for("slow.example", 2));
    deliver("slow.example", 1, std::chrono::milliseconds(-1000));
    look();
    clock_.advance(std::chrono::seconds(10));
    look();
    transport_.let_go();
    EXPECT_TRUE(transport_.wait_for("slow.example", 201));
}

TEST(DeliveriesDeathTest, ADiskThatCannotBeReadEndsTheServerAndSaysWhy) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    const auto read = [] {
        const ManualClock clock(from_epoch_ms(1000));
        test::UnreadableStore store;
        Writer writer(clock, store);
        const auto transport = net::make_transport();
        const Deliveries deliveries(
            clock, store, writer, *transport, {},
            [](const std::string&, const std::string&) { return std::expected<void, std::string>{}; },
            [](const mail::Mail&, const topics::Delivery&) { return mail::Sent{.accepted = true}; });
        std::promise<void>().get_future().wait();
    };
    EXPECT_EXIT(read(), testing::ExitedWithCode(70), "what was acknowledged is safe.*disk I/O error");
}

}  // namespace
}  // namespace holdpoint::engine
