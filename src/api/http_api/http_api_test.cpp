// HTTP APIs: which route a request takes, and payload format 2.0 both ways.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "api/http_api/event.hpp"
#include "api/http_api/http_apis.hpp"
#include "api/http_api/routes.hpp"
#include "base/overlay_rows.hpp"

namespace holdpoint::api {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

stacks::HttpApiPlan api_with(const std::vector<std::string>& keys) {
    stacks::HttpApiPlan api;
    api.api_id = "abc";
    for (const auto& key : keys) {
        stacks::RoutePlan route;
        route.key = key;
        api.routes.push_back(route);
    }
    return api;
}

std::string route_of(const stacks::HttpApiPlan& api, std::string_view method, std::string_view path) {
    const auto match = match_route(api, method, path);
    return match ? match->route->key : "";
}

TEST(Routes, TheMostSpecificIsTaken) {
    const auto api = api_with({"$default", "ANY /{proxy+}", "GET /pets/dog/{id}", "GET /pets/dog/1", "ANY /pets/dog/1",
                               "GET /pets/{proxy+}", "POST /"});
    EXPECT_EQ(route_of(api, "GET", "/pets/dog/1"), "GET /pets/dog/1");
    EXPECT_EQ(route_of(api, "PUT", "/pets/dog/1"), "ANY /pets/dog/1");
    EXPECT_EQ(route_of(api, "GET", "/pets/dog/2"), "GET /pets/dog/{id}");
    EXPECT_EQ(route_of(api, "GET", "/pets/cat/1"), "GET /pets/{proxy+}");
    EXPECT_EQ(route_of(api, "DELETE", "/pets/cat/1"), "ANY /{proxy+}");
    EXPECT_EQ(route_of(api, "POST", "/"), "POST /");
    EXPECT_EQ(route_of(api, "GET", "/"), "$default");
    EXPECT_EQ(route_of(api_with({"GET /a", "$default"}), "GET", "/a"), "GET /a");
    EXPECT_EQ(route_of(api_with({"GET /pets"}), "GET", "/pets/"), "") << "a slash at the end is another path";
    EXPECT_EQ(route_of(api_with({"GET /pets/{id}"}), "GET", "/pets/"), "");
}

// Else what a template lets nobody call unsigned would be open to all.
TEST(Routes, ThatNeedASignatureAreKeptSo) {
    auto api = api_with({"GET /open", "GET /closed"});
    api.api_id = "abc";
    api.routes[1].iam = true;
    const NoRows none;
    OverlayRows rows(none);
    rows.write({put_http_api(api)});
    const auto kept = find_http_api(rows, "abc");
    ASSERT_TRUE(kept);
    EXPECT_FALSE(kept->routes[0].iam.value());
    EXPECT_TRUE(kept->routes[1].iam.value());
}

TEST(Routes, ParametersAreDecoded) {
    const auto api = api_with({"GET /a/{first}/{rest+}"});
    const auto match = match_route(api, "GET", "/a/x%2Fy/b/c%20d");
    ASSERT_TRUE(match);
    EXPECT_EQ(match->parameters.at("first"), "x/y");
    EXPECT_EQ(match->parameters.at("rest"), "b/c d");
}

TEST(Routes, AFunctionSeesThePathThatWasMatched) {
    EXPECT_EQ(shown_path("/%73ecret/a%20b"), "/secret/a b");
    EXPECT_EQ(shown_path("/iam%2fx"), "/iam%2Fx") << "a slash that parts nothing is shown as none";
    EXPECT_EQ(shown_path("/"), "/");
}

TEST(Routes, PathAndHostNameTheApi) {
    const auto id = [](std::string target, std::string host) {
        const net::Request request{
            .method = "GET", .target = std::move(target), .headers = {{"host", std::move(host)}}, .body = {}};
        return std::string(api_id_of(request));
    };
    EXPECT_EQ(id("/_apis/abc/x?y=z", "localhost"), "abc");
    EXPECT_EQ(id("/_apis/abc?y", "localhost"), "abc");
    EXPECT_EQ(id("/x", "abc.execute-api.us-east-1.amazonaws.com:4566"), "abc");
    EXPECT_EQ(id("/x", "a.b.execute-api.us-east-1.amazonaws.com"), "");
    EXPECT_EQ(id("/x", "localhost:4566"), "");
}

TEST(HttpEvent, HasEverythingOfTheRequest) {
    auto api = api_with({"POST /items/{id}"});
    api.stage = "prod";
    net::Request request{.method = "POST",
                         .target = "/prod/items/7?a=1&a=2&b=x%20y",
                         .headers = {{"X-One", "1"},
                                     {"x-one", "2"},
                                     {"Cookie", "c=1; d=2"},
                                     {"Content-Type", "application/json"},
                                     {"User-Agent", "test"}},
                         .body = R"({"k":1})",
                         .peer_address = "192.0.2.1"};
    const std::map<std::string, std::string> parameters{{"id", "7"}};
    const Caller nobody;
    const EventContext context{.api = api,
                               .route = api.routes.front(),
                               .parameters = parameters,
                               .path = "/prod/items/7",
                               .region = "us-east-1",
                               .caller = nobody,
                               .account = "000000000000",
                               .request_id = "r",
                               .now = from_epoch_ms(1'700'000'000'000)};
    const json::value event = json::parse(http_event(request, context));
    EXPECT_EQ(event.at("version"), "2.0");
    EXPECT_EQ(event.at("routeKey"), "POST /items/{id}");
    EXPECT_EQ(event.at("rawPath"), "/prod/items/7");
    EXPECT_EQ(event.at("rawQueryString"), "a=1&a=2&b=x%20y");
    EXPECT_EQ(event.at("cookies"), json::value({"c=1", "d=2"}));
    EXPECT_EQ(event.at("headers").at("x-one"), "1,2");
    EXPECT_EQ(event.at("headers").at("x-forwarded-for"), "192.0.2.1");
    EXPECT_FALSE(event.at("headers").as_object().contains("cookie"));
    EXPECT_EQ(event.at("queryStringParameters").at("a"), "1,2");
    EXPECT_EQ(event.at("queryStringParameters").at("b"), "x y");
    EXPECT_EQ(event.at("pathParameters").at("id"), "7");
    EXPECT_EQ(event.at("body"), R"({"k":1})");
    EXPECT_EQ(event.at("isBase64Encoded"), false);
    const json::value& about = event.at("requestContext");
    EXPECT_EQ(about.at("http").at("sourceIp"), "192.0.2.1");
    EXPECT_EQ(about.at("stage"), "prod");
    EXPECT_EQ(about.at("time"), "14/Nov/2023:22:13:20 +0000");
    request.headers[3].second = "application/octet-stream";
    request.body = std::string("\xff\x00", 2);
    const json::value binary = json::parse(http_event(request, context));
    EXPECT_EQ(binary.at("body"), "/wA=");
    EXPECT_EQ(binary.at("isBase64Encoded"), true);
    EventContext odd = context;
    odd.path = "/prod/\xff";
    const json::value latin = json::parse(http_event(request, odd));
    EXPECT_EQ(latin.at("rawPath"), "/prod/ÿ");
    EXPECT_EQ(latin.at("requestContext").at("http").at("path"), "/prod/ÿ");
}

TEST(HttpEvent, SaysWhoSignedWhereTheRouteAsks) {
    auto api = api_with({"GET /"});
    api.routes.front().iam = true;
    const net::Request request{.method = "GET",
                               .target = "/",
                               .headers = {{"Authorization",
                                            "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20231114/us-east-1/execute-api/"
                                            "aws4_request, SignedHeaders=host, Signature=00"}},
                               .body = {}};
    const Caller caller{.account = "000000000000",
                        .arn = "arn:aws:iam::000000000000:user/holdpoint",
                        .user_id = "AKIAEXAMPLE",
                        .role_name = {}};
    const json::value event = json::parse(http_event(request, {.api = api,
                                                               .route = api.routes.front(),
                                                               .parameters = {},
                                                               .path = "/",
                                                               .region = "us-east-1",
                                                               .caller = caller,
                                                               .account = "000000000000",
                                                               .request_id = "r",
                                                               .now = from_epoch_ms(1'700'000'000'000)}));
    EXPECT_EQ(event.at("requestContext").at("authorizer").at("iam"),
              (json::value{{"accessKey", "AKIAEXAMPLE"},
                           {"accountId", "000000000000"},
                           {"callerId", "AKIAEXAMPLE"},
                           {"cognitoIdentity", nullptr},
                           {"principalOrgId", nullptr},
                           {"userArn", "arn:aws:iam::000000000000:user/holdpoint"},
                           {"userId", "AKIAEXAMPLE"}}));
}

TEST(HttpEvent, SaysHowTheClientCameWhateverItClaims) {
    const auto api = api_with({"GET /"});
    const Caller nobody;
    const auto headers = [&](bool is_secure, const std::string& host) {
        const net::Request request{
            .method = "GET",
            .target = "/",
            .headers = {{"Host", host}, {"X-Forwarded-Proto", is_secure ? "http" : "https"}, {"x-forwarded-port", "1"}},
            .body = {},
            .peer_address = "192.0.2.1",
            .is_secure = is_secure};
        const json::value event = json::parse(http_event(request, {.api = api,
                                                                   .route = api.routes.front(),
                                                                   .parameters = {},
                                                                   .path = "/",
                                                                   .region = "us-east-1",
                                                                   .caller = nobody,
                                                                   .account = "000000000000",
                                                                   .request_id = "r",
                                                                   .now = from_epoch_ms(1'700'000'000'000)}));
        const json::value& found = event.at("headers");
        return std::string(found.at("x-forwarded-proto").as_string()) + " " +
               std::string(found.at("x-forwarded-port").as_string());
    };
    EXPECT_EQ(headers(true, "inbox.example.com:4566"), "https 4566");
    EXPECT_EQ(headers(true, "inbox.example.com"), "https 443");
    EXPECT_EQ(headers(false, "[::1]:8080"), "http 8080");
    EXPECT_EQ(headers(false, "[::1]"), "http 80");
    EXPECT_EQ(headers(false, "inbox.example.com:\u00e9"), "http 80") << "no port";
}

TEST(HttpResponse, IsWhatTheFunctionSaysOrItsBody) {
    const auto simple = http_response(R"({"message":"Hello"})");
    ASSERT_TRUE(simple);
    EXPECT_EQ(simple->status, 200);
    EXPECT_EQ(simple->header("content-type"), "application/json");
    EXPECT_EQ(simple->body, R"({"message":"Hello"})");
    EXPECT_EQ(http_response(R"("Hello")")->body, "Hello");
    const auto full = http_response(
        R"({"statusCode":201,"headers":{"X-A":"b","Content-Length":"7","bad":"x\r\ny","b{a}d":"z"},"cookies":["a=1","b=2"],)"
        R"("body":"/wA=","isBase64Encoded":true})");
    ASSERT_TRUE(full);
    EXPECT_EQ(full->status, 201);
    EXPECT_EQ(full->body, std::string("\xff\x00", 2));
    EXPECT_EQ(full->header("x-a"), "b");
    EXPECT_EQ(full->header("content-length"), "");
    EXPECT_EQ(full->header("bad"), "") << "no header breaks out of its line";
    EXPECT_EQ(full->header("b{a}d"), "") << "what is no name, clients refuse the whole response for";
    EXPECT_EQ(std::ranges::count(full->headers, "set-cookie", &std::pair<std::string, std::string>::first), 2);
    EXPECT_EQ(http_response(R"({"statusCode":204,"body":null})")->body, "");
}

TEST(HttpResponse, WhatIsNoneSaysWhy) {
    const auto why = [](std::string_view answer) {
        const auto response = http_response(answer);
        return response ? std::string("it is one") : response.error();
    };
    EXPECT_THAT(why("no json"), HasSubstr("no JSON"));
    EXPECT_THAT(why(R"({"statusCode":"many"})"), HasSubstr("statusCode is no whole number"));
    EXPECT_THAT(why(R"({"statusCode":99})"), HasSubstr("statusCode is no whole number"));
    EXPECT_THAT(why(R"({"statusCode":200,"body":"%","isBase64Encoded":true})"), HasSubstr("no base64"));
    // As on AWS, where such a function would fail.
    EXPECT_THAT(why(R"({"statusCode":200,"body":{"a":1}})"), HasSubstr("body is no text"));
    EXPECT_THAT(why(R"({"statusCode":200,"body":7})"), HasSubstr("body is no text"));
}

TEST(HttpResponse, MayBeDeepJson) {
    const std::string deep = std::string(400, '[') + std::string(400, ']');
    const auto answer = http_response(deep);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, deep);
    EXPECT_FALSE(http_response(std::string(100'000, '['))) << "but not without an end";
}

TEST(Cors, AnswersPreflightsAndAddsHeaders) {
    stacks::CorsPlan cors;
    cors.origins = {"https://a.example"};
    cors.methods = {"GET", "POST"};
    cors.credentials = true;
    net::Request request{.method = "OPTIONS",
                         .target = "/",
                         .headers = {{"Origin", "https://a.example"}, {"Access-Control-Request-Method", "GET"}},
                         .body = {}};
    const auto preflight = preflight_response(cors, request);
    ASSERT_TRUE(preflight);
    EXPECT_EQ(preflight->status, 204);
    EXPECT_EQ(preflight->header("access-control-allow-origin"), "https://a.example");
    EXPECT_EQ(preflight->header("access-control-allow-methods"), "GET,POST");
    net::Response response{.status = 200, .headers = {{"Access-Control-Allow-Origin", "*"}}, .body = {}};
    add_cors(cors, request, response);
    EXPECT_EQ(response.header("access-control-allow-origin"), "https://a.example") << "the function's own is replaced";
    request.headers[0].second = "https://b.example";
    EXPECT_EQ(preflight_response(cors, request)->header("access-control-allow-origin"), "");
    cors.origins = {"https://*"};
    EXPECT_EQ(preflight_response(cors, request)->header("access-control-allow-origin"), "https://b.example");
    request.headers[0].second = "http://b.example";
    EXPECT_EQ(preflight_response(cors, request)->header("access-control-allow-origin"), "");
    const auto varies = [&](std::vector<std::string> origins, net::Headers headers) {
        cors.origins = std::move(origins);
        net::Response answer{.status = 200, .headers = {}, .body = {}};
        add_cors(cors, {.method = "GET", .target = "/", .headers = std::move(headers), .body = {}}, answer);
        return std::string(answer.header("vary"));
    };
    EXPECT_EQ(varies({"https://a.example"}, {{"Origin", "https://a.example"}}), "origin");
    EXPECT_EQ(varies({"https://a.example"}, {{"Origin", "https://b.example"}}), "origin");
    EXPECT_EQ(varies({"https://a.example"}, {}), "origin") << "a cache would answer it to whoever has one";
    EXPECT_EQ(varies({"*"}, {}), "origin") << "with an Origin there is one more header";
    EXPECT_EQ(varies({}, {{"Origin", "https://a.example"}}), "");
    EXPECT_FALSE(preflight_response({}, request)) << "without CORS an OPTIONS request is like any other";
}

}  // namespace
}  // namespace holdpoint::api
