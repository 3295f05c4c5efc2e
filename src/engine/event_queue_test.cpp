// Asynchronous invocations over a memory store and real processes, for which the test answers.
#include "engine/event_queue.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "engine/concurrency.hpp"
#include "engine/invoker.hpp"
#include "engine/test_kit.hpp"
#include "functions/event_invoke_config.hpp"
#include "functions/registry.hpp"

namespace holdpoint::engine {
namespace {

using namespace test;

/// How much was read of it by looking.
class CountingStore final : public store::Store {
public:
    std::unique_ptr<store::Transaction> begin() override { return std::make_unique<Counted>(store_->begin(), bytes); }
    std::uint64_t changes(Space space) const override { return store_->changes(space); }
    std::unique_ptr<RowReader> snapshot() override { return store_->snapshot(); }

    std::atomic<std::size_t> bytes = 0;

private:
    class Counted final : public store::Transaction {
    public:
        Counted(std::unique_ptr<store::Transaction> rows, std::atomic<std::size_t>& bytes)
            : rows_(std::move(rows)), bytes_(bytes) {}
        std::optional<std::string> get(Space space, std::string_view key) const override {
            return rows_->get(space, key);
        }
        std::vector<Row> scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                              bool reverse) const override {
            auto found = rows_->scan(space, from, to, limit, reverse);
            for (const Row& row : found) bytes_ += row.value.size();
            return found;
        }
        void apply(const std::vector<RowWrite>& writes) override { rows_->apply(writes); }
        void commit() override { rows_->commit(); }

    private:
        std::unique_ptr<store::Transaction> rows_;
        std::atomic<std::size_t>& bytes_;
    };

    std::unique_ptr<store::Store> store_ = store::make_memory_store();
};

class EventQueueTest : public ::testing::Test {
protected:
    /// The parts of one server; the next one over the same store is the next start.
    struct World {
        World(SharedClock& clock, store::Store& store, const std::string& folder)
            : writer(clock, store),
              invoker(
                  clock, random, logs, options(folder), [](const functions::Function&) { return ProcessCredentials{}; },
                  [](const std::string&) {}),
              concurrency(invoker),
              queue(
                  random, writer, concurrency,
                  [this](const functions::Function& function, std::string line) {
                      invoker.log(function, std::move(line));
                  },
                  [](const RowReader&, const functions::Function& invoked, const std::string& target) -> Result<void> {
                      if (invoked.role_arn != "weak") return {};
                      return holdpoint::fail("Refused", 400, "weak may not send to " + target);
                  },
                  "us-east-1", "000000000000") {}
        ~World() {
            invoker.stop();
            writer.stop();
        }
        World(const World&) = delete;
        World& operator=(const World&) = delete;

        static InvokerOptions options(const std::string& folder) {
            InvokerOptions made;
            made.code_folder = folder;
            made.working_folder = folder;
            // Tests move the clock by minutes while a process waits, or has answered and asks for nothing.
            made.idle_limit = made.init_limit = std::chrono::hours(1);
            return made;
        }

        SystemRandom random;
        MemoryLogs logs;
        Writer writer;
        Invoker invoker;
        Concurrency concurrency;
        EventQueue queue;
    };

    EventQueueTest() {
        (void)folder_.script("script", "echo \"$AWS_LAMBDA_RUNTIME_API.\" >> address; exec sleep 60");
        create("f");
        restart();
    }

    void create(const std::string& name) {
        functions::Function function;
        function.name = name;
        function.executable = name;
        function.code_sha256 = "script";
        function.timeout_seconds = 900;
        function.log_group = "/aws/lambda/" + name;
        change([&](store::Transaction& rows) {
            rows.apply(functions::create_function(rows, function, clock_.now(), "revision")->writes);
        });
    }
    /// Events of a function that is switched off.
    void let_wait(int count, const std::string& payload = "{}") {
        world_->concurrency.reserve("off", 0);
        for (int i = 0; i < count; ++i) {
            ASSERT_NE(submit(payload, "off"), "");
            clock_.advance(1ms);
        }
    }
    void configure(const std::string& name, const functions::EventInvokeConfig& config) {
        change([&](store::Transaction& rows) {
            const functions::Reference function{.name = name, .qualifier = {}, .account = {}, .region = {}};
            rows.apply(functions::put_event_invoke_config(rows, function, config, clock_.now())->writes);
        });
    }
    /// What is due, to the end.
    void run() {
        world_->queue.run_due();
        Box<bool> over;
        world_->writer.submit([&](store::Transaction&, TimePoint) { return [&] { over.put(true); }; });
        EXPECT_TRUE(over.take());
    }

