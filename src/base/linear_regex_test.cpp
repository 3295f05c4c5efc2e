#include "base/linear_regex.hpp"

#include <gtest/gtest.h>

namespace holdpoint {
namespace {

TEST(LinearRegex, NeitherLengthNorRepetitionsWithinEachOtherAreAProblem) {
    const std::string longest(1UL << 20U, 'a');
    EXPECT_TRUE(std::regex_match(longest, linear_regex("(a|b)*")));
    EXPECT_FALSE(std::regex_match(std::string(100, 'a') + "!", linear_regex("(a+)+")));
}

TEST(LinearRegex, RefersBackToNothing) {
    try {
        (void)linear_regex(R"((a)\1)");
        ADD_FAILURE();
    } catch (const std::regex_error& error) {
        EXPECT_EQ(error.code(), std::regex_constants::error_complexity);
    }
}

}  // namespace
}  // namespace holdpoint
