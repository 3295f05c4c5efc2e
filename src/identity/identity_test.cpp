// Signatures as AWS and botocore make them; policies as IAM evaluates them; roles and sessions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "base/overlay_rows.hpp"
#include "identity/roles.hpp"
#include "identity/sessions.hpp"
#include "identity/sigv4.hpp"

namespace holdpoint::identity {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

const Credentials kExample{.access_key_id = "AKIDEXAMPLE",
                           .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                           .session_token = {}};
const TimePoint kAt = parse_iso8601("2015-08-30T12:36:00Z").value();

std::string signature(const Headers& added) {
    const std::string& authorization = added.back().second;
    return authorization.substr(authorization.rfind('=') + 1);
}

TEST(SigV4, SignsAwsExample) {
    const Headers headers = {{"Host", "example.amazonaws.com"}};
    const auto added = sign({"GET", "/", headers, ""}, kExample, "us-east-1", "service", kAt);
    EXPECT_EQ(signature(added), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

// Made with botocore's SigV4Auth for the same request.
TEST(SigV4, SignsAsBotocoreDoes) {
    const Headers headers = {{"Host", "lambda.us-east-1.amazonaws.com"}, {"X-Test", "a   b"}};
    const std::string history =
        "/2025-12-01/durable-executions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af%3A%24LATEST%2F"
        "durable-execution%2Fn%2Fid/history?MaxItems=10&Marker=a%2Bb%3D&ReverseOrder=true";
    EXPECT_EQ(signature(sign({"GET", history, headers, ""}, kExample, "us-east-1", "lambda", kAt)),
              "95eb51bc283939efeacaf7e6c9bad4489df9885977997c8d1fb1c20da41e6733");
    const std::string callback = "/2025-12-01/durable-execution-callbacks/AAAA%2Fbb%2B%3D/succeed";
    EXPECT_EQ(signature(sign({"POST", callback, headers, "\"x\""}, kExample, "us-east-1", "lambda", kAt)),
              "b1698f130498ae3a5474b0de59fd335e529ef4ea3f956fdcf79523ff04e02b42");
    EXPECT_EQ(
        signature(sign({"GET", "/a/../b//c/?b=2&a=1&a=0&empty=", headers, ""}, kExample, "us-east-1", "lambda", kAt)),
        "74d488da32fd7b1991af4552a59dadc4797d36429f151a8760f371284080f87e");
}

class SignedTest : public ::testing::Test {
protected:
    SignedTest() {
        const Headers added = sign({"POST", target_, headers_, body_}, credentials_, "us-east-1", "sns", kAt);
        headers_.insert(headers_.end(), added.begin(), added.end());
    }
    Result<void> check(TimePoint now = kAt) const {
        const SignedRequest request{"POST", target_, headers_, body_};
        const auto claim = read_claim(request);
        if (!claim) return std::unexpected(claim.error());
        return check_signature(request, *claim, credentials_, now);
    }

    Credentials credentials_{.access_key_id = "ASIA", .secret_access_key = "s", .session_token = "token"};
    std::string target_ = "/?a=b%20c";
    std::string body_ = "Action=Publish";
    Headers headers_ = {{"Host", "127.0.0.1:4566"}, {"Content-Type", "application/x-www-form-urlencoded"}};
};

TEST_F(SignedTest, IsAccepted) {
    EXPECT_TRUE(check());
    EXPECT_TRUE(check(kAt + 15min));
}

TEST_F(SignedTest, IsRefusedWhenAnythingChanged) {
    body_ += "x";
    EXPECT_EQ(check().error().name, "SignatureDoesNotMatch");
    body_.pop_back();
    target_ = "/?a=b";
    EXPECT_FALSE(check());
    target_ = "/?a=b%20c";
    headers_.front().second = "elsewhere";
    EXPECT_FALSE(check());
}

TEST_F(SignedTest, IsRefusedOutsideItsTime) {
    EXPECT_THAT(check(kAt + 16min).error().message,
                HasSubstr("Signature expired: 20150830T123600Z is now earlier than"));
    EXPECT_THAT(check(kAt - 16min).error().message, HasSubstr("Signature not yet current"));
}

TEST_F(SignedTest, NeedsItsSessionToken) {
    std::erase_if(headers_, [](const auto& header) { return header.first == "X-Amz-Security-Token"; });
    EXPECT_EQ(check().error().name, "InvalidClientTokenId");
}

TEST(SigV4, SaysWhatIsMissing) {
    EXPECT_EQ(read_claim({"GET", "/", {}, ""}).error().name, "MissingAuthenticationToken");
    const Headers headers = {{"Authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request"}};
    EXPECT_THAT(read_claim({"GET", "/", headers, ""}).error().message, HasSubstr("'Signature' parameter"));
}

Verdict verdict(std::string_view document, std::string action, std::string resource) {
    return evaluate(
        {parse_policy(document).value()},
        {.action = std::move(action), .resource = std::move(resource), .context = {{"aws:SourceAccount", "1"}}});
}

TEST(Policy, AllowsWhatItNamesAndDenyWins) {
    constexpr std::string_view kDocument = R"({"Version":"2012-10-17","Statement":[
      {"Effect":"Allow","Action":["dynamodb:*Item","sns:Publish"],"Resource":"arn:aws:dynamodb:*:*:table/a?"},
      {"Effect":"Deny","Action":"dynamodb:DeleteItem","Resource":"*"}]})";
    EXPECT_EQ(verdict(kDocument, "dynamodb:PutItem", "arn:aws:dynamodb:r:1:table/ab"), Verdict::allowed);
    EXPECT_EQ(verdict(kDocument, "DynamoDB:putitem", "arn:aws:dynamodb:r:1:table/ab"), Verdict::allowed);
    EXPECT_EQ(verdict(kDocument, "dynamodb:PutItem", "arn:aws:dynamodb:r:1:table/abc"), Verdict::implicitly_denied);
    EXPECT_EQ(verdict(kDocument, "dynamodb:Query", "arn:aws:dynamodb:r:1:table/ab"), Verdict::implicitly_denied);
    EXPECT_EQ(verdict(kDocument, "dynamodb:DeleteItem", "arn:aws:dynamodb:r:1:table/ab"), Verdict::explicitly_denied);
}

