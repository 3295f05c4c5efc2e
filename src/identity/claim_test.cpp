// What a request claims about who signed it, and what of it is refused.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "identity/sigv4.hpp"

namespace holdpoint::identity {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

const TimePoint kAt = parse_iso8601("2015-08-30T12:36:00Z").value();
const Credentials kKey{.access_key_id = "AKIDEXAMPLE", .secret_access_key = "secret", .session_token = {}};

Headers signed_headers(Headers headers, std::string_view target = "/", std::string_view body = "") {
    const Headers added = sign({"POST", target, headers, body}, kKey, "us-east-1", "sns", kAt);
    headers.insert(headers.end(), added.begin(), added.end());
    return headers;
}

Result<void> check(const SignedRequest& request, const Credentials& credentials = kKey, TimePoint now = kAt) {
    const auto claim = read_claim(request);
    if (!claim) return std::unexpected(claim.error());
    return check_signature(request, *claim, credentials, now);
}

TEST(Claim, IsRefusedWithAnotherSecret) {
    const Headers headers = signed_headers({{"Host", "here"}});
    const SignedRequest request{"POST", "/", headers, ""};
    EXPECT_TRUE(check(request));
    Credentials other = kKey;
    other.secret_access_key = "another";
    EXPECT_EQ(check(request, other).error().name, "SignatureDoesNotMatch");
}

// Else what was signed with the key of one day would be good on another.
TEST(Claim, IsOfTheDayOfItsScope) {
    Headers headers = signed_headers({{"Host", "here"}});
    for (auto& [name, value] : headers) {
        if (name == "X-Amz-Date") value = "20150831T123600Z";
    }
    EXPECT_THAT(check({"POST", "/", headers, ""}, kKey, kAt + 24h).error().message,
                HasSubstr("'20150830' != '20150831'"));
}

TEST(Claim, IsRefusedWhenTheDigestThatItStatesIsOfAnotherBody) {
    const Headers headers = signed_headers({{"Host", "here"}, {"X-Amz-Content-Sha256", to_hex(sha256("a"))}});
    EXPECT_TRUE(check({"POST", "/", headers, "a"}));
    EXPECT_THAT(check({"POST", "/", headers, "b"}).error().message, HasSubstr("does not match the body"));
}

TEST(Claim, IsReadFromOneAuthorizationHeaderOfOneAlgorithm) {
    Headers headers = signed_headers({{"Host", "here"}});
    std::string& authorization = headers.back().second;
    const std::string whole = authorization;
    authorization.insert(whole.find("/aws4_request"), "/more");
    EXPECT_THAT(check({"POST", "/", headers, ""}).error().message, HasSubstr("exactly 5 slash-delimited elements"));
    authorization = whole;
    authorization.insert(whole.find(' '), "X");
    EXPECT_THAT(check({"POST", "/", headers, ""}).error().message, HasSubstr("Unsupported AWS 'algorithm'"));
    authorization = whole;
    headers.emplace_back("authorization", whole);
    EXPECT_THAT(check({"POST", "/", headers, ""}).error().message, HasSubstr("must be given once"));
}

TEST(Claim, OfAUrlHasEveryPartAndEndsInTime) {
    std::string parts[] = {"X-Amz-Algorithm=AWS4-HMAC-SHA256",
                           "X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fr%2Fs%2Faws4_request",
                           "X-Amz-Date=20150830T123600Z",
                           "X-Amz-Expires=3600",
                           "X-Amz-SignedHeaders=host",
                           "X-Amz-Security-Token=token",
                           "X-Amz-Signature=0"};
    const Headers headers = {{"Host", "here"}};
    const auto read = [&](std::string_view left_out = "none") {
        std::string target = "/?";
        for (const std::string& part : parts) {
            if (!part.starts_with(left_out)) target += part + "&";
        }
        return read_claim({"GET", target, headers, ""});
    };
    EXPECT_EQ(read()->session_token, "token");
    for (const std::string needed : {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders"})
        EXPECT_EQ(read(needed).error().message, "AWS query-string parameters must include " + needed + ".");
    EXPECT_THAT(check_signature({"GET", "/", headers, ""}, *read(), kKey, kAt + 16min).error().message,
                HasSubstr("Signature expired"))
        << "fifteen minutes, whatever it says";
    for (const std::string wrong : {"0", "604801", "-1", "x"}) {
        parts[3] = "X-Amz-Expires=" + wrong;
        EXPECT_THAT(read().error().message, HasSubstr("from 1 to 604800")) << wrong;
    }
    parts[3] = "X-Amz-Expires=604800";
    EXPECT_TRUE(read());
    parts[0] = "X-Amz-Algorithm=AWS4-HMAC-SHA1";
    EXPECT_THAT(read().error().message, HasSubstr("X-Amz-Algorithm must be AWS4-HMAC-SHA256"));
}

TEST(StatedClaim, IsOfTheSessionWhoseTokenItHas) {
    const Credentials session{.access_key_id = "ASIA", .secret_access_key = "s", .session_token = "token"};
    const auto claim = read_stated_claim(state(session, "us-east-1", "sns"));
    ASSERT_TRUE(claim);
    EXPECT_EQ(claim->access_key_id, "ASIA");
    EXPECT_EQ(claim->service, "sns");
    EXPECT_TRUE(is_stated_by(*claim, session));
    EXPECT_FALSE(is_stated_by(*claim, {.access_key_id = "ASIA", .secret_access_key = "s", .session_token = "other"}));
    const auto key = read_stated_claim(state(kKey, "us-east-1", "sns"));
    ASSERT_TRUE(key);
    EXPECT_FALSE(is_stated_by(*key, kKey)) << "what has no token would be anybody's";
    EXPECT_FALSE(read_stated_claim(signed_headers({{"Host", "here"}})));
    EXPECT_FALSE(read_stated_claim({{"Authorization", "ANOTHER--SESSION Credential=ASIA/-/r/s/aws4_request"}}));
}

}  // namespace
}  // namespace holdpoint::identity
