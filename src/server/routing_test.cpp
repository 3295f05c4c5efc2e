#include "server/routing.hpp"

#include <gtest/gtest.h>

namespace holdpoint::server {
namespace {

std::optional<ServiceId> routed(const std::string& method, const std::string& target,
                                const net::Headers& headers = {}) {
    return route({.method = method, .target = target, .headers = headers, .body = {}});
}

net::Headers signed_for(const std::string& service) {
    return {{"Authorization", "AWS4-HMAC-SHA256 Credential=AKIA/20261123/us-east-1/" + service +
                                  "/aws4_request, SignedHeaders=host, Signature=00"}};
}

TEST(RoutingTest, ByPath) {
    EXPECT_EQ(routed("GET", "/runtime/secret/2018-06-01/runtime/invocation/next"), ServiceId::runtime);
    EXPECT_EQ(routed("POST", "/holdpoint/deploy"), ServiceId::stacks);
    EXPECT_EQ(routed("POST", "/2015-03-31/functions/f/invocations"), ServiceId::lambda);
    EXPECT_EQ(routed("GET", "/2025-12-01/durable-executions/arn"), ServiceId::lambda);
    EXPECT_EQ(routed("GET", "/runtimes"), std::nullopt);
}

TEST(RoutingTest, PresignedAddressesAreForWhatTakesThem) {
    EXPECT_TRUE(takes_presigned(ServiceId::sts));
    for (const ServiceId service : {ServiceId::dynamodb, ServiceId::logs, ServiceId::stacks, ServiceId::http_api})
        EXPECT_FALSE(takes_presigned(service)) << signing_name(service);
}

TEST(RoutingTest, WhatStoresCodeIsKnown) {
    const auto stores = [](const char* method, const char* target) {
        const net::Request request{.method = method, .target = target, .headers = {}, .body = {}};
        return stores_code(route(request).value(), request);
    };
    EXPECT_TRUE(stores("POST", "/2015-03-31/functions"));
    EXPECT_TRUE(stores("POST", "/2015-03-31/functions/"));
    EXPECT_TRUE(stores("PUT", "/2015-03-31/functions/f/code"));
    EXPECT_TRUE(stores("POST", "/holdpoint/deploy"));
    EXPECT_FALSE(stores("GET", "/2015-03-31/functions"));
    EXPECT_FALSE(stores("PUT", "/2015-03-31/functions/f/configuration"));
    EXPECT_FALSE(stores("POST", "/2015-03-31/functions/code/invocations"));
    EXPECT_FALSE(stores("PUT", "/_apis/abc/code"));
}

TEST(RoutingTest, EverythingOnAnApisHostIsTheApis) {
    EXPECT_EQ(routed("POST", "/_apis/abc/x"), ServiceId::http_api);
    const net::Headers host = {{"Host", "abc.execute-api.us-east-1.amazonaws.com"}};
    EXPECT_EQ(routed("POST", "/holdpoint/deploy", host), ServiceId::http_api);
    EXPECT_EQ(routed("GET", "/health", host), ServiceId::http_api);
}

TEST(RoutingTest, ByTargetThenBySignature) {
    EXPECT_EQ(routed("POST", "/", {{"x-amz-target", "DynamoDB_20120810.PutItem"}}), ServiceId::dynamodb);
    EXPECT_EQ(routed("POST", "/", {{"X-Amz-Target", "Logs_20140328.PutLogEvents"}}), ServiceId::logs);
    EXPECT_EQ(routed("POST", "/", signed_for("sns")), ServiceId::sns);
    EXPECT_EQ(routed("POST", "/", signed_for("cloudformation")), ServiceId::cloudformation);
    EXPECT_EQ(routed("POST", "/", signed_for("sts")), ServiceId::sts);
    EXPECT_EQ(routed("POST", "/", signed_for("s3")), std::nullopt);
    EXPECT_EQ(routed("POST", "/"), std::nullopt);
}

TEST(RoutingTest, LinksInMessagesAreForSns) {
    EXPECT_EQ(routed("GET", "/?Action=Unsubscribe&SubscriptionArn=arn"), ServiceId::sns);
    EXPECT_EQ(routed("GET", "/?Action=ConfirmSubscription&TopicArn=arn&Token=t"), ServiceId::sns);
    EXPECT_EQ(routed("POST", "/?Action=Unsubscribe"), std::nullopt);
    EXPECT_EQ(routed("GET", "/other?TopicArn=arn"), std::nullopt);
}

TEST(RoutingTest, ADamagedScopeIsNone) {
    for (const char* header :
         {"", "Credential=", "Credential=a", "Credential=a/b/c", "Credential=///", "Signature=x"}) {
        EXPECT_EQ(credential_scope_service(header), "") << header;
    }
    EXPECT_EQ(credential_scope_service("AWS4-HMAC-SHA256 Credential=a/b/c/sns"), "sns");
}

}  // namespace
}  // namespace holdpoint::server