    void change(const std::function<void(store::Transaction&)>& make) {
        const auto transaction = store_->begin();
        make(*transaction);
        transaction->commit();
    }
    void restart(std::optional<std::size_t> limit = {}) {
        world_.reset();
        folder_.write("address", "");
        world_ = std::make_unique<World>(clock_, *store_, folder_.path());
        world_->concurrency.reserve("f", limit);
        world_->queue.run_due();
    }
    std::string submit(const std::string& payload, const std::string& function = "f") {
        Box<std::string> queued;
        world_->queue.submit(
            {.function = {.name = function, .qualifier = {}, .account = {}, .region = {}}, .payload = payload},
            [&](const std::string& id) { queued.put(id); });
        return queued.take().value_or("");
    }
    std::string process() const {
        (void)eventually([this] { return folder_.read("address").ends_with(".\n"); });
        std::string text = folder_.read("address");
        text.resize(text.rfind('.'));
        return text.substr(text.rfind('/') + 1);
    }
    std::optional<NextInvocation> next() {
        const auto box = std::make_shared<Box<NextInvocation>>();
        const bool asked = world_->invoker.next(process(), [box](const NextInvocation& next) { box->put(next); });
        return asked ? box->take() : std::nullopt;
    }
    void fail(const NextInvocation& invocation) {
        ASSERT_TRUE(world_->invoker.fail(process(), invocation.request_id, {}));
    }
    std::vector<Row> rows() const { return store_->snapshot()->scan(Space::events, {}, {}, SIZE_MAX); }
    /// The time of the only event there is, once it was put off.
    bool is_put_off_by(Milliseconds pause) {
        std::string due;
        append_key_number(due, static_cast<std::uint64_t>(to_epoch_ms(clock_.now() + pause)));
        return eventually([&] {
            const auto there = rows();
            return there.size() == 1 && there[0].key.starts_with(due);
        });
    }

    TestFolder folder_;
    SharedClock clock_;
    std::unique_ptr<CountingStore> store_ = std::make_unique<CountingStore>();
    std::unique_ptr<World> world_;
};

TEST_F(EventQueueTest, AnEventIsKeptUntilItIsDone) {
    EXPECT_NE(submit("one"), "");
    EXPECT_EQ(rows().size(), 1U);
    const auto invocation = next();
    ASSERT_TRUE(invocation);
    EXPECT_EQ(invocation->payload, "one");
    EXPECT_EQ(rows().size(), 1U);
    ASSERT_TRUE(world_->invoker.answer(process(), invocation->request_id, "{}"));
    EXPECT_TRUE(eventually([this] { return rows().empty(); }));
}

TEST_F(EventQueueTest, ARowThatCannotBeReadIsDroppedAndTheOthersGoOn) {
    std::string due;
    append_key_number(due, static_cast<std::uint64_t>(to_epoch_ms(clock_.now())));
    change([&](store::Transaction& rows) { rows.apply({{Space::events, due + "damaged", "\xff"}}); });
    EXPECT_NE(submit("one"), "");
    const auto invocation = next();
    ASSERT_TRUE(invocation);
    EXPECT_EQ(invocation->payload, "one");
    ASSERT_TRUE(world_->invoker.answer(process(), invocation->request_id, "{}"));
    EXPECT_TRUE(eventually([this] { return rows().empty(); }));
}

TEST_F(EventQueueTest, ThreeTriesWithOneRequestIdThenItIsDropped) {
    const std::string request_id = submit("one");
    for (const Milliseconds pause : {Milliseconds{60000}, Milliseconds{120000}}) {
        const auto invocation = next();
        ASSERT_TRUE(invocation);
        EXPECT_EQ(invocation->request_id, request_id);
        fail(*invocation);
        ASSERT_TRUE(is_put_off_by(pause));
        world_->queue.run_due();  // not yet
        clock_.advance(pause);
        world_->queue.run_due();
    }
    const auto last = next();
    ASSERT_TRUE(last);
    EXPECT_EQ(last->payload, "one");
    EXPECT_EQ(last->request_id, request_id);
    fail(*last);
    EXPECT_TRUE(eventually([this] { return rows().empty(); }));
}

TEST_F(EventQueueTest, ItSurvivesTheServerWithItsTries) {
    (void)submit("one");
    const auto first = next();
    ASSERT_TRUE(first);
    fail(*first);
    ASSERT_TRUE(is_put_off_by(60000ms));
    clock_.advance(60s);
    restart();
    const auto second = next();  // the server ends while this is under way: that is nobody's failure
    ASSERT_TRUE(second);
    restart();
    const auto again = next();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->payload, "one");
    fail(*again);
    EXPECT_TRUE(is_put_off_by(120000ms));
}

