#include "engine/writer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>

namespace holdpoint::engine {
namespace {

TEST(WriterTest, AnswersInCommitOrderAndAfterTheCommit) {
    ManualClock clock(from_epoch_ms(1000));
    const auto store = store::make_memory_store();
    Writer writer(clock, *store);
    std::vector<std::string> answers;
    for (int i = 0; i < 300; ++i) {
        writer.submit([&, i](store::Transaction& transaction, TimePoint) -> AfterCommit {
            const auto key = std::to_string(i);
            transaction.apply({{Space::meta, key, "v"}});
            return [&, key] {
                answers.push_back(store->snapshot()->get(Space::meta, key) == "v" ? key : "not committed");
            };
        });
    }
    writer.stop();
    ASSERT_EQ(answers.size(), 300U);
    for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(answers[i], std::to_string(i));
}

TEST(WriterTest, ALaterCommandSeesWhatAnEarlierOneWroteInTheSameBatch) {
    ManualClock clock(from_epoch_ms(1000));
    const auto store = store::make_memory_store();
    Writer writer(clock, *store);
    std::promise<std::string> seen;
    writer.submit([](store::Transaction& transaction, TimePoint) -> AfterCommit {
        transaction.apply({{Space::meta, "key", "first"}});
        return {};
    });
    writer.submit([&](store::Transaction& transaction, TimePoint) -> AfterCommit {
        auto value = transaction.get(Space::meta, "key").value_or("nothing");
        return [&seen, value] { seen.set_value(value); };
    });
    EXPECT_EQ(seen.get_future().get(), "first");
}

TEST(WriterTest, AnAnswerThatFailsKeepsTheOthersFromNothing) {
    ManualClock clock(from_epoch_ms(1000));
    const auto store = store::make_memory_store();
    Writer writer(clock, *store, WriterThread::none);
    bool is_answered = false;
    writer.submit([](store::Transaction&, TimePoint) -> AfterCommit {
        return [] { throw std::runtime_error("cannot be written"); };
    });
    writer.submit([&](store::Transaction&, TimePoint) -> AfterCommit { return [&] { is_answered = true; }; });
    writer.run_queued();
    EXPECT_TRUE(is_answered);
}

TEST(WriterTest, WithoutAThreadItRunsABatchWhenItIsTold) {
    ManualClock clock(from_epoch_ms(1000));
    const auto store = store::make_memory_store();
    Writer writer(clock, *store, WriterThread::none);
    EXPECT_FALSE(writer.has_queued());
    std::vector<std::string> seen;
    writer.submit([&](store::Transaction& transaction, TimePoint) -> AfterCommit {
        transaction.apply({{Space::meta, "key", "value"}});
        return [&] { seen.push_back(store->snapshot()->get(Space::meta, "key").value_or("not committed")); };
    });
    EXPECT_TRUE(writer.has_queued());
    EXPECT_TRUE(seen.empty());
    writer.run_queued();
    EXPECT_FALSE(writer.has_queued());
    EXPECT_EQ(seen, std::vector<std::string>{"value"});
    writer.run_queued();  // nothing is queued: nothing happens
}

TEST(WriterTest, AThreadThatHelpsRunsTheLittleThatItQueued) {
    ManualClock clock(from_epoch_ms(1000));
    const auto store = store::make_memory_store();
    Writer writer(clock, *store);
    EXPECT_FALSE(writer.help());  // nothing yet
    std::vector<std::thread::id> ran;
    const auto command = [&](store::Transaction&, TimePoint) -> AfterCommit {
        return [&] { ran.push_back(std::this_thread::get_id()); };
    };
    writer.submit(command);
    writer.submit(command);
    EXPECT_TRUE(ran.empty());
    EXPECT_FALSE(writer.help());
    EXPECT_EQ(ran, std::vector(2, std::this_thread::get_id()));
    for (int i = 0; i < 3; ++i) writer.submit(command);
    EXPECT_FALSE(writer.help());  // its thread does
    writer.submit(command);
    writer.stop();  // what is queued then is run all the same
    ASSERT_EQ(ran.size(), 6U);
    EXPECT_NE(ran.at(2), std::this_thread::get_id());
}

// A writer that is made where another was: its thread is woken all the same.
TEST(WriterTest, WhoHelpedOneThatIsGoneHelpsNoOther) {
    ManualClock clock(from_epoch_ms(1000));
    const auto store = store::make_memory_store();
    for (int i = 0; i < 20; ++i) {
        Writer writer(clock, *store);
        const auto is_run = [&] {
            const auto ran = std::make_shared<std::promise<void>>();
            writer.submit([=](store::Transaction&, TimePoint) -> AfterCommit { return [=] { ran->set_value(); }; });
            return ran->get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready;
        };
        EXPECT_TRUE(std::async(std::launch::async, is_run).get());  // then its thread waits
        ASSERT_TRUE(is_run()) << i;
        (void)writer.help();
    }
}

TEST(WriterTest, HelpersAndItsThreadWriteOneAfterTheOther) {
    ManualClock clock(from_epoch_ms(1000));
    const auto store = store::make_memory_store();
    Writer writer(clock, *store);
    constexpr int kEach = 2000;
    std::atomic<int> left = 4 * kEach;
    const auto count = [&] {
        writer.submit([&](store::Transaction& rows, TimePoint) -> AfterCommit {
            const int before = std::stoi(rows.get(Space::meta, "count").value_or("0"));
            rows.apply({{Space::meta, "count", std::to_string(before + 1)}});
            return [&] { --left; };
        });
    };
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&, helps = thread % 2 == 0] {
            for (int i = 0; i < kEach; ++i) {
                count();
                while (helps && writer.help()) {
                }
            }
            while (helps && left > 0) (void)writer.help();
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(store->snapshot()->get(Space::meta, "count"), std::to_string(4 * kEach));
}

TEST(WriterTest, NothingIsAcceptedOnceItIsStopped) {
    ManualClock clock(from_epoch_ms(1000));
    const auto store = store::make_memory_store();
    Writer writer(clock, *store);
    writer.stop();
    writer.submit([](store::Transaction&, TimePoint) -> AfterCommit { return {}; });
    EXPECT_FALSE(writer.has_queued());
}

TEST(WriterTest, ItTellsSinceWhenABatchIsUnderWay) {
    ManualClock clock(from_epoch_ms(1000));
    clock.advance(Milliseconds{7});
    const auto store = store::make_memory_store();
    Writer writer(clock, *store, WriterThread::none);
    std::int64_t began = 0;
    writer.submit([&](store::Transaction&, TimePoint) -> AfterCommit {
        began = writer.meters().began;
        return {};
    });
    writer.run_queued();
    EXPECT_EQ(began, 7);
    EXPECT_EQ(writer.meters().began, 0) << "none is";
}

TEST(WriterTest, WhoeverIsAtABatchDoesNotBeginAnother) {
    ManualClock clock(from_epoch_ms(1000));
    const auto store = store::make_memory_store();
    Writer writer(clock, *store, WriterThread::none);
    std::vector<std::string> ran;
    writer.submit([&](store::Transaction&, TimePoint) -> AfterCommit {
        writer.submit([&](store::Transaction&, TimePoint) -> AfterCommit {
            ran.emplace_back("second");
            return {};
        });
        EXPECT_FALSE(writer.help());
        ran.emplace_back("first");
        return {};
    });
    writer.run_queued();
    writer.run_queued();
    EXPECT_EQ(ran, (std::vector<std::string>{"first", "second"}));
}

// Its thread was told of the end while another was at a batch, and waited on.
TEST(WriterTest, ABatchThatIsUnderWayKeepsItFromEndingButNotForEver) {
    ManualClock clock(from_epoch_ms(1000));
    const auto store = store::make_memory_store();
    Writer writer(clock, *store);
    const auto nothing = [](store::Transaction&, TimePoint) -> AfterCommit { return {}; };
    std::future<void> stopped;
    EXPECT_FALSE(writer.help());
    writer.submit([&](store::Transaction&, TimePoint) -> AfterCommit {
        stopped = std::async(std::launch::async, [&] { writer.stop(); });
        std::size_t before = 0;
        do {  // until it accepts nothing any more
            before = writer.queued();
            writer.submit(nothing);
            std::this_thread::yield();
        } while (writer.queued() > before);
        return {};
    });
    (void)writer.help();
    ASSERT_EQ(stopped.wait_for(std::chrono::seconds(20)), std::future_status::ready);
    EXPECT_FALSE(writer.has_queued());
}

/// What a store of the simulation throws: the process is to end here.
struct Crash {};

class CrashingStore final : public store::Store {
public:
    std::unique_ptr<store::Transaction> begin() override { return std::make_unique<Crashing>(store_->begin()); }
    std::uint64_t changes(Space space) const override { return store_->changes(space); }
    std::unique_ptr<RowReader> snapshot() override { return store_->snapshot(); }

private:
    class Crashing final : public store::Transaction {
    public:
        explicit Crashing(std::unique_ptr<store::Transaction> inner) : inner_(std::move(inner)) {}
        std::optional<std::string> get(Space space, std::string_view key) const override {
            return inner_->get(space, key);
        }
        std::vector<Row> scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                              bool reverse) const override {
            return inner_->scan(space, from, to, limit, reverse);
        }
        void apply(const std::vector<RowWrite>& writes) override { inner_->apply(writes); }
        void commit() override { throw Crash{}; }

