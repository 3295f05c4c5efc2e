// Retries: the exact pauses of each strategy, by what chance there is.
#include "durable/retry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "durable/step.hpp"
#include "sdk/jitter.hpp"

namespace durable::testing {
namespace {

using ::testing::ElementsAre;
using namespace std::chrono_literals;

/// Always the same chance.
class Always final : public holdpoint::Random {
public:
    /// A number of quarters, below four.
    explicit Always(std::uint64_t quarters) : bits_(quarters << 62U) {}
    [[nodiscard]] std::uint64_t next() override { return bits_; }

private:
    std::uint64_t bits_;
};

/// The seconds before each attempt until it gives up.
std::vector<long long> pauses(const RetryStrategy& strategy, std::uint64_t quarters = 0) {
    Always chance(quarters);
    const detail::JitterFrom jitter(chance);
    std::vector<long long> seconds;
    for (int attempt = 1; attempt < 100; ++attempt) {
        const RetryDecision pause = strategy(ErrorInfo{}, attempt);
        if (!pause) break;
        seconds.push_back(pause->count());
    }
    return seconds;
}

TEST(RetryPauses, GrowByAFactorToTheLongest) {
    EXPECT_THAT(pauses(retry::exponential({.attempts = 7, .jitter = Jitter::none})),
                ElementsAre(5, 10, 20, 40, 60, 60));
    EXPECT_THAT(pauses(retry::exponential({.attempts = 4, .initial = 3s, .rate = 1, .jitter = Jitter::none})),
                ElementsAre(3, 3, 3));
    EXPECT_THAT(pauses(retry::exponential({.attempts = 1})), ElementsAre());
    EXPECT_THAT(pauses(retry::exponential({.attempts = 2, .max = 0s, .jitter = Jitter::none})), ElementsAre(1));
}

TEST(RetryPauses, AreLeftToChanceAsTheirJitterSays) {
    EXPECT_THAT(pauses(retry::exponential(), 0), ElementsAre(1, 1, 1, 1, 1)) << "all of it, but a second at least";
    EXPECT_THAT(pauses(retry::exponential(), 1), ElementsAre(1, 3, 5, 10, 15));
    EXPECT_THAT(pauses(retry::exponential(), 2), ElementsAre(3, 5, 10, 20, 30));
    EXPECT_THAT(pauses(retry::exponential({.initial = 20s, .jitter = Jitter::half}), 0),
                ElementsAre(10, 20, 30, 30, 30));
    EXPECT_THAT(pauses(retry::exponential({.initial = 20s, .jitter = Jitter::half}), 2),
                ElementsAre(15, 30, 45, 45, 45));
    EXPECT_THAT(pauses(retry::exponential({.attempts = 2, .initial = 120s}), 3), ElementsAre(45))
        << "what is left to chance is what the longest pause leaves";
}

TEST(RetryPauses, GrowByTheSameTime) {
    EXPECT_THAT(pauses(retry::linear()), ElementsAre(1, 2, 3, 4, 5));
    const auto linear = [](Jitter jitter) {
        return retry::linear({.attempts = 5, .initial = 10s, .increment = 20s, .max = 45s, .jitter = jitter});
    };
    EXPECT_THAT(pauses(linear(Jitter::none)), ElementsAre(10, 30, 45, 45));
    EXPECT_THAT(pauses(linear(Jitter::full), 2), ElementsAre(5, 15, 23, 23));
}

TEST(RetryPauses, StayTheSame) {
    EXPECT_THAT(pauses(retry::fixed()), ElementsAre(5, 5, 5, 5));
    EXPECT_THAT(pauses(retry::fixed({.attempts = 3, .pause = 7s})), ElementsAre(7, 7));
    EXPECT_THAT(pauses(retry::fixed({.attempts = 2, .pause = 0s})), ElementsAre(1));
    EXPECT_THAT(pauses(retry::none()), ElementsAre());
}

TEST(RetryPauses, OfWhatHasAName) {
    EXPECT_THAT(pauses(retry::transient(), 0), ElementsAre(3, 5));
    EXPECT_THAT(pauses(retry::transient(), 2), ElementsAre(4, 8));
    EXPECT_THAT(pauses(retry::resource_availability(), 2), ElementsAre(3, 5, 10, 20));
    EXPECT_THAT(pauses(retry::critical()), ElementsAre(1, 2, 2, 3, 5, 8, 11, 17, 26));
}

TEST(RetryPauses, OfAConditionEndWithItsLastPoll) {
    const auto strategy = wait_strategy<int>(
        [](int n) { return n > 0; }, {.attempts = 4, .initial = 2s, .max = 5s, .rate = 2, .jitter = Jitter::none});
    EXPECT_EQ(strategy(1, 1), 2s);
    EXPECT_EQ(strategy(1, 2), 4s);
    EXPECT_EQ(strategy(1, 3), 5s);
    EXPECT_EQ(strategy(0, 4), std::nullopt) << "it holds";
    try {
        (void)strategy(1, 4);
        ADD_FAILURE() << "there is no fifth";
    } catch (const Error& error) {
        EXPECT_EQ(error.type(), "WaitForConditionExhausted");
        EXPECT_STREQ(error.what(), "the condition did not hold after 4 checks");
    }
}

TEST(RetryPauses, AreDrawnFromWhoeverGaveItsChanceLast) {
    const auto draw = [] { return retry::exponential({.initial = 40s})(ErrorInfo{}, 1); };
    Always half(2);
    Always quarter(1);
    const detail::JitterFrom outer(half);
    {
        const detail::JitterFrom inner(quarter);
        EXPECT_EQ(draw(), 10s);
    }
    EXPECT_EQ(draw(), 20s);
}

}  // namespace
}  // namespace durable::testing