TEST_F(EventQueueTest, WhatIsUnderWayIsNotRunTwice) {
    (void)submit("one");
    const auto invocation = next();
    ASSERT_TRUE(invocation);
    const std::string first = process();
    for (int i = 0; i < 3; ++i) world_->queue.run_due();
    ASSERT_TRUE(world_->invoker.answer(first, invocation->request_id, "{}"));
    ASSERT_TRUE(eventually([this] { return rows().empty(); }));
    (void)submit("two");
    const auto second = next();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->payload, "two");
}

TEST_F(EventQueueTest, AConfigSaysHowOftenAndWhereTo) {
    change([this](store::Transaction& rows) {
        functions::EventInvokeConfig config;
        config.retries = 0;
        config.on_failure = "arn:aws:lambda:us-east-1:000000000000:function:other";
        const functions::Reference f{.name = "f", .qualifier = {}, .account = {}, .region = {}};
        rows.apply(functions::put_event_invoke_config(rows, f, config, clock_.now())->writes);
    });
    (void)submit(R"({"a":1})");
    const auto invocation = next();
    ASSERT_TRUE(invocation);
    ASSERT_TRUE(world_->invoker.fail(process(), invocation->request_id,
                                     {.message = "broken", .type = "Error", .data = {}, .stack_trace = {}}));
    ASSERT_TRUE(eventually([this] {
        const auto there = rows();
        return there.size() == 1 && there[0].value.find("RetriesExhausted") != std::string::npos;
    }));
    const auto event = boost::json::parse(rows()[0].value);
    EXPECT_EQ(event.at("function"), "other");
    const auto record = boost::json::parse(event.at("payload").as_string());
    EXPECT_EQ(record.at("requestPayload").at("a"), 1);
    EXPECT_EQ(record.at("requestContext").at("approximateInvokeCount"), 1);
    EXPECT_EQ(record.at("requestContext").at("functionArn"),
              "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST");
    EXPECT_EQ(record.at("responseContext").at("functionError"), "Unhandled");
    EXPECT_EQ(record.at("responsePayload").at("errorMessage"), "broken");
}

// The config was checked against the role of whatever version there was then.
TEST_F(EventQueueTest, AnOutcomeGoesWhereTheRoleOfWhatWasInvokedLetsItGo) {
    const std::string other = "arn:aws:lambda:us-east-1:000000000000:function:other";
    const std::string topic = "arn:aws:sns:us-east-1:000000000000:letters";
    change([&](store::Transaction& rows) {
        functions::EventInvokeConfig config;
        config.retries = 0;
        config.on_failure = other;
        const functions::Reference f{.name = "f", .qualifier = {}, .account = {}, .region = {}};
        rows.apply(functions::put_event_invoke_config(rows, f, config, clock_.now())->writes);
        auto function = *functions::resolve(rows, f, "us-east-1", "000000000000");
        function.role_arn = "weak";
        function.dead_letter_arn = topic;
        rows.apply(functions::update_function(rows, function, clock_.now(), "weaker")->writes);
    });
    (void)submit("one");
    const auto invocation = next();
    ASSERT_TRUE(invocation);
    fail(*invocation);
    ASSERT_TRUE(eventually([this] { return rows().empty(); }));
    const std::string why = "ERROR The outcome of an asynchronous invocation could not be sent to its destination: ";
    EXPECT_TRUE(eventually([&] { return world_->logs.has_line(why + "weak may not send to " + other); }));
    EXPECT_TRUE(eventually([&] { return world_->logs.has_line(why + "weak may not send to " + topic); }));
}

TEST_F(EventQueueTest, AnEventThatGrewTooOldIsNotTriedAgain) {
    change([this](store::Transaction& rows) {
        functions::EventInvokeConfig config;
        config.age_seconds = 100;
        const functions::Reference f{.name = "f", .qualifier = {}, .account = {}, .region = {}};
        rows.apply(functions::put_event_invoke_config(rows, f, config, clock_.now())->writes);
    });
    (void)submit("one");
    const auto first = next();
    ASSERT_TRUE(first);
    fail(*first);
    ASSERT_TRUE(is_put_off_by(60000ms)) << "in a minute it is not too old yet";
    clock_.advance(60s);
    world_->queue.run_due();
    const auto second = next();
    ASSERT_TRUE(second);
    fail(*second);
    EXPECT_TRUE(eventually([this] { return rows().empty(); })) << "in two minutes more it would be";
}

TEST_F(EventQueueTest, WhatWaitsForAFunctionKeepsTheOthersFromNothing) {
    create("off");
    let_wait(300);
    EXPECT_NE(submit("one"), "");
    const auto invocation = next();
    ASSERT_TRUE(invocation);
    EXPECT_EQ(invocation->payload, "one");
    ASSERT_TRUE(world_->invoker.answer(process(), invocation->request_id, "{}"));
    EXPECT_TRUE(eventually([this] { return rows().size() == 300; }));
}

