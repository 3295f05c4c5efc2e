// Amounts: every amount comes back as it was written, and whatever else somebody writes is none.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "approvals/use_cases/amount.hpp"

namespace holdpoint::approvals {
namespace {

TEST(AmountProperties, EveryAmountIsReadAsItWasWritten) {
    EXPECT_TRUE(rc::check([] {
        const auto cents = *rc::gen::inRange<std::int64_t>(0, kCentsMax + 1);
        RC_ASSERT(parse_amount(format_amount(cents)) == cents);
        if (cents % 100 == 0) RC_ASSERT(parse_amount(std::to_string(cents / 100)) == cents);
    }));
}

TEST(AmountProperties, WhatIsReadIsWhatWasWrittenAndNothingElse) {
    EXPECT_TRUE(rc::check([] {
        const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("0123456789..,-+ eE€x")));
        const auto cents = parse_amount(text);
        if (!cents) return;
        RC_ASSERT(*cents >= 0 && *cents <= kCentsMax);
        RC_ASSERT(format_amount(*cents) == text || format_amount(*cents) == text + ".00");
    }));
}

}  // namespace
}  // namespace holdpoint::approvals
