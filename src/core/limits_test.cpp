// Limits as settings: each has a name, and what is no limit is refused.
#include "core/limits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdpoint::core {
namespace {

using ::testing::HasSubstr;

TEST(Limits, EachNameSetsItsOwn) {
    Limits limits;
    ASSERT_TRUE(set_limit(limits, "operations=100000"));
    EXPECT_EQ(limits.operations, 100'000);
    EXPECT_EQ(limits.operation_payload_bytes, Limits{}.operation_payload_bytes);
    for (const std::string_view name : limit_names()) EXPECT_TRUE(set_limit(limits, std::string(name) + "=7")) << name;
    EXPECT_EQ(limits.consecutive_failures, 7);
    EXPECT_EQ(limits.envelope_bytes, 7);
}

TEST(Limits, WhatIsNoneIsRefusedByName) {
    Limits limits;
    EXPECT_THAT(set_limit(limits, "operation=1").error().message, HasSubstr("got 'operation=1'; names are operation-"));
    EXPECT_THAT(set_limit(limits, "operations").error().message, HasSubstr("expected NAME=NUMBER"));
    for (const std::string_view bad : {"", "0", "-1", "1e3", "12x", "2000000001", "99999999999999999999"}) {
        const auto set = set_limit(limits, "operations=" + std::string(bad));
        ASSERT_FALSE(set) << bad;
        EXPECT_THAT(set.error().message, HasSubstr("operations: expected a whole number from 1 to 2000000000"));
    }
    EXPECT_EQ(limits.operations, Limits{}.operations);
}

}  // namespace
}  // namespace holdpoint::core
