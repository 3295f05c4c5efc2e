// The door: who is let in, what those who are not hear, and that nothing behind it can break it.
#include "server/gateway.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "base/encoding.hpp"
#include "engine/test_kit.hpp"

namespace holdpoint::server {
namespace {

using namespace engine::test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Remembers who called; may ask for an action, or break.
class FakeService final : public api::Service {
public:
    void handle(api::Call call) override {
        callers.push_back(call.caller);
        if (breaks) throw std::runtime_error("secret detail");
        if (auto ok = call.authorize("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:000000000000:function:f");
            !ok) {
            return call.respond(
                {.status = ok.error().http_status, .headers = {{"name", ok.error().name}}, .body = ok.error().message});
        }
        call.respond({.status = 200, .headers = {}, .body = "welcome"});
    }

    std::vector<api::Caller> callers;
    bool breaks = false;
};

class GatewayTest : public ::testing::Test {
protected:
    GatewayTest() {
        std::map<ServiceId, std::unique_ptr<api::Service>> services;
        for (const ServiceId id : {ServiceId::lambda, ServiceId::dynamodb, ServiceId::sns, ServiceId::logs,
                                   ServiceId::cloudformation, ServiceId::sts, ServiceId::stacks}) {
            auto service = std::make_unique<FakeService>();
            services_[id] = service.get();
            services[id] = std::move(service);
        }
        gateway_ = std::make_unique<Gateway>(context_, account_key_, sessions_, invoker_, signer_, std::move(services),
                                             std::make_unique<Throttle>(clock_, 100), trusted_proxies(),
                                             [this](const Work& work) { in_background_(work); });
    }

    static TrustedProxies trusted_proxies() {
        TrustedProxies proxies;
        EXPECT_TRUE(read_trusted_proxies("127.0.0.1,10.0.0.0/8", proxies));
        return proxies;
    }

    static net::Request request(std::string target = "/2015-03-31/functions/") {
        return {.method = "POST", .target = std::move(target), .headers = {{"Host", "localhost"}}, .body = "{}"};
    }
    net::Request sign(net::Request request, const identity::Credentials& by, const std::string& service = "lambda",
                      const std::string& region = "us-east-1") const {
        const auto added = identity::sign({request.method, request.target, request.headers, request.body}, by, region,
                                          service, clock_.now());
        request.headers.insert(request.headers.end(), added.begin(), added.end());
        return request;
    }
    net::Response send(net::Request request) {
        std::optional<net::Response> answer;
        gateway_->handle(std::move(request), [&](net::Response response) {
            if (!answer) answer = std::move(response);
        });
        return answer.value_or(net::Response{.status = 0, .headers = {}, .body = "no answer"});
    }
    static std::string error_of(const net::Response& response) {
        return std::to_string(response.status) + " " + std::string(response.header("x-amzn-ErrorType"));
    }
    void put_policy(const std::string& document, const std::string& role = "role") {
        const auto row = identity::put_role({.name = role, .policies = {{"p", document}}});
        ASSERT_TRUE(row);
        const auto transaction = store_->begin();
        transaction->apply({*row});
        transaction->commit();
    }

