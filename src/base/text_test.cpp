#include "base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

namespace holdpoint {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(ReadNumber, TheWholeTextIsANumberThatFitsOrThereIsNone) {
    EXPECT_EQ(read_number<std::int64_t>("-9223372036854775808"), INT64_MIN);
    EXPECT_EQ(read_number<std::uint64_t>("0000000000ff", 16), 255U);
    EXPECT_EQ(read_number<double>("1.5e2"), 150.0);
    for (const char* text : {"", " 1", "1 ", "+1", "0x10", "1.0", "9223372036854775808", "eleven"}) {
        EXPECT_FALSE(read_number<std::int64_t>(text)) << text;
    }
    EXPECT_FALSE(read_number<unsigned>("-1"));
    EXPECT_FALSE(read_number<double>("1.5e2", std::chars_format::fixed));
}

TEST(LetterCase, IsThatOfAsciiAlone) {
    EXPECT_EQ(lower_case("X-Amz-Date: \xc3\x84 [Z]"), "x-amz-date: \xc3\x84 [z]");
    EXPECT_TRUE(equal_ignoring_case("Content-TYPE", "content-type"));
    EXPECT_FALSE(equal_ignoring_case("content-type", "content-types"));
    EXPECT_FALSE(equal_ignoring_case("a[", "a{")) << "32 apart, but no letters";
}

TEST(DecodeQuery, NamesAndValuesInOrder) {
    EXPECT_THAT(decode_query("b=1+2&&a=x%3Dy&c&b=&=d&"),
                ElementsAre(Pair("b", "1 2"), Pair("a", "x=y"), Pair("c", ""), Pair("b", ""), Pair("", "d")));
    EXPECT_THAT(decode_query(""), ElementsAre());
}

TEST(XmlEscape, NothingEndsTheTextOrTheAttribute) {
    EXPECT_EQ(xml_escape("<a href=\"x\">&'\r\n\t"), "&lt;a href=&quot;x&quot;&gt;&amp;'&#xD;\n\t");
    EXPECT_EQ(xml_escape(std::string_view("\x00\x1b", 2)), "\xef\xbf\xbd\xef\xbf\xbd");
    EXPECT_EQ(xml_escape("caf\xc3\xa9"), "caf\xc3\xa9");
    EXPECT_EQ(xml_escape("a\xef\xbf\xbf<\xef\xbf\xbe"), "a\xef\xbf\xbd&lt;\xef\xbf\xbd");
    EXPECT_EQ(xml_escape("\xef\xbf\xbd\xef\xbf\xbc"), "\xef\xbf\xbd\xef\xbf\xbc") << "their neighbours stay";
}

}  // namespace
}  // namespace holdpoint
