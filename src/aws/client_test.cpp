// The client's requests and its retries, against a transport that answers from a script.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "aws/client.hpp"

namespace holdpoint::aws {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class ScriptedTransport final : public net::Transport {
public:
    std::expected<net::Response, net::TransportError> send(const net::Endpoint& endpoint, const net::Request& request,
                                                           const net::Timeouts&) override {
        endpoints.push_back(endpoint);
        requests.push_back(request);
        auto answer = std::move(answers.front());
        answers.pop_front();
        return answer;
    }
    std::deque<std::expected<net::Response, net::TransportError>> answers;
    std::vector<net::Endpoint> endpoints;
    std::vector<net::Request> requests;
};

class ClientTest : public ::testing::Test {
protected:
    ClientTest() : clock_(from_epoch_ms(1'700'000'000'000)), random_(1) {
        configuration_.credentials = {.access_key_id = "A", .secret_access_key = "S", .session_token = {}};
        configuration_.region = "us-east-1";
        configuration_.endpoint_url = "http://127.0.0.1:4566";
    }
    Client client() {
        return {configuration_, transport_, clock_, random_,
                [this](std::chrono::milliseconds pause) { pauses_.push_back(pause); }};
    }

    ManualClock clock_;
    SeededRandom random_;
    Configuration configuration_;
    ScriptedTransport transport_;
    std::vector<std::chrono::milliseconds> pauses_;
};

TEST_F(ClientTest, SpeaksJson) {
    transport_.answers.push_back(net::Response{.status = 200, .headers = {}, .body = R"({"Item":{}})"});
    const auto result = client().json("dynamodb", "DynamoDB_20120810.GetItem", {{"TableName", "t"}});
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->contains("Item"));
    const net::Request& request = transport_.requests.front();
    EXPECT_EQ(request.header("X-Amz-Target"), "DynamoDB_20120810.GetItem");
    EXPECT_EQ(request.header("Host"), "127.0.0.1:4566");
    EXPECT_THAT(std::string(request.header("Authorization")),
                HasSubstr("Credential=A/20231114/us-east-1/dynamodb/aws4_request"));
    EXPECT_EQ(request.body, R"({"TableName":"t"})");
}

// Nobody else can connect to the server's socket, so a request over it says whose it is, and proves nothing more.
TEST_F(ClientTest, OverAServersSocketItSignsNothing) {
    configuration_.credentials.session_token = "T";
    configuration_.socket_path = "/data/functions.sock";
    transport_.answers.push_back(net::Response{.status = 200, .headers = {}, .body = "{}"});
    ASSERT_TRUE(client().json("dynamodb", "DynamoDB_20120810.GetItem", {{"TableName", "t"}}));
    EXPECT_EQ(transport_.endpoints.front().socket, "/data/functions.sock");
    const net::Request& request = transport_.requests.front();
    EXPECT_EQ(request.header("Host"), "127.0.0.1:4566");
    EXPECT_EQ(request.header("Authorization"), "HOLDPOINT-SESSION Credential=A/-/us-east-1/dynamodb/aws4_request");
    EXPECT_EQ(request.header("X-Amz-Security-Token"), "T");
    EXPECT_EQ(request.header("X-Amz-Date"), "");
}

TEST_F(ClientTest, ReadsErrorsOfEachProtocol) {
    transport_.answers.push_back(net::Response{
        .status = 400,
        .headers = {},
        .body =
            R"({"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"no","Item":{}})"});
    const auto json = client().json("dynamodb", "DynamoDB_20120810.PutItem", {});
    EXPECT_EQ(json.error().name, "ConditionalCheckFailedException");
    EXPECT_THAT(json.error().details_json, HasSubstr("Item"));
    transport_.answers.push_back(net::Response{
        .status = 404,
        .headers = {},
        .body = "<ErrorResponse><Error><Code>NotFound</Code><Message>a &amp; b</Message></Error></ErrorResponse>"});
    const auto xml = client().query("sns", "2010-03-31", "Publish", {{"Message", "x y"}});
    EXPECT_EQ(xml.error().name, "NotFound");
    EXPECT_EQ(xml.error().message, "a & b");
    EXPECT_EQ(transport_.requests.back().body, "Action=Publish&Version=2010-03-31&Message=x%20y");
}

