#include "base/page_token.hpp"

#include <gtest/gtest.h>

namespace holdpoint {
namespace {

TEST(PageToken, LeadsBackToTheKeyInItsOwnListAlone) {
    const std::string key("a\0\xff z", 5);
    const std::string token = make_page_token("aliases/f", key);
    EXPECT_EQ(read_page_token("aliases/f", token), key);
    EXPECT_EQ(read_page_token("aliases/g", token), std::nullopt);
    EXPECT_EQ(read_page_token("versions/f", token), std::nullopt);
    for (const std::string& junk :
         {std::string("junk"), std::string("!"), std::string(), token + "=", "A" + token.substr(1)}) {
        EXPECT_EQ(read_page_token("aliases/f", junk), std::nullopt) << junk;
    }
}

TEST(PageToken, IsTheSameInEveryServer) {
    EXPECT_EQ(make_page_token("topics", "arn:aws:sns:us-east-1:000000000000:t"),
              "6nXSBA2TwyMFoDSsYXJuOmF3czpzbnM6dXMtZWFzdC0xOjAwMDAwMDAwMDAwMDp0");
}

}  // namespace
}  // namespace holdpoint
