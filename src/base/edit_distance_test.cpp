#include "base/edit_distance.hpp"

#include <gtest/gtest.h>

namespace holdpoint {
namespace {

TEST(EditDistance, CountsWhatAFingerDoesWrong) {
    EXPECT_EQ(edit_distance("stack", "stack"), 0U);
    EXPECT_EQ(edit_distance("stakc", "stack"), 1U) << "two that changed places";
    EXPECT_EQ(edit_distance("stak", "stack"), 1U);
    EXPECT_EQ(edit_distance("stalk", "stack"), 1U);
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("abc", "xyz"), 3U);
}

}  // namespace
}  // namespace holdpoint