TEST(Policy, ConditionsHold) {
    constexpr std::string_view kDocument = R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*",
      "Condition":{"StringEquals":{"aws:SourceAccount":["1","2"]}}}})";
    EXPECT_EQ(verdict(kDocument, "a:B", "r"), Verdict::allowed);
    constexpr std::string_view kOther = R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*",
      "Condition":{"StringEquals":{"aws:SourceAccount":"3"}}}})";
    EXPECT_EQ(verdict(kOther, "a:B", "r"), Verdict::implicitly_denied);
}

TEST(Policy, RefusesWhatItCannotEvaluate) {
    EXPECT_THAT(parse_policy(R"({"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","Principal":"*"}})")
                    .error()
                    .message,
                HasSubstr("'Principal' is not supported"));
    EXPECT_THAT(parse_policy(R"({"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*",
                  "Condition":{"IpAddress":{"aws:SourceIp":"1.2.3.4"}}}})")
                    .error()
                    .message,
                HasSubstr("'IpAddress' is not supported"));
    EXPECT_FALSE(parse_policy(R"({"Statement":{"Effect":"Allow","Action":"a:b"}})"));
}

TEST(Policy, RefusalNamesActionAndResource) {
    EXPECT_EQ(refusal_text("arn:me", {.action = "sns:Publish", .resource = "arn:topic", .context = {}},
                           Verdict::implicitly_denied),
              "User: arn:me is not authorized to perform: sns:Publish on resource: arn:topic because no identity-based "
              "policy allows the sns:Publish action");
}

TEST(PolicyCache, FollowsEveryChangeOfARole) {
    const NoRows none;
    OverlayRows rows(none);
    PolicyCache cache;
    const Access access{.action = "sns:Publish", .resource = "arn:topic", .context = {}};
    std::uint64_t version = 0;
    const auto verdict = [&] {
        auto policies = cache.kept("role", version);
        if (!policies) policies = cache.read(rows, "role", version);
        return evaluate(*policies, access);
    };
    const auto put = [&](const std::string& effect) {
        const auto written = put_role({.name = "role",
                                       .policies = {{"p", R"({"Version":"2012-10-17","Statement":{"Effect":")" +
                                                              effect + R"(","Action":"sns:*","Resource":"*"}})"}}});
        ASSERT_TRUE(written) << written.error().message;
        rows.write({*written});
        ++version;
    };
    EXPECT_EQ(verdict(), Verdict::implicitly_denied);
    put("Allow");
    EXPECT_EQ(verdict(), Verdict::allowed);
    EXPECT_EQ(verdict(), Verdict::allowed);
    put("Deny");
    EXPECT_EQ(verdict(), Verdict::explicitly_denied);
    rows.write({erase_role("role")});
    EXPECT_EQ(verdict(), Verdict::explicitly_denied) << "kept until the version says that roles changed";
    ++version;
    EXPECT_EQ(verdict(), Verdict::implicitly_denied);
}

TEST(Sessions, EndWithTheirProcess) {
    SeededRandom random(1);
    Sessions sessions(random);
    const Credentials credentials = sessions.issue("role", "function");
    EXPECT_EQ(sessions.find(credentials.access_key_id)->role_name, "role");
    sessions.end(credentials.access_key_id);
    EXPECT_FALSE(sessions.find(credentials.access_key_id));
}

}  // namespace
}  // namespace holdpoint::identity
