// Schedules over a memory store: what is due becomes an event that is kept, once.
#include "engine/schedules.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "engine/test_kit.hpp"
#include "functions/registry.hpp"
#include "functions/schedules.hpp"

namespace holdpoint::engine {
namespace {

using namespace test;

/// Never answers.
class Hands final : public Workforce {
public:
    void invoke(Work work) override {
        arns.put(work.invoked_arn);
        work.begin("id", [&](const std::optional<std::string>& payload) { payloads.put(payload.value_or("")); });
    }
    Box<std::string> arns;
    Box<std::string> payloads;
};

class SchedulesTest : public ::testing::Test {
protected:
    SchedulesTest() {
        const auto transaction = store_->begin();
        functions::Function function;
        function.name = "f";
        function.executable = "f";
        function.code_sha256 = "code";
        function.log_group = "/aws/lambda/f";
        transaction->apply(functions::create_function(*transaction, function, clock_.now(), "revision")->writes);
        transaction->apply({functions::put_schedule({.name = "app-tick",
                                                     .function = "f",
                                                     .qualifier = "",
                                                     .every = 60s,
                                                     .input = "",
                                                     .next_at = clock_.now() + 60s})});
        transaction->commit();
    }
    ~SchedulesTest() override { writer_.stop(); }

    std::size_t events() const { return store_->snapshot()->scan(Space::events, {}, {}, SIZE_MAX).size(); }
    /// Until everything before has been committed.
    void settle() {
        Box<int> done;
        writer_.submit([&](store::Transaction&, TimePoint) -> AfterCommit { return [&] { done.put(1); }; });
        ASSERT_TRUE(done.take());
    }

    SharedClock clock_;
    SystemRandom random_;
    std::unique_ptr<store::Store> store_ = store::make_memory_store();
    Writer writer_{clock_, *store_};
    Hands hands_;
    EventQueue queue_{random_,      writer_,     hands_,        [](const functions::Function&, const std::string&) {},
                      may_send_all, "us-east-1", "000000000000"};
    Schedules schedules_{random_, writer_, queue_, "us-east-1", "000000000000"};
};

TEST_F(SchedulesTest, WhatIsDueIsInvokedOnceAndKeptUntilItIsDone) {
    schedules_.run_due();
    settle();
    EXPECT_EQ(events(), 0U) << "not yet";
    clock_.advance(60s);
    schedules_.run_due();
    schedules_.run_due();
    const auto payload = hands_.payloads.take();
    ASSERT_TRUE(payload);
    const auto event = boost::json::parse(*payload);
    EXPECT_EQ(event.at("source").as_string(), "aws.events");
    EXPECT_EQ(event.at("resources").at(0).as_string(), "arn:aws:events:us-east-1:000000000000:rule/app-tick");
    settle();
    EXPECT_EQ(events(), 1U);
    EXPECT_EQ(functions::find_schedule(*store_->snapshot(), "app-tick")->next_at, clock_.now() + 60s);
}

TEST_F(SchedulesTest, TheVersionIsInvokedThatItNamesWithTheInputThatItHas) {
    Box<int> written;
    writer_.submit([&](store::Transaction& rows, TimePoint now) -> AfterCommit {
        rows.apply(functions::publish_version(rows, "f", "", now, "published")->writes);
        rows.apply({functions::put_schedule({.name = "other",
                                             .function = "f",
                                             .qualifier = "1",
                                             .every = 60s,
                                             .input = R"({"a":1})",
                                             .next_at = now})});
        return [&] { written.put(1); };
    });
    ASSERT_TRUE(written.take());
    schedules_.run_due();
    EXPECT_EQ(hands_.arns.take(), "arn:aws:lambda:us-east-1:000000000000:function:f:1");
    EXPECT_EQ(hands_.payloads.take(), R"({"a":1})");
}

}  // namespace
}  // namespace holdpoint::engine
