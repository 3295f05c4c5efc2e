// Digests against the vectors of their RFCs.
#include "base/encoding.hpp"

#include <gtest/gtest.h>

namespace holdpoint {
namespace {

TEST(HmacSha256, IsThatOfRfc4231) {
    EXPECT_EQ(to_hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(to_hex(hmac_sha256(std::string(20, '\xaa'), std::string(50, '\xdd'))),
              "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    // A key longer than SHA-256's block is digested first.
    EXPECT_EQ(to_hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Base64, IsDecodedWhereItIsWhole) {
    for (const std::string bytes : {"", "a", "ab", "abc", "abcd"})
        EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
    for (const char* text : {"YQ", "YQ=", "YWJ", "YWJjZ", "====", "Y===", "YW J", "YWJ-"})
        EXPECT_EQ(base64_decode(text), std::nullopt) << text;
}

TEST(Utf8, WhatIsNoTextIsReplacedByteByByte) {
    EXPECT_EQ(as_utf8("caf\xe9 \xff"), "caf\xef\xbf\xbd \xef\xbf\xbd");
    EXPECT_EQ(as_utf8("caf\xc3\xa9 \xf0\x9f\x98\x80"), "caf\xc3\xa9 \xf0\x9f\x98\x80");
    EXPECT_EQ(as_utf8("cut \xf0\x9f\x98"), "cut \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    EXPECT_FALSE(is_utf8("\xed\xa0\x80")) << "half of a surrogate pair";
    EXPECT_TRUE(is_utf8(as_utf8("\xed\xa0\x80")));
    EXPECT_EQ(as_utf8(""), "");
}

}  // namespace
}  // namespace holdpoint