    TestFolder folder_;
    SharedClock clock_;
    SystemRandom random_;
    MemoryLogs logs_;
    std::unique_ptr<store::Store> store_ = store::make_memory_store();
    engine::Writer writer_{clock_, *store_};
    engine::Invoker invoker_ = engine::test::make_invoker(clock_, random_, logs_, {});
    identity::Sessions sessions_{random_};
    engine::MessageSigner signer_{folder_.file("key.pem")};
    const identity::Credentials account_key_{
        .access_key_id = "AKIAEXAMPLE", .secret_access_key = "secret", .session_token = {}};
    api::Context context_{.clock = clock_, .random = random_, .store = *store_, .writer = writer_};
    std::map<ServiceId, FakeService*> services_;
    RunsWork in_background_ = run_at_once;
    std::unique_ptr<Gateway> gateway_;
};

TEST_F(GatewayTest, TheAccountsKeyMayDoEverything) {
    const auto answer = send(sign(request(), account_key_));
    EXPECT_EQ(answer.body, "welcome");
    EXPECT_EQ(services_[ServiceId::lambda]->callers.at(0).arn, "arn:aws:iam::000000000000:user/holdpoint");
}

TEST_F(GatewayTest, WhoIsNotKnownDoesNotComeIn) {
    EXPECT_EQ(error_of(send(request())), "403 MissingAuthenticationTokenException");
    auto unknown = account_key_;
    unknown.access_key_id = "AKIANOBODY";
    EXPECT_EQ(error_of(send(sign(request(), unknown))), "403 UnrecognizedClientException");
    auto wrong = account_key_;
    wrong.secret_access_key = "guess";
    EXPECT_EQ(error_of(send(sign(request(), wrong))), "403 InvalidSignatureException");
    auto changed = sign(request(), account_key_);
    changed.body = "{\"other\":1}";
    EXPECT_EQ(error_of(send(changed)), "403 InvalidSignatureException");
    const auto region = send(sign(request(), account_key_, "lambda", "eu-west-1"));
    EXPECT_THAT(region.body, HasSubstr("Credential should be scoped to a valid region"));
    const auto old = sign(request(), account_key_);
    clock_.advance(std::chrono::minutes(16));
    EXPECT_EQ(error_of(send(old)), "403 InvalidSignatureException");
    EXPECT_TRUE(services_[ServiceId::lambda]->callers.empty());
}

// The socket is its owner's alone, and the owner's processes are functions: the session's token is proof enough there,
// and nowhere else. The account's key has none.
TEST_F(GatewayTest, OverTheSocketASessionsTokenIsEnough) {
    const auto credentials = sessions_.issue("role", "function");
    const auto stated = [&](const identity::Credentials& by, bool over_socket, const std::string& service = "lambda",
                            const std::string& region = "us-east-1") {
        auto made = request();
        const auto added = identity::state(by, region, service);
        made.headers.insert(made.headers.end(), added.begin(), added.end());
        made.is_over_socket = over_socket;
        return made;
    };
    put_policy(
        R"({"Statement":[{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:*:*:function:f"}]})");
    EXPECT_EQ(send(stated(credentials, true)).body, "welcome");
    EXPECT_EQ(services_[ServiceId::lambda]->callers.at(0).role_name, "role");
    EXPECT_EQ(error_of(send(stated(credentials, false))), "403 IncompleteSignatureException");
    EXPECT_EQ(error_of(send(stated(credentials, true, "dynamodb"))), "403 InvalidSignatureException");
    EXPECT_EQ(error_of(send(stated(credentials, true, "lambda", "eu-west-1"))), "403 InvalidSignatureException");
    auto wrong = credentials;
    wrong.session_token = "guess";
    EXPECT_EQ(error_of(send(stated(wrong, true))), "403 UnrecognizedClientException");
    wrong.session_token.clear();
    EXPECT_EQ(error_of(send(stated(wrong, true))), "403 UnrecognizedClientException");
    EXPECT_EQ(error_of(send(stated(account_key_, true))), "403 UnrecognizedClientException");
    for (const char* header : {"HOLDPOINT-SESSION Credential=", "HOLDPOINT-SESSION Credential=////", "HOLDPOINT"}) {
        auto malformed = request();
        malformed.headers.emplace_back("Authorization", header);
        malformed.is_over_socket = true;
        const auto answer = send(malformed);
        EXPECT_TRUE(answer.status == 403 || answer.status == 400) << header << " " << answer.status;
    }
    auto bare = request();
    bare.is_over_socket = true;
    EXPECT_EQ(error_of(send(bare)), "403 MissingAuthenticationTokenException");
    // No proxy is on that way, whoever is trusted (here 127.0.0.1): what a function forges stays where it is.
    auto forged = stated(credentials, true);
    forged.peer_address = "127.0.0.1";
    forged.headers.emplace_back("X-Forwarded-For", "192.0.2.1");
    put_policy(R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":
        {"IpAddress":{"aws:SourceIp":"127.0.0.1/32"}}}})");
    EXPECT_EQ(send(forged).body, "welcome");
    // What is signed comes in there as everywhere.
    auto signed_request = sign(request(), credentials);
    signed_request.peer_address = "127.0.0.1";
    signed_request.is_over_socket = true;
    EXPECT_EQ(send(signed_request).body, "welcome");
    sessions_.end(credentials.access_key_id);
    EXPECT_EQ(error_of(send(stated(credentials, true))), "403 ExpiredTokenException");
}