    private:
        std::unique_ptr<store::Transaction> inner_;
    };

    std::unique_ptr<store::Store> store_ = store::make_memory_store();
};

TEST(WriterTest, WithoutAThreadACrashOfTheStoreIsPassedOnAndNobodyIsAnswered) {
    ManualClock clock(from_epoch_ms(1000));
    CrashingStore store;
    Writer writer(clock, store, WriterThread::none);
    bool answered = false;
    writer.submit([&](store::Transaction& transaction, TimePoint) -> AfterCommit {
        transaction.apply({{Space::meta, "key", "value"}});
        return [&] { answered = true; };
    });
    EXPECT_THROW(writer.run_queued(), Crash);
    EXPECT_FALSE(answered);
    EXPECT_EQ(store.snapshot()->get(Space::meta, "key"), std::nullopt);
}

class FailingStore final : public store::Store {
    class Failing final : public store::Transaction {
        std::optional<std::string> get(Space, std::string_view) const override { return {}; }
        std::vector<Row> scan(Space, std::string_view, std::string_view, std::size_t, bool) const override {
            return {};
        }
        void apply(const std::vector<RowWrite>&) override {}
        void commit() override { throw std::runtime_error("disk I/O error"); }
    };
    std::unique_ptr<store::Transaction> begin() override { return std::make_unique<Failing>(); }
    std::uint64_t changes(Space /*space*/) const override { return 0; }
    std::unique_ptr<RowReader> snapshot() override { return std::make_unique<Failing>(); }
};

TEST(WriterDeathTest, AFailedCommitEndsTheProcess) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    const auto fail_to_commit = [] {
        ManualClock clock(from_epoch_ms(1000));
        FailingStore store;
        Writer writer(clock, store);
        writer.submit([](store::Transaction&, TimePoint) -> AfterCommit { return {}; });
        writer.stop();
    };
    EXPECT_EXIT(fail_to_commit(), testing::ExitedWithCode(70), "disk I/O error");
}

}  // namespace
}  // namespace holdpoint::engine
