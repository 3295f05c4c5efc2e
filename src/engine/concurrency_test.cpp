// Reserved concurrency: who is refused, who waits, and that every end makes room.
#include "engine/concurrency.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace holdpoint::engine {
namespace {

/// Takes work and lets the test end it.
class Hands final : public Workforce {
public:
    void invoke(Work work) override { taken.push_back(std::move(work)); }
    std::vector<Work> taken;
};

class ConcurrencyTest : public ::testing::Test {
protected:
    Work work(bool synchronous) {
        Work made;
        made.function.name = "f";
        if (synchronous) made.start_by = Milliseconds{0};
        made.begin = [](const std::string&, const auto& proceed) { proceed("{}"); };
        made.done = [this](const InvocationResult& result) {
            results_.push_back(result.error ? result.error->data.value_or(result.error->message.value_or("")) : "ok");
        };
        return made;
    }
    void end(std::size_t which) { hands_.taken.at(which).done({.body = "{}", .error = {}, .log_tail = {}}); }

    Hands hands_;
    Concurrency concurrency_{hands_};
    std::vector<std::string> results_;
};

TEST_F(ConcurrencyTest, WithoutAReservationEverythingGoesThrough) {
    for (int i = 0; i < 5; ++i) concurrency_.invoke(work(true));
    EXPECT_EQ(hands_.taken.size(), 5U);
}

TEST_F(ConcurrencyTest, WhoeverWaitsForAnAnswerIsRefusedAndEventsWait) {
    concurrency_.reserve("f", 1);
    concurrency_.invoke(work(true));
    concurrency_.invoke(work(true));
    EXPECT_EQ(results_, std::vector<std::string>{std::string(kReservedLimitExceeded)});
    concurrency_.invoke(work(false));
    EXPECT_EQ(hands_.taken.size(), 1U);
    end(0);
    EXPECT_EQ(hands_.taken.size(), 2U) << "the event's turn";
    end(1);
    concurrency_.invoke(work(true));
    EXPECT_EQ(hands_.taken.size(), 3U);
}

TEST_F(ConcurrencyTest, SaysWhetherThereIsRoom) {
    EXPECT_FALSE(concurrency_.is_full("f"));
    concurrency_.reserve("f", 1);
    EXPECT_FALSE(concurrency_.is_full("f"));
    concurrency_.invoke(work(false));
    EXPECT_TRUE(concurrency_.is_full("f"));
    end(0);
    EXPECT_FALSE(concurrency_.is_full("f"));
    concurrency_.reserve("f", 0);
    EXPECT_TRUE(concurrency_.is_full("f"));
}

TEST_F(ConcurrencyTest, WorkWithNothingToDoMakesRoomToo) {
    concurrency_.reserve("f", 1);
    Work idle = work(false);
    idle.begin = [](const std::string&, const auto& proceed) { proceed(std::nullopt); };
    concurrency_.invoke(std::move(idle));
    concurrency_.invoke(work(false));
    ASSERT_EQ(hands_.taken.size(), 1U);
    hands_.taken[0].begin("r", [](const std::optional<std::string>& payload) { EXPECT_FALSE(payload); });
    EXPECT_EQ(hands_.taken.size(), 2U);
}

// Its process may end while it begins.
TEST_F(ConcurrencyTest, WhatEndsTwiceMakesRoomOnce) {
    concurrency_.reserve("f", 2);
    for (int i = 0; i < 4; ++i) concurrency_.invoke(work(false));
    ASSERT_EQ(hands_.taken.size(), 2U);
    const Work first = hands_.taken[0];
    first.done({});
    first.done({});
    EXPECT_EQ(hands_.taken.size(), 3U);
}

TEST_F(ConcurrencyTest, ZeroIsOffUntilItIsLifted) {
    concurrency_.reserve("f", 0);
    concurrency_.invoke(work(true));
    concurrency_.invoke(work(false));
    EXPECT_TRUE(hands_.taken.empty());
    EXPECT_EQ(results_.size(), 1U);
    concurrency_.reserve("f", std::nullopt);
    EXPECT_EQ(hands_.taken.size(), 1U);
}

TEST_F(ConcurrencyTest, WhatWaitsForADeletedFunctionIsNotMade) {
    concurrency_.reserve("f", 0);
    Work unwanted = work(false);
    unwanted.begin = [](const std::string&, const auto& proceed) { proceed(std::nullopt); };
    concurrency_.invoke(std::move(unwanted));
    concurrency_.invoke(work(false));
    concurrency_.forget("f");
    EXPECT_TRUE(hands_.taken.empty());
    EXPECT_EQ(results_, std::vector<std::string>{"f was deleted."}) << "who still wanted it hears that it failed";
    EXPECT_FALSE(concurrency_.reserved("f"));
    concurrency_.invoke(work(true));
    EXPECT_EQ(hands_.taken.size(), 1U) << "the next one of this name has no limit";
}

TEST_F(ConcurrencyTest, WhatIsUnderWayWhenItsFunctionIsDeletedEndsAsItDoes) {
    concurrency_.reserve("f", 1);
    concurrency_.invoke(work(false));
    concurrency_.forget("f");
    EXPECT_FALSE(concurrency_.reserved("f")) << "the next one of this name has no limit";
    concurrency_.reserve("f", 1);
    EXPECT_TRUE(concurrency_.is_full("f"));
    end(0);
    EXPECT_FALSE(concurrency_.is_full("f"));
}

}  // namespace
}  // namespace holdpoint::engine
