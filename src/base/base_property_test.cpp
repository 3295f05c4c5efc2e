#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "base/rows.hpp"

namespace holdpoint {

RC_GTEST_PROP(Encoding, Base64RoundTrips, (const std::string& bytes)) {
    RC_ASSERT(base64_decode(base64_encode(bytes)) == bytes);
}

RC_GTEST_PROP(Encoding, PercentEncodingRoundTrips, (const std::string& bytes)) {
    RC_ASSERT(percent_decode(percent_encode(bytes)) == bytes);
}

TEST(Clock, HttpDatesAreWrittenAsTheRfcHasThem) {
    EXPECT_EQ(to_http_date(from_epoch_ms(784111777000)), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(to_http_date(from_epoch_ms(1709164800999)), "Thu, 29 Feb 2024 00:00:00 GMT");
}

TEST(Clock, PartsOfAnIso8601TimeHaveNoSign) {
    EXPECT_TRUE(parse_iso8601("2026-11-23T20:33:00-01:00"));
    for (const std::string text : {"2026-11-23T-1:00:00Z", "-123-11-23T00:00:00Z", "2026-11-23T00:-5:00Z",
                                   "2026-11-23T00:00:-1Z", "2026-11-23T00:00:00+-1:00", "2026-11-23T00:00:00--100"}) {
        EXPECT_FALSE(parse_iso8601(text)) << text;
    }
}

TEST(Clock, AnIso8601TimeIsOneThatThereIs) {
    EXPECT_EQ(parse_iso8601("2026-11-23T23:59:59.5Z").value(), parse_iso8601("2026-11-23T23:59:59.500Z").value());
    for (const std::string text : {"2026-11-23T24:00:00Z", "2026-11-23T20:60:00Z", "2026-11-23T20:33:61Z",
                                   "2026-02-30T00:00:00Z", "2026-11-23T20:33:00.Z", "2026-11-23T20:33:00"}) {
        EXPECT_FALSE(parse_iso8601(text)) << text;
    }
}

RC_GTEST_PROP(Clock, Iso8601RoundTrips, ()) {
    const auto at = from_epoch_ms(*rc::gen::inRange<long long>(0, 4102444800000));
    RC_ASSERT(parse_iso8601(to_iso8601(at)).value() == at);
}

RC_GTEST_PROP(Rows, KeysOrderAsTheirParts,
              (const std::pair<std::string, std::string>& a, const std::pair<std::string, std::string>& b)) {
    const auto key = [](const auto& parts) {
        std::string text;
        append_key_part(text, parts.first);
        append_key_part(text, parts.second);
        return text;
    };
    // std::string compares as unsigned bytes (char_traits<char>::lt), as the store does.
    RC_ASSERT((key(a) < key(b)) == (a < b));
    std::string whole = key(a);
    std::string_view rest = whole;
    RC_ASSERT(take_key_part(rest) == a.first);
    RC_ASSERT(take_key_part(rest) == a.second);
    RC_ASSERT(rest.empty());
}

}  // namespace holdpoint
