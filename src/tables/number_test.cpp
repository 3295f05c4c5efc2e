// Numbers as DynamoDB has them: 38 digits, exponents from -130 to 125, in decimal.
#include "tables/number.hpp"

#include <gtest/gtest.h>

namespace holdpoint::tables {
namespace {

std::string read(std::string_view text) {
    const auto number = Number::parse(text);
    return number ? number->str() : number.error().message;
}

Number number(std::string_view text) {
    return Number::parse(text).value();
}

constexpr const char* kOverflow =
    "Number overflow. Attempting to store a number with magnitude larger than supported range";
constexpr const char* kUnderflow =
    "Number underflow. Attempting to store a number with magnitude smaller than supported range";

TEST(NumberTest, HasThirtyEightDigitsAndALimitedMagnitude) {
    const std::string most(38, '9');
    EXPECT_EQ(read(most), most);
    EXPECT_EQ(read("000" + most + ".000"), most) << "zeros at either end do not count";
    EXPECT_EQ(read(most + "9"), "Attempting to store more than 38 significant digits in a Number");
    EXPECT_EQ(read("9e125"), "9" + std::string(125, '0'));
    EXPECT_EQ(read("1e126"), kOverflow);
    EXPECT_EQ(read("1e-130"), "0." + std::string(129, '0') + "1");
    EXPECT_EQ(read("1e-131"), kUnderflow);
    EXPECT_EQ(read("-1e99999999999999999999"), kOverflow);
    EXPECT_EQ(read("1e-99999999999999999999"), kUnderflow);
    EXPECT_EQ(read("0e99999999999999999999"), "0");
}

TEST(NumberTest, AddsAndSubtractsInDecimal) {
    const auto sum = [](std::string_view a, std::string_view b) {
        const auto result = Number::add(number(a), number(b));
        return result ? result->str() : result.error().message;
    };
    EXPECT_EQ(sum("999", "1"), "1000");
    EXPECT_EQ(sum("0.1", "0.2"), "0.3");
    EXPECT_EQ(sum("-5", "3"), "-2");
    EXPECT_EQ(sum("5", "-3"), "2");
    EXPECT_EQ(sum("3", "-5"), "-2");
    EXPECT_EQ(sum("1000", "-1"), "999");
    EXPECT_EQ(sum("-1.5", "1.5"), "0");
    EXPECT_EQ(sum("9e125", "1e125"), kOverflow);
    EXPECT_EQ(sum("1e38", "1"), kOverflow) << "39 digits";
    EXPECT_EQ(Number::subtract(number("0"), number("0")).value(), Number::of(0)) << "there is one zero";
}

TEST(NumberTest, OrderIsThatOfItsKeys) {
    const std::vector<std::string> ordered = {"-1e125", "-100", "-10.5", "-10", "-2",  "-1",  "-0.1",
                                              "0",      "0.1",  "1",     "1.5", "100", "101", "1e125"};
    for (const std::string& a : ordered) {
        for (const std::string& b : ordered) {
            const auto expected = &a <=> &b;
            EXPECT_EQ(number(a) <=> number(b), expected) << a << " " << b;
            EXPECT_EQ(number(a).key_bytes() <=> number(b).key_bytes(), expected) << a << " " << b;
        }
    }
}

TEST(NumberTest, IsAWholeNumberAsFarAsThatGoes) {
    EXPECT_EQ(number("1000000000000000000").to_int64(), 1'000'000'000'000'000'000);
    EXPECT_EQ(number("-17.9").to_int64(), -17);
    EXPECT_EQ(number("9223372036854775807").to_int64(), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(number("9223372036854775808").to_int64(), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(number("-1e30").to_int64(), std::numeric_limits<std::int64_t>::min());
}

}  // namespace
}  // namespace holdpoint::tables