TEST_F(EventQueueTest, EveryOneThatWaitedHasItsTurn) {
    world_->concurrency.reserve("f", 0);
    for (int i = 0; i < 300; ++i) (void)submit("{}");
    world_->concurrency.reserve("f", 1);
    for (int i = 0; i < 300; ++i) {
        const auto invocation = next();
        ASSERT_TRUE(invocation) << i;
        ASSERT_TRUE(world_->invoker.answer(process(), invocation->request_id, "{}"));
        clock_.advance(1ms);
    }
    EXPECT_TRUE(eventually([this] { return rows().empty(); }));
}

TEST_F(EventQueueTest, WhatWaitsIsNotReadAgain) {
    create("off");
    let_wait(200, std::string(10000, 'x'));
    for (int i = 0; i < 5; ++i) {
        clock_.advance(1s);
        run();
    }
    store_->bytes = 0;
    EXPECT_NE(submit("{}", "off"), "");
    clock_.advance(1s);
    run();
    EXPECT_LT(store_->bytes, 10000U);
}

TEST_F(EventQueueTest, WhatWaitsGrowsOldToo) {
    create("off");
    functions::EventInvokeConfig config;
    config.age_seconds = 100;
    config.on_failure = "arn:aws:lambda:us-east-1:000000000000:function:f";
    configure("off", config);
    world_->concurrency.reserve("f", 1);
    let_wait(140);
    clock_.advance(98s);
    run();
    EXPECT_EQ(rows().size(), 140U);
    clock_.advance(3s);
    run();
    for (int i = 0; i < 140; ++i) {
        const auto told = next();
        ASSERT_TRUE(told) << i;
        EXPECT_NE(told->payload.find("EventAgeExceeded"), std::string::npos);
        ASSERT_TRUE(world_->invoker.answer(process(), told->request_id, "{}"));
        clock_.advance(1s);
        run();
    }
    EXPECT_TRUE(eventually([this] { return rows().empty(); }));
}

TEST_F(EventQueueTest, WhatWasAcceptedWhileTheClockWasAheadRunsNow) {
    world_->concurrency.reserve("f", 0);
    clock_.advance(48h);
    for (int i = 0; i < 40; ++i) EXPECT_NE(submit("one"), "");
    clock_.set_back(48h);
    restart(1);
    for (int i = 0; i < 40; ++i) {
        const auto invocation = next();
        ASSERT_TRUE(invocation);
        ASSERT_TRUE(world_->invoker.answer(process(), invocation->request_id, "{}"));
        clock_.advance(1ms);
    }
    EXPECT_TRUE(eventually([this] { return rows().empty(); }));
}

TEST_F(EventQueueTest, WhatWasUnderWayWhenTheClockWasSetBackRunsOnce) {
    world_->concurrency.reserve("f", 0);
    EXPECT_NE(submit("one"), "");
    clock_.set_back(48h);
    EXPECT_NE(submit("two"), "");
    run();
    world_->concurrency.reserve("f", 1);
    for (int i = 0; i < 2; ++i) {
        const auto invocation = next();
        ASSERT_TRUE(invocation);
        ASSERT_TRUE(world_->invoker.answer(process(), invocation->request_id, "{}"));
    }
    EXPECT_TRUE(eventually([this] { return rows().empty(); }));
    clock_.advance(49h);
    run();
    EXPECT_EQ(world_->invoker.load().queued, 0U);
}

TEST_F(EventQueueTest, WhatWaitsForRoomGoesWithItsFunction) {
    create("off");
    let_wait(200);
    change([](store::Transaction& rows) {
        rows.apply(*functions::delete_function(rows, {.name = "off", .qualifier = {}, .account = {}, .region = {}}));
    });
    world_->concurrency.forget("off");
    EXPECT_TRUE(eventually([this] { return rows().empty(); }));
    EXPECT_EQ(world_->invoker.load().queued, 0U);
    EXPECT_EQ(folder_.read("address"), "") << "nothing was started";
    create("off");
    EXPECT_NE(submit("new", "off"), "");
    const auto invocation = next();
    ASSERT_TRUE(invocation);
    EXPECT_EQ(invocation->payload, "new");
}

TEST_F(EventQueueTest, EventsOfADeletedFunctionGo) {
    (void)submit("one");
    world_.reset();
    change([](store::Transaction& rows) {
        rows.apply(*functions::delete_function(rows, {.name = "f", .qualifier = {}, .account = {}, .region = {}}));
    });
    ASSERT_EQ(rows().size(), 1U);
    restart();
    EXPECT_TRUE(eventually([this] { return rows().empty(); }));
}

}  // namespace
}  // namespace holdpoint::engine