// What is malformed on purpose: it may not end the thread that reads it.
TEST_F(GatewayTest, NoAuthorizationHeaderUpsetsIt) {
    for (const char* header :
         {"", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=", "AWS4-HMAC-SHA256 Credential=////, SignedHeaders=;;",
          "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=zz", "Bearer \xff\xff", "Basic =="}) {
        auto malformed = request();
        malformed.headers.emplace_back("Authorization", header);
        malformed.headers.emplace_back("X-Amz-Date", "yesterday");
        const auto answer = send(malformed);
        EXPECT_TRUE(answer.status == 403 || answer.status == 400) << header << " " << answer.status;
    }
    EXPECT_EQ(send(request("/nothing")).status, 404);
}

TEST_F(GatewayTest, AServiceThatIsNotThereIsRefusedInItsOwnProtocol) {
    auto target = request("/");
    target.headers.emplace_back("X-Amz-Target", "AmazonSQS.SendMessage");
    target.headers.emplace_back("Content-Type", "application/x-amz-json-1.0");
    const auto json = send(target);
    EXPECT_EQ(json.status, 400);
    EXPECT_THAT(json.body, HasSubstr(R"("__type":"UnknownOperationException","message":"AmazonSQS.SendMessage )"));
    EXPECT_FALSE(json.header("x-amzn-RequestId").empty());
    auto form = request("/");
    form.body = "Action=ListRoles&Version=2010-05-08";
    form.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    const auto xml = send(sign(form, account_key_, "iam"));
    EXPECT_EQ(xml.status, 400);
    EXPECT_THAT(xml.body, HasSubstr("https://iam.amazonaws.com/doc/2010-05-08/"));
    EXPECT_THAT(xml.body, HasSubstr("<Code>InvalidAction</Code><Message>ListRoles (iam) is "));
    form.body = "Action=%ff&Version=%ff";
    EXPECT_TRUE(is_utf8(send(form).body)) << "what no reader of XML takes";
    EXPECT_EQ(error_of(send(request("/v2/apis"))), "404 UnknownOperationException");
}

TEST_F(GatewayTest, ARoleMayDoWhatItsPoliciesSay) {
    const auto session = sessions_.issue("role", "approvals_workflow");
    const auto refused = send(sign(request(), session));
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.header("name"), "AccessDeniedException");
    EXPECT_EQ(refused.body,
              "User: arn:aws:sts::000000000000:assumed-role/role/approvals_workflow is not authorized to perform: "
              "lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:000000000000:function:f because no "
              "identity-based policy allows the lambda:InvokeFunction action");
    put_policy(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"lambda:Invoke*","Resource":"*"}})");
    EXPECT_EQ(send(sign(request(), session)).body, "welcome");
    put_policy(R"({"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"lambda:*","Resource":"*"}})");
    const auto denied = send(sign(request(), session));
    EXPECT_EQ(denied.status, 403) << "a policy that was changed counts at once";
    EXPECT_THAT(denied.body, HasSubstr("with an explicit deny"));
}

TEST(Door, WhatIsTooLargeIsRefusedInTheWordsOfItsService) {
    const auto told = [](std::string target, std::string amz_target) {
        const auto response = too_large(
            {.method = "POST", .target = std::move(target), .headers = {{"X-Amz-Target", amz_target}}, .body = {}}, 9);
        EXPECT_EQ(response.status, 413);
        return std::string(response.header("x-amzn-ErrorType")) + response.body;
    };
    EXPECT_THAT(told("/2015-03-31/functions/f/invocations", ""), HasSubstr("RequestTooLargeException"));
    EXPECT_THAT(told("/2015-03-31/functions", ""), HasSubstr("RequestEntityTooLargeException"));
    EXPECT_THAT(told("/", "DynamoDB_20120810.BatchWriteItem"), HasSubstr(R"(#RequestEntityTooLargeException")"));
    EXPECT_EQ(told("/_apis/abc/x", ""), R"({"message":"Request Entity Too Large"})");
    EXPECT_EQ(told("/nothing", ""), "The request's body is larger than 9 bytes.");
}

TEST_F(GatewayTest, ASessionWithoutARoleMayDoNothing) {
    put_policy(R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})", "none");
    const auto session = sessions_.issue("", "f");
    EXPECT_THAT(send(sign(request(), session)).body, HasSubstr("is not authorized to perform: lambda:InvokeFunction"));
    EXPECT_FALSE(services_[ServiceId::lambda]->callers.at(0).role_name.empty())
        << "that would be the account's own key";
}

