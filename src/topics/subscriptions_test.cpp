// Who may subscribe with what, confirm and end it.
#include "topics/subscriptions.hpp"

#include <gtest/gtest.h>

#include <set>

#include "topics/testing_topics.hpp"

namespace holdpoint::topics {
namespace {

using namespace std::chrono_literals;

struct SubscriptionsTest : TopicsTest {
    Subscription read(const std::string& subscription_arn) {
        return *find_subscription(rows, arn, split_subscription_arn(subscription_arn)->second);
    }
};

TEST_F(SubscriptionsTest, SubscribingAgainSendsTheQuestionAgain) {
    const auto subscription = *subscribed("email", "boss@example.com");
    const std::string token = read(subscription).token;
    now += 47h;
    EXPECT_EQ(*subscribed("email", "boss@example.com"), subscription);
    EXPECT_EQ(due_deliveries(rows, Lane::mail, now, 10).size(), 2U);
    const auto again = subscribe(
        rows, {.topic_arn = arn, .protocol = "email", .endpoint = "boss@example.com", .attributes = {}}, "0", now, "n");
    EXPECT_EQ(again->answer, "pending confirmation") << "who did not ask for the ARN does not get it";
    EXPECT_FALSE(subscribed("email", "boss@example.com", {{"FilterPolicy", R"({"a":["x"]})"}}));
    now += 47h;
    const auto confirmed = confirm_subscription(rows, arn, token, false, now);
    ASSERT_TRUE(confirmed) << "its time began anew";
    rows.apply(confirmed->writes);
    EXPECT_TRUE(confirm_subscription(rows, arn, token, true, now)->writes.empty()) << "confirmed is confirmed";
    EXPECT_EQ(*subscribed("email", "boss@example.com"), subscription);
    EXPECT_EQ(due_deliveries(rows, Lane::mail, now, 10).size(), 2U);
    EXPECT_NE(*subscribed("email-json", "boss@example.com"), subscription);
}

TEST_F(SubscriptionsTest, WhatWasConfirmedWithASignatureIsEndedWithOne) {
    const auto subscription = *subscribed("email", "boss@example.com");
    const auto authenticated = [&] {
        return subscription_attributes(rows, subscription)->at("ConfirmationWasAuthenticated");
    };
    EXPECT_EQ(authenticated(), "false");
    rows.apply(confirm_subscription(rows, arn, read(subscription).token, true, now)->writes);
    EXPECT_EQ(authenticated(), "true");
    EXPECT_FALSE(may_unsubscribe(rows, subscription, unsubscribe_token(read(subscription))));
    const auto open = *subscribed("email", "other@example.com");
    EXPECT_FALSE(may_unsubscribe(rows, open, read(open).token)) << "the token that confirms is another";
}

TEST_F(SubscriptionsTest, EndingOneIsCounted) {
    const auto subscription = *subscribed("email", "boss@example.com");
    rows.apply(*unsubscribe(rows, subscription));
    EXPECT_TRUE(unsubscribe(rows, subscription)->empty());
    EXPECT_EQ(topic_attributes(rows, arn)->at("SubscriptionsDeleted"), "1");
}

TEST_F(SubscriptionsTest, ListsAreOfTheirTopic) {
    ASSERT_TRUE(subscribed("email", "boss@example.com"));
    const std::string other = created("other");
    EXPECT_TRUE(list_subscriptions_by_topic(rows, other, "")->subscriptions.empty());
    EXPECT_EQ(list_subscriptions(rows, "")->subscriptions.size(), 1U);
    for (int i = 0; i < 150; ++i) (void)created("t" + std::to_string(i));
    const auto first = *list_topics(rows, "");
    const auto second = *list_topics(rows, first.next_token);
    std::set<std::string> arns(first.arns.begin(), first.arns.end());
    arns.insert(second.arns.begin(), second.arns.end());
    EXPECT_EQ(first.arns.size(), 100U);
    EXPECT_EQ(arns.size(), 152U);
}

TEST_F(SubscriptionsTest, EndpointsAreOfTheirProtocol) {
    const std::string url = "http://localhost/";
    EXPECT_TRUE(subscribed("http", url + std::string(2048 - url.size(), 'x')));
    EXPECT_FALSE(subscribed("http", url + std::string(2049 - url.size(), 'x')));
    EXPECT_FALSE(subscribed("http", "http://:80/"));
    EXPECT_FALSE(subscribed("http", "https://localhost/"));
    EXPECT_FALSE(subscribed("email", "a@b@example.com"));
    EXPECT_FALSE(subscribed("email", "boss@example.com", {{"RawMessageDelivery", "true"}}));
    EXPECT_TRUE(subscribed("email", "boss@example.com", {{"RawMessageDelivery", "false"}}));
}

TEST_F(SubscriptionsTest, AnEmptyPolicyIsNone) {
    const auto subscription = confirmed_http({{"FilterPolicy", R"({"a":["x"]})"}});
    rows.apply(*set_subscription_attribute(rows, subscription, "FilterPolicy", "{}"));
    EXPECT_FALSE(subscription_attributes(rows, subscription)->contains("FilterPolicy"));
}

TEST_F(SubscriptionsTest, ATopicTakesTenThousand) {
    Subscription one = read(*subscribed("email", "0@example.com"));
    std::vector<RowWrite> writes;
    for (std::size_t i = 1; i < kSubscriptionsPerTopicMax; ++i) {
        one.id = std::to_string(i);
        one.endpoint = one.id + "@example.com";
        writes.push_back({.space = Space::subscriptions, .key = subscription_key(arn, one.id), .value = encode(one)});
    }
    rows.apply(writes);
    EXPECT_EQ(subscribed("email", "more@example.com").error().name, "SubscriptionLimitExceeded");
    EXPECT_TRUE(subscribed("email", "9@example.com")) << "one that is there";
}

}  // namespace
}  // namespace holdpoint::topics
