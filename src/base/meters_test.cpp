// Meters count what they are given, in the right range.
#include "base/meters.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdpoint {
namespace {

TEST(Meters, AValueFallsIntoTheFirstRangeThatHoldsIt) {
    constexpr std::array<std::uint64_t, 3> kBounds{1, 10, 100};
    Histogram histogram(kBounds);
    for (const std::uint64_t value : {0UL, 1UL, 2UL, 10UL, 11UL, 100UL, 101UL, 5000UL}) histogram.observe(value);
    const auto reading = histogram.read();
    EXPECT_THAT(reading.counts, ::testing::ElementsAre(2, 2, 2, 2));
    EXPECT_EQ(reading.sum, 5225U);
}

TEST(Meters, CountersAddUp) {
    Counter counter;
    counter.add();
    counter.add(41);
    EXPECT_EQ(counter.value(), 42U);
}

}  // namespace
}  // namespace holdpoint