TEST_F(ClientTest, ReadsNameAndMessageWhereverTheyAre) {
    const std::pair<net::Headers, std::string> forms[] = {
        {{{"x-amzn-ErrorType", "GoneException"}}, R"({"message":"it is gone"})"},
        {{{"X-Amzn-Errortype", "GoneException:http://internal.amazon.com/"}}, R"({"Message":"it is gone"})"},
        {{}, R"({"__type":"com.amazonaws.lambda#GoneException","Message":"it is gone"})"},
        {{}, R"({"code":"GoneException","message":"it is gone","Type":"User"})"},
        {{{"x-amzn-ErrorType", "GoneException"}}, R"({"__type":"Other","Message":"it is gone"})"}};
    for (const auto& [headers, body] : forms) {
        transport_.answers.push_back(net::Response{.status = 404, .headers = headers, .body = body});
        const auto answer =
            client().rest("lambda", {.method = "GET", .path = "/x", .query = {}, .headers = {}, .body = {}});
        EXPECT_EQ(answer.error().name, "GoneException") << body;
        EXPECT_EQ(answer.error().message, "it is gone") << body;
        EXPECT_EQ(answer.error().http_status, 404);
    }
}

TEST_F(ClientTest, KnowsThrottlingByItsStatusAndByItsName) {
    const auto answers = [this](int status, const std::string& name) {
        transport_.answers.push_back(
            net::Response{.status = status, .headers = {{"x-amzn-ErrorType", name}}, .body = "{}"});
        transport_.answers.push_back(net::Response{.status = 200, .headers = {}, .body = "{}"});
        const bool again = client().json("lambda", "X", {}, false).has_value();
        transport_.answers.clear();
        return again;
    };
    EXPECT_TRUE(answers(429, "TooManyRequestsException"));
    EXPECT_TRUE(answers(400, "ThrottlingException"));
    EXPECT_TRUE(answers(400, "ProvisionedThroughputExceededException"));
    EXPECT_TRUE(answers(400, "TransactionInProgressException"));
    EXPECT_TRUE(answers(400, "RequestLimitExceeded"));
    EXPECT_TRUE(answers(503, "SlowDown"));
    EXPECT_FALSE(answers(400, "ValidationException"));
}

TEST_F(ClientTest, TriesAgainWhatMaySucceed) {
    transport_.answers.push_back(std::unexpected(net::TransportError{.message = "refused", .request_was_sent = false}));
    transport_.answers.push_back(net::Response{.status = 503, .headers = {}, .body = ""});
    transport_.answers.push_back(net::Response{.status = 200, .headers = {}, .body = "{}"});
    EXPECT_TRUE(client().json("dynamodb", "DynamoDB_20120810.GetItem", {}));
    EXPECT_THAT(pauses_, SizeIs(2));
}

TEST_F(ClientTest, DoesNotRepeatWhatMayHaveBeenDone) {
    transport_.answers.push_back(std::unexpected(net::TransportError{.message = "cut off", .request_was_sent = true}));
    EXPECT_EQ(client().json("sns", "X", {}, false).error().name, "TransportError");
    EXPECT_THAT(transport_.requests, SizeIs(1));
    EXPECT_TRUE(transport_.requests.front().once) << "nor does the transport";
}

TEST_F(ClientTest, DoesNotRepeatARefusal) {
    transport_.answers.push_back(
        net::Response{.status = 400, .headers = {{"x-amzn-ErrorType", "ValidationException:x"}}, .body = "{}"});
    EXPECT_EQ(client()
                  .rest("lambda", {.method = "GET", .path = "/x", .query = {{"a", "b c"}}, .headers = {}, .body = {}})
                  .error()
                  .name,
              "ValidationException");
    EXPECT_EQ(transport_.requests.front().target, "/x?a=b%20c");
}

TEST_F(ClientTest, UsesAwsEndpointsUnlessToldOtherwise) {
    configuration_.endpoint_url.clear();
    transport_.answers.push_back(net::Response{.status = 200, .headers = {}, .body = "{}"});
    EXPECT_TRUE(client().json("dynamodb", "X", {}));
    EXPECT_EQ(transport_.endpoints.front().host, "dynamodb.us-east-1.amazonaws.com");
    EXPECT_TRUE(transport_.endpoints.front().tls);
}

TEST(Json, MembersAreReadAsText) {
    const boost::json::object answer{{"text", "a"}, {"number", 1}, {"null", nullptr}};
    EXPECT_EQ(text_of(answer, "text"), "a");
    EXPECT_EQ(text_of(answer, "number"), "1");
    EXPECT_EQ(text_of(answer, "null"), "");
    EXPECT_EQ(text_of(boost::json::value(answer), "other"), "");
    EXPECT_EQ(text_of(boost::json::value("text"), "text"), "");
}

TEST(Xml, FindsElements) {
    EXPECT_THAT(xml_each("<a><m>1</m><m>2</m></a>", "m"), ::testing::ElementsAre("1", "2"));
    EXPECT_EQ(xml_text("<m>&lt;&#65;&gt;</m>", "m"), "<A>");
}

TEST(Xml, ReadsEveryCharacter) {
    EXPECT_EQ(xml_text("<m>caf&#233; &#x20ac; &#x1F600;&amp;amp;</m>", "m"), "caf\u00e9 \u20ac \U0001F600&amp;");
    // What is no entity stands as it is, and takes nothing along.
    EXPECT_EQ(xml_text("<m>a &# b; &#; &#xD800; &#0; c &nothing; R&D; &</m>", "m"),
              "a &# b; &#; &#xD800; &#0; c &nothing; R&D; &");
}

}  // namespace
}  // namespace holdpoint::aws
