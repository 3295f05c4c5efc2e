// How asynchronous invocations end, and who hears of it. The test plays the processes.
#include <gtest/gtest.h>

#include "engine/event_queue.hpp"
#include "engine/test_server.hpp"
#include "functions/event_invoke_config.hpp"
#include "functions/registry.hpp"
#include "topics/subscriptions.hpp"
#include "topics/topics.hpp"

namespace holdpoint::engine {
namespace {

using namespace test;

class EventEnds : public QueueTest {
protected:
    EventEnds() {
        command([this](store::Transaction& rows) {
            const auto topic = topics::create_topic(rows, {.region = "us-east-1", .account = "000000000000"},
                                                    {.name = "letters", .attributes = {}}, clock_.now())
                                   .value();
            rows.apply(topic.writes);
            const topics::Subscribe request{.topic_arn = topic.answer,
                                            .protocol = "lambda",
                                            .endpoint = "arn:aws:lambda:us-east-1:000000000000:function:f",
                                            .attributes = {}};
            rows.apply(topics::subscribe(rows, request, "000000000000", clock_.now(), "nonce")->writes);
            functions::Function function;
            function.name = "f";
            function.executable = "f";
            function.code_sha256 = "code";
            function.tenant_isolation = true;
            function.dead_letter_arn = topic.answer;
            rows.apply(functions::create_function(rows, function, clock_.now(), "revision")->writes);
            functions::EventInvokeConfig config;
            config.retries = 1;
            rows.apply(functions::put_event_invoke_config(rows, f_, config, clock_.now())->writes);
        });
        queue_.submit({.function = f_, .tenant_id = "blue", .payload = "{}"}, [](const std::string&) {});
        run();
    }

    /// A process takes the last one.
    std::optional<std::string> begin_last() { return begin(workforce_.works.size() - 1); }
    void end_last(std::optional<wire::ErrorObject> error = {}) { end(workforce_.works.size() - 1, std::move(error)); }
    void pass(Milliseconds time) {
        clock_.advance(time);
        look();
    }

    const functions::Reference f_{.name = "f", .qualifier = {}, .account = {}, .region = {}};
    const wire::ErrorObject error_{.message = "no", .type = "E", .data = {}, .stack_trace = {}};
};

TEST_F(EventEnds, WhatSucceedsIsNoDeadLetter) {
    ASSERT_EQ(workforce_.works.size(), 1U);
    EXPECT_EQ(workforce_.works.back().tenant_id, "blue");
    EXPECT_EQ(begin_last(), "{}");
    end_last();
    EXPECT_EQ(count(Space::events), 0U);
    EXPECT_EQ(count(Space::deliveries), 0U);
}

TEST_F(EventEnds, WhatFailsIsTriedAgainAndThenADeadLetter) {
    (void)begin_last();
    end_last(error_);
    EXPECT_EQ(count(Space::events), 1U);
    EXPECT_EQ(count(Space::deliveries), 0U);
    pass(59s);
    EXPECT_EQ(workforce_.works.size(), 1U);
    pass(1s);
    ASSERT_EQ(workforce_.works.size(), 2U);
    EXPECT_EQ(workforce_.works.back().tenant_id, "blue");
    (void)begin_last();
    end_last(error_);
    EXPECT_EQ(count(Space::events), 0U);
    EXPECT_EQ(count(Space::deliveries), 1U);
}

// Its process ended before it got its work: that is a try that failed, whatever has become of the function since.
TEST_F(EventEnds, WhatHasBegunIsNotGivenUp) {
    EXPECT_EQ(begin_last(), "{}");
    pass(7h);
    EXPECT_EQ(begin_last(), "{}");
    EXPECT_EQ(count(Space::events), 1U);
    end_last();
    EXPECT_EQ(count(Space::events), 0U);
    EXPECT_EQ(count(Space::deliveries), 0U);
}

TEST_F(EventEnds, WhatNobodyBeganInTimeIsGivenUp) {
    pass(7h);
    EXPECT_EQ(count(Space::events), 0U);
    EXPECT_EQ(count(Space::deliveries), 1U);
    EXPECT_EQ(begin_last(), std::nullopt);
    EXPECT_EQ(count(Space::deliveries), 1U);
}

// A function that is its own destination would get all that it got before, and more each time.
TEST_F(EventEnds, AnOutcomeIsNoLargerThanAnEventMayBe) {
    end_last();
    command([this](store::Transaction& rows) {
        functions::EventInvokeConfig config;
        config.on_success = "arn:aws:lambda:us-east-1:000000000000:function:f";
        rows.apply(functions::put_event_invoke_config(rows, f_, config, clock_.now())->writes);
    });
    const auto outcomes_of = [this](std::size_t bytes) {
        clock_.advance(1ms);  // events of one millisecond have no order
        const std::size_t before = count(Space::events);
        queue_.submit({.function = f_, .payload = '"' + std::string(bytes, 'x') + '"'}, [](const std::string&) {});
        run();
        (void)begin_last();
        end_last();
        return count(Space::events) - before;
    };
    EXPECT_EQ(outcomes_of(kEventBytesMax - 1000), 1U);
    EXPECT_EQ(outcomes_of(kEventBytesMax - 2), 0U);
}

}  // namespace
}  // namespace holdpoint::engine
