// What a request has against the service's model, in AWS's words.
#include "base/violations.hpp"

#include <gtest/gtest.h>

namespace holdpoint {
namespace {

// A description in Greek or Japanese was too long at a half or a third of what AWS takes.
TEST(ViolationsTest, ALengthIsOfCharacters) {
    Violations violations;
    violations.length("description", "\u00e9\u65e5\U0001F600", 3, 3);
    EXPECT_TRUE(violations.result());
    violations.length("description", "\u00e9\u65e5", 3, 3);
    violations.length("description", "abcd", 0, 3);
    EXPECT_EQ(
        violations.result().error().message,
        "2 validation errors detected: Value '\u00e9\u65e5' at 'description' failed to satisfy constraint: Member "
        "must have length greater than or equal to 3; Value 'abcd' at 'description' failed to satisfy constraint: "
        "Member must have length less than or equal to 3");
}

TEST(ViolationsTest, Base64HasCharactersBeforeItsPadding) {
    for (const char* text : {"a", "ab+/", "YQ==", "YWI="}) EXPECT_TRUE(is_base64(text)) << text;
    for (const char* text : {"", "=", "==", "YQ===", "Y=Q", "Y-_", "YQ== "}) EXPECT_FALSE(is_base64(text)) << text;
}

}  // namespace
}  // namespace holdpoint