TEST_F(GatewayTest, ConditionsSeeTheRequest) {
    const auto session = sessions_.issue("role", "f");
    const auto answers = [&](const std::string& condition) {
        put_policy(R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":)" + condition + "}}");
        auto call = request();
        call.peer_address = "192.0.2.7";
        call.is_secure = true;
        return send(sign(call, session)).status;
    };
    EXPECT_EQ(answers(R"({"IpAddress":{"aws:SourceIp":"192.0.2.0/24"},"Bool":{"aws:SecureTransport":"true"}})"), 200);
    EXPECT_EQ(answers(R"({"IpAddress":{"aws:SourceIp":"198.51.100.0/24"}})"), 403);
    EXPECT_EQ(answers(R"({"StringEquals":{"aws:PrincipalAccount":"000000000000","aws:PrincipalType":"AssumedRole"}})"),
              200);
    EXPECT_EQ(answers(R"({"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::000000000000:role/role"}})"), 200);
    EXPECT_EQ(answers(R"({"ArnLike":{"aws:PrincipalArn":"arn:aws:sts::*:assumed-role/role/*"}})"), 403);
    EXPECT_EQ(answers(R"({"DateLessThan":{"aws:CurrentTime":"2000-01-01T00:00:00Z"}})"), 403);
    EXPECT_EQ(answers(R"({"StringEquals":{"aws:RequestedRegion":"us-east-1"}})"), 200);
}

TEST_F(GatewayTest, ASessionEndsWithItsProcess) {
    put_policy(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})");
    const auto session = sessions_.issue("role", "f");
    EXPECT_EQ(send(sign(request(), session)).status, 200);
    auto without_token = session;
    without_token.session_token.clear();
    EXPECT_NE(send(sign(request(), without_token)).status, 200);
    sessions_.end(session.access_key_id);
    const auto late = send(sign(request(), session));
    EXPECT_EQ(error_of(late), "403 ExpiredTokenException");
    EXPECT_THAT(late.body, HasSubstr("The security token included in the request is expired"));
    EXPECT_THAT(send(sign(request("/"), session, "sts")).body, HasSubstr("<Code>ExpiredToken</Code>"));
}

TEST_F(GatewayTest, WhatAServiceThrowsIsAnsweredInItsProtocol) {
    for (auto& [id, service] : services_) service->breaks = true;
    const auto lambda = send(sign(request(), account_key_));
    EXPECT_EQ(error_of(lambda), "500 ServiceException");
    EXPECT_THAT(lambda.body, ::testing::Not(HasSubstr("secret detail"))) << "that is for the server's log";
    auto tables = request("/");
    tables.headers.emplace_back("X-Amz-Target", "DynamoDB_20120810.PutItem");
    const auto table = send(sign(tables, account_key_, "dynamodb"));
    EXPECT_EQ(table.status, 500);
    EXPECT_THAT(table.body, HasSubstr("InternalServerError"));
    const auto topic = send(sign(request("/"), account_key_, "sns"));
    EXPECT_EQ(topic.status, 500);
    EXPECT_THAT(topic.body, HasSubstr("<Code>InternalError</Code>"));
}

TEST_F(GatewayTest, WhatStoresCodeIsLeftToTheBackgroundWithAllItsChecks) {
    std::vector<Work> left;
    in_background_ = [&](const Work& work) { left.push_back(work); };
    services_[ServiceId::lambda]->breaks = true;
    std::vector<std::string> answers;
    const auto respond = [&](const net::Response& response) { answers.push_back(error_of(response)); };
    gateway_->handle(request(), respond);
    gateway_->handle(sign(request(), account_key_), respond);
    EXPECT_THAT(answers, IsEmpty());
    for (const Work& work : left) work();
    EXPECT_THAT(answers, ElementsAre("403 MissingAuthenticationTokenException", "500 ServiceException"));
}

TEST_F(GatewayTest, WhoAsksTooOftenHearsItAsOnAws) {
    for (int i = 0; i < 100; ++i) EXPECT_EQ(send(sign(request(), account_key_)).status, 200);
    EXPECT_EQ(error_of(send(sign(request(), account_key_))), "429 TooManyRequestsException");
    auto table = request("/");
    table.headers.emplace_back("X-Amz-Target", "DynamoDB_20120810.PutItem");
    const auto throttled = send(sign(table, account_key_, "dynamodb"));
    EXPECT_EQ(throttled.status, 400);
    EXPECT_THAT(throttled.body, HasSubstr("ThrottlingException"));
    EXPECT_THAT(send(sign(request("/"), account_key_, "sns")).body, HasSubstr("<Code>Throttled</Code>"));
    EXPECT_THAT(send(sign(request("/"), account_key_, "sts")).body, HasSubstr("<Code>Throttling</Code>"));
    clock_.advance(std::chrono::seconds(1));
    EXPECT_EQ(send(sign(request(), account_key_)).status, 200);
    const auto asked_from = [&](const std::string& address) {
        auto unsigned_one = request("/?Action=Unsubscribe");
        unsigned_one.method = "GET";
        unsigned_one.peer_address = address;
        return send(std::move(unsigned_one)).status;
    };
    for (int i = 0; i < 100; ++i) EXPECT_EQ(asked_from("2001:db8::" + std::to_string(i + 1)), 403);
    EXPECT_EQ(asked_from("2001:db8::ffff"), 429) << "one host has all of an IPv6 network's addresses";
    EXPECT_EQ(asked_from("2001:db8:0:1::1"), 403);
}

TEST_F(GatewayTest, FunctionsRunOnThisMachineAlone) {
    auto next = request("/runtime/abc/2018-06-01/runtime/invocation/next");
    next.method = "GET";
    next.peer_address = "192.0.2.7";
    EXPECT_EQ(send(next).status, 404);
    next.peer_address = "127.0.0.1";
    EXPECT_EQ(send(next).status, 403) << "no process of this server";
}

TEST_F(GatewayTest, BehindAProxyTheClientIsWhoTheProxySays) {
    const auto session = sessions_.issue("role", "f");
    put_policy(R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":
        {"IpAddress":{"aws:SourceIp":"192.0.2.0/24"},"Bool":{"aws:SecureTransport":"true"}}}})");
    const auto status = [&](const std::string& peer, const std::string& forwarded_for) {
        auto call = sign(request(), session);  // what a proxy adds is not signed
        call.peer_address = peer;
        call.headers.emplace_back("X-Forwarded-For", forwarded_for);
        call.headers.emplace_back("X-Forwarded-Proto", "https");
        return send(std::move(call)).status;
    };
    EXPECT_EQ(status("10.0.0.1", "192.0.2.7"), 200);
    EXPECT_EQ(status("10.0.0.1", "192.0.2.7, 198.51.100.1"), 403) << "the client is the one that the proxy saw";
    EXPECT_EQ(status("198.51.100.1", "192.0.2.7"), 403) << "who is no proxy is not believed";
}

TEST_F(GatewayTest, AProxyOfThisMachineMakesNobodyAFunction) {
    auto next = request("/runtime/abc/2018-06-01/runtime/invocation/next");
    next.peer_address = "127.0.0.1";
    next.headers.emplace_back("X-Forwarded-For", "192.0.2.7");
    EXPECT_EQ(send(next).status, 404);
    next.peer_address = "10.0.0.1";
    next.headers.back().second = "127.0.0.1";
    EXPECT_EQ(send(next).status, 404);
}

TEST_F(GatewayTest, LinksInMessagesNeedNoKeyButMayDoNothingElse) {
    net::Request link = request("/?Action=ConfirmSubscription&TopicArn=arn&Token=t");
    link.method = "GET";
    const auto answer = send(link);
    ASSERT_EQ(services_[ServiceId::sns]->callers.size(), 1U);
    EXPECT_EQ(services_[ServiceId::sns]->callers[0].arn, "");
    EXPECT_EQ(answer.header("name"), "MissingAuthenticationToken") << "it asked for what needs a caller";
}

}  // namespace
}  // namespace holdpoint::server
