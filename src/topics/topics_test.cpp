#include "topics/topics.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "topics/delivery_policy.hpp"
#include "topics/envelope.hpp"
#include "topics/letter.hpp"
#include "topics/testing_topics.hpp"

namespace holdpoint::topics {
namespace {

using namespace std::chrono_literals;

TEST_F(TopicsTest, CreatingATopicTwiceIsSuccessAndOtherAttributesAreRefused) {
    EXPECT_EQ(arn, "arn:aws:sns:us-east-1:000000000000:approvals");
    EXPECT_EQ(created("approvals"), arn);
    const auto other = create_topic(rows, {.region = "us-east-1", .account = "000000000000"},
                                    {.name = "approvals", .attributes = {{"DisplayName", "x"}}}, now);
    EXPECT_EQ(other.error().message,
              "Invalid parameter: Attributes Reason: Topic already exists with different attributes");
    EXPECT_EQ(create_topic(rows, {}, {.name = "no spaces", .attributes = {}}, now).error().name, "InvalidParameter");
}

TEST_F(TopicsTest, TagsAreKept) {
    const Home home{.region = "us-east-1", .account = "000000000000"};
    const CreateTopic request{.name = "tagged", .attributes = {}, .tags = {{"team", "a"}}};
    rows.apply(create_topic(rows, home, request, now)->writes);
    const std::string tagged = topic_arn(home, "tagged");
    EXPECT_TRUE(create_topic(rows, home, request, now));
    EXPECT_EQ(
        create_topic(rows, home, {.name = "tagged", .attributes = {}, .tags = {{"team", "b"}}}, now).error().message,
        "Invalid parameter: Tags Reason: Topic already exists with different tags");
    rows.apply(*tag_topic(rows, tagged, {{"team", "b"}, {"cost", ""}}));
    rows.apply(*set_topic_attribute(rows, tagged, "DisplayName", "d"));
    EXPECT_EQ(*topic_tags(rows, tagged), (Attributes{{"cost", ""}, {"team", "b"}}));
    rows.apply(*untag_topic(rows, tagged, {"cost", "none"}));
    EXPECT_EQ(*topic_tags(rows, tagged), (Attributes{{"team", "b"}}));
    EXPECT_EQ(tag_topic(rows, tagged, {{"aws:x", "a"}}).error().name, "InvalidParameter");
    EXPECT_EQ(topic_tags(rows, arn + "x").error().name, "ResourceNotFound");
    Attributes many;
    for (int i = 0; i < 49; ++i) many.emplace("k" + std::to_string(i), "v");
    EXPECT_TRUE(tag_topic(rows, tagged, many)) << "with its own, 50";
    many.emplace("k49", "v");
    EXPECT_EQ(tag_topic(rows, tagged, many).error().name, "TagLimitExceeded");
}

TEST_F(TopicsTest, NamesAndTagsAreAsLongAsTheirCharactersAre) {
    const auto text = [](std::size_t characters) {
        std::string made;
        for (std::size_t i = 0; i < characters; ++i) made += "\u00e9";
        return made;
    };
    EXPECT_TRUE(set_topic_attribute(rows, arn, "DisplayName", text(100)));
    EXPECT_EQ(set_topic_attribute(rows, arn, "DisplayName", text(101)).error().name, "InvalidParameter");
    EXPECT_TRUE(tag_topic(rows, arn, {{text(128), text(256)}}));
    EXPECT_EQ(tag_topic(rows, arn, {{text(129), ""}}).error().name, "InvalidParameter");
    EXPECT_EQ(tag_topic(rows, arn, {{"k", text(257)}}).error().name, "InvalidParameter");
}

TEST_F(TopicsTest, PublishingToAnUnknownTopicIsNotFound) {
    const auto refused =
        publish(rows, arn + "x", {.message = "m", .subject = {}, .structure = {}, .attributes = {}}, now, nonce());
    EXPECT_EQ(refused.error().name, "NotFound");
    EXPECT_EQ(refused.error().http_status, 404);
    EXPECT_EQ(
        publish(rows, "nonsense", {.message = "m", .subject = {}, .structure = {}, .attributes = {}}, now, nonce())
            .error()
            .message,
        "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1");
    EXPECT_EQ(topic_attributes(rows, arn + ":subscription").error().message, "Invalid parameter: TopicArn");
}

TEST_F(TopicsTest, MessagesAreCheckedAsAwsChecksThem) {
    const auto refusal = [&](Message message) { return check_message(message).error().message; };
    EXPECT_EQ(refusal({}), "Invalid parameter: Empty message");
    EXPECT_EQ(refusal({.message = "m", .subject = std::string(101, 'x'), .structure = {}, .attributes = {}}),
              "Invalid parameter: Subject");
    for (const std::string subject :
         {"", "two\nlines", "a\tb", "bell\x7f", "next\xc2\x85line", "para\xe2\x80\xa9graph"}) {
        EXPECT_EQ(refusal({.message = "m", .subject = subject, .structure = {}, .attributes = {}}),
                  "Invalid parameter: Subject")
            << subject;
    }
    EXPECT_EQ(refusal({.message = std::string(262145, 'x'), .subject = {}, .structure = {}, .attributes = {}}),
              "Invalid parameter: Message too long");
    EXPECT_EQ(refusal({.message = "{}", .subject = {}, .structure = "json", .attributes = {}}),
              "Invalid parameter: Message Structure - No default entry in JSON message body");
    EXPECT_EQ(refusal({.message = "m",
                       .subject = {},
                       .structure = {},
                       .attributes = {{"n", {.type = "Number", .value = "ten"}}}}),
              "Could not cast message attribute 'n' value to number.");
    const auto grouped = [](std::string id) {
        return check_message(
            {.message = "m", .subject = {}, .structure = {}, .attributes = {}, .group_id = std::move(id)});
    };
    EXPECT_TRUE(grouped("group-1"));
    EXPECT_FALSE(grouped(""));
    EXPECT_FALSE(grouped("two words"));
    EXPECT_FALSE(grouped(std::string(129, 'x')));
    std::string accents;
    for (int i = 0; i < 100; ++i) accents += "\xc3\xa9";
    EXPECT_TRUE(check_message({.message = "m", .subject = accents, .structure = {}, .attributes = {}}));
    EXPECT_EQ(refusal({.message = "m", .subject = accents + "x", .structure = {}, .attributes = {}}),
              "Invalid parameter: Subject");
    EXPECT_TRUE(check_message(
        {.message = std::string(262144, 'x'), .subject = std::string(100, 'x'), .structure = {}, .attributes = {}}));
}

TEST_F(TopicsTest, HttpSubscriptionsGetNothingButTheConfirmationUntilTheyConfirm) {
    const auto subscription = *subscribed("http", "http://localhost:9/hook");
    ASSERT_TRUE(published({.message = "early", .subject = {}, .structure = {}, .attributes = {}}));
    const auto due = due_deliveries(rows, Lane::endpoints, now, 10);
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due.front().kind, DeliveryKind::confirmation);
    EXPECT_EQ(subscription_attributes(rows, subscription)->at("PendingConfirmation"), "true");
    EXPECT_EQ(confirm_subscription(rows, arn, "wrong", false, now).error().message, "Invalid parameter: Token");
    const auto parts = *split_subscription_arn(subscription);
    const auto token = find_subscription(rows, parts.first, parts.second)->token;
    EXPECT_FALSE(confirm_subscription(rows, arn, token, false, now + 49h));
    rows.apply(confirm_subscription(rows, arn, token, false, now)->writes);
    ASSERT_TRUE(published({.message = "late", .subject = {}, .structure = {}, .attributes = {}}));
    EXPECT_EQ(due_deliveries(rows, Lane::endpoints, now, 10).size(), 2U);
}

TEST_F(TopicsTest, WhatIsDueIsReadInPages) {
    for (int i = 0; i < 3; ++i) (void)*subscribed("http", "http://localhost:9/" + std::to_string(i));
    const auto first = due_page(rows, Lane::endpoints, now, {}, 2);
    ASSERT_EQ(first.due.size(), 2U);
    const auto second = due_page(rows, Lane::endpoints, now, first.next, 2);
    ASSERT_EQ(second.due.size(), 1U);
    EXPECT_GT(delivery_key(second.due.front()), delivery_key(first.due.back()));
    EXPECT_EQ(second.next, "");
}

TEST_F(TopicsTest, WhatLiesFurtherAheadThanAnyRetryCanBeMoved) {
    (void)*subscribed("http", "http://localhost:9/hook");
    const auto delivery = due_deliveries(rows, Lane::endpoints, now, 1).front();
    EXPECT_TRUE(deliveries_ahead(rows, Lane::endpoints, now - 1h, 10).empty()) << "as far as a retry may be";
    const auto ahead = deliveries_ahead(rows, Lane::endpoints, now - 2h, 10);
    ASSERT_EQ(ahead.size(), 1U);
    rows.apply(move_delivery(ahead.front(), now - 2h));
    const auto moved = due_deliveries(rows, Lane::endpoints, now - 2h, 10);
    ASSERT_EQ(moved.size(), 1U);
    EXPECT_EQ(moved.front().id, delivery.id);
    EXPECT_TRUE(deliveries_ahead(rows, Lane::mail, now - 2h, 10).empty());
}

TEST_F(TopicsTest, AnAddressMustConfirmAndThenGetsLetters) {
    const auto subscription_arn = *subscribed("email", "boss@example.com");
    const Sender sender{.base_url = "http://here", .sign = {}, .signing_cert_url = {}};
    const auto letter = [&] {
        const auto due = due_deliveries(rows, Lane::mail, now, 10);
        EXPECT_EQ(due.size(), 1U);
        for (const auto& each : due) rows.apply(finish_delivery(rows, each));
        return letter_of(due.front(), *find_subscription(rows, arn, due.front().subscription_id),
                         *find_topic(rows, arn), sender);
    };
    const Message message{.message = R"({"default":"d","email":"for people"})",
                          .subject = "Please decide",
                          .structure = "json",
                          .attributes = {}};
    ASSERT_TRUE(published(message));
    EXPECT_FALSE(next_delivery_due(rows, Lane::endpoints)) << "mail has a lane of its own";
    const auto question = letter();
    EXPECT_EQ(question.subject, "AWS Notification - Subscription Confirmation");
    const auto token = find_subscription(rows, arn, split_subscription_arn(subscription_arn)->second)->token;
    EXPECT_NE(question.text.find("http://here/?Action=ConfirmSubscription&TopicArn="), std::string::npos);
    EXPECT_NE(question.text.find("Token=" + token + "\n"), std::string::npos);
    rows.apply(confirm_subscription(rows, arn, token, false, now)->writes);
    ASSERT_TRUE(published(message));
    const auto wanted = letter();
    EXPECT_EQ(wanted.subject, "Please decide");
    EXPECT_EQ(wanted.text, "for people\n\n--\nTo get no more messages of this topic, open this address\n" +
                               wanted.unsubscribe_url + "\n");
    EXPECT_TRUE(may_unsubscribe(rows, subscription_arn,
                                wanted.unsubscribe_url.substr(wanted.unsubscribe_url.find("Token=") + 6)));
}

TEST_F(TopicsTest, AMailServerIsWaitedForLongerThanAnEndpoint) {
    ASSERT_TRUE(subscribed("email-json", "boss@example.com"));
    int tries = 0;
    for (const auto begin = now; !due_deliveries(rows, Lane::mail, now, 1).empty(); ++tries) {
        rows.apply(fail_delivery(rows, due_deliveries(rows, Lane::mail, now, 1).front(), "421 later", true, now));
        now = next_delivery_due(rows, Lane::mail).value_or(now);
        EXPECT_LT(now - begin, 8h);
    }
    EXPECT_EQ(tries, 51);
    EXPECT_EQ(dead_letters(rows, 10).size(), 1U);
}

TEST_F(TopicsTest, AFailedDeliveryIsTriedThreeTimesMoreAndThenIsADeadLetter) {
    confirmed_http();
    ASSERT_TRUE(published({.message = "m", .subject = {}, .structure = {}, .attributes = {}}));
    for (int attempt = 0; attempt < 4; ++attempt) {
        const auto due = due_deliveries(rows, Lane::endpoints, now, 10);
        ASSERT_EQ(due.size(), 1U) << attempt;
        rows.apply(fail_delivery(rows, due.front(), "connection refused", true, now));
        EXPECT_TRUE(due_deliveries(rows, Lane::endpoints, now + 19s, 10).empty());
        now += 20s;
    }
    EXPECT_FALSE(next_delivery_due(rows, Lane::endpoints));
    ASSERT_EQ(dead_letters(rows, 10).size(), 1U);
    EXPECT_EQ(dead_letters(rows, 10).front().last_error, "connection refused");
    EXPECT_EQ(dead_letters(rows, 10).front().failures, 4);
}

// A row that cannot be read back would end the server whenever it looks for what is due.
TEST_F(TopicsTest, WhatAnEndpointSaysInItsOwnEncodingIsKeptAsText) {
    confirmed_http();
    ASSERT_TRUE(published({.message = "m", .subject = {}, .structure = {}, .attributes = {}}));
    rows.apply(fail_delivery(rows, due_deliveries(rows, Lane::endpoints, now, 1).front(), "HTTP 500: caf\xe9 \xf0\x9f",
                             true, now));
    now += 20s;
    ASSERT_EQ(due_deliveries(rows, Lane::endpoints, now, 1).size(), 1U);
    EXPECT_EQ(due_deliveries(rows, Lane::endpoints, now, 1).front().last_error,
              "HTTP 500: caf\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd");
}

TEST_F(TopicsTest, AClientErrorIsNotTriedAgain) {
    confirmed_http();
    ASSERT_TRUE(published({.message = "m", .subject = {}, .structure = {}, .attributes = {}}));
    rows.apply(fail_delivery(rows, due_deliveries(rows, Lane::endpoints, now, 1).front(), "HTTP 404", false, now));
    EXPECT_FALSE(next_delivery_due(rows, Lane::endpoints));
    EXPECT_EQ(dead_letters(rows, 10).size(), 1U);
}

TEST_F(TopicsTest, TheEnvelopeIsAwsShapedAndItsUnsubscribeLinkWorksOnlyWithItsToken) {
    const auto subscription_arn = confirmed_http();
    ASSERT_TRUE(published({.message = "m",
                           .subject = "s",
                           .structure = {},
                           .attributes = {{"kind", {.type = "String", .value = "expense"}}}}));
    const auto delivery = due_deliveries(rows, Lane::endpoints, now, 1).front();
    const auto subscription = *find_subscription(rows, delivery.topic_arn, delivery.subscription_id);
    const auto message = http_message(delivery, subscription,
                                      {.base_url = "http://127.0.0.1:4566",
                                       .sign = [](std::string_view, SignatureVersion) { return "SIG"; },
                                       .signing_cert_url = "http://127.0.0.1:4566/c.pem"});
    const auto body = boost::json::parse(message.body);
    EXPECT_EQ(body.at("Type"), "Notification");
    EXPECT_EQ(body.at("Subject"), "s");
    EXPECT_EQ(body.at("Signature"), "SIG");
    EXPECT_EQ(body.at("MessageAttributes").at("kind").at("Value"), "expense");
    const std::string url(body.at("UnsubscribeURL").as_string());
    EXPECT_TRUE(may_unsubscribe(rows, subscription_arn, url.substr(url.find("Token=") + 6)));
    EXPECT_FALSE(may_unsubscribe(rows, subscription_arn, "guess"));
}

TEST_F(TopicsTest, RawDeliverySendsTheMessageAlone) {
    confirmed_http({{"RawMessageDelivery", "true"}});
    ASSERT_TRUE(published({.message = "bare", .subject = "s", .structure = {}, .attributes = {}}));
    const auto delivery = due_deliveries(rows, Lane::endpoints, now, 1).front();
    EXPECT_EQ(http_message(delivery, *find_subscription(rows, delivery.topic_arn, delivery.subscription_id), {}).body,
              "bare");
}

TEST_F(TopicsTest, BatchEntriesFailByThemselves) {
    const std::vector<BatchEntry> entries{
        {"a", Message{.message = "m", .subject = {}, .structure = {}, .attributes = {}}},
        {"b", Message{}},
        {"c", fail("ParameterValueInvalid", 400, "no base64")}};
    const auto decided = publish_batch(rows, arn, entries, now, nonce());
    ASSERT_TRUE(decided);
    EXPECT_TRUE(decided->answer[0].message_id);
    EXPECT_EQ(decided->answer[1].message_id.error().message, "Invalid parameter: Empty message");
    EXPECT_EQ(decided->answer[2].message_id.error().name, "ParameterValueInvalid");
    EXPECT_EQ(publish_batch(rows, arn, {entries[0], entries[0]}, now, nonce()).error().name,
              "BatchEntryIdsNotDistinct");
    EXPECT_EQ(publish_batch(rows, arn, {}, now, nonce()).error().name, "EmptyBatchRequest");
}

TEST_F(TopicsTest, AFunctionIsNamedByAWholeArn) {
    EXPECT_TRUE(subscribed("lambda", "arn:aws:lambda:us-east-1:000000000000:function:f:live"));
    for (const char* wrong :
         {"arn:aws:lambda:::function:f", "arn:aws:lambda:us-east-1::function:f",
          "arn:aws:lambda:us-east-1:000000000000:"
          "function:",
          "arn:aws:lambda:us-east-1:000000000000:function:f:", "arn:aws:lambda:us-east-1:function:f",
          "arn:aws:lambda:us-east-1:000000000000:function:f:1:2", "f"}) {
        EXPECT_FALSE(subscribed("lambda", wrong)) << wrong;
    }
}

TEST_F(TopicsTest, AnAddressThatNoMailCanGoToIsRefusedAtOnce) {
    // What src/mail sends to: nobody hears of a mail that is a dead letter at its first try.
    for (const std::string address :
         {"j\u00f6rg@example.com", "ann@ex\u00e4mple.com", "ann(boss)@example.com", "ann;bob@example.com",
          "\"ann\"@example.com", "ann@[192.0.2.1]", "ann:x@example.com", "ann\\@example.com"}) {
        const auto refused = subscribed("email", address);
        ASSERT_FALSE(refused) << address;
        EXPECT_EQ(refused.error().message, "Invalid parameter: Email address") << address;
    }
    EXPECT_FALSE(subscribed("email", std::string(243, 'a') + "@example.com")) << "255 bytes";
    EXPECT_TRUE(subscribed("email", std::string(242, 'a') + "@example.com"));
    EXPECT_TRUE(subscribed("email-json", "o'neil+a.b@example.com"));
}

TEST_F(TopicsTest, DeletingATopicTakesItsSubscriptionsAlong) {
    ASSERT_TRUE(subscribed("email", "boss@example.com"));
    rows.apply(*delete_topic(rows, arn));
    EXPECT_TRUE(list_topics(rows, "")->arns.empty());
    EXPECT_TRUE(list_subscriptions(rows, "")->subscriptions.empty());
    EXPECT_TRUE(delete_topic(rows, arn)->empty());
}

TEST_F(TopicsTest, ListsAreCutIntoPages) {
    for (int i = 0; i < 150; ++i) ASSERT_TRUE(subscribed("email", "p" + std::to_string(i) + "@example.com"));
    const auto first = *list_subscriptions_by_topic(rows, arn, "");
    const auto second = *list_subscriptions_by_topic(rows, arn, first.next_token);
    EXPECT_EQ(first.subscriptions.size(), 100U);
    EXPECT_EQ(second.subscriptions.size(), 50U);
    EXPECT_TRUE(second.next_token.empty());
    EXPECT_FALSE(list_subscriptions_by_topic(rows, arn, "!"));
}

TEST_F(TopicsTest, AFilterPolicyFitsItsScope) {
    const Attributes nested{{"FilterPolicy", R"({"a":{"b":["x"]}})"}};
    const auto refused = subscribed("email", "a@example.com", nested);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("does not support nested filter policy"), std::string::npos);
    Attributes of_bodies = nested;
    of_bodies.emplace("FilterPolicyScope", "MessageBody");
    const auto made = subscribed("email", "a@example.com", of_bodies);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(subscription_attributes(rows, *made)->at("FilterPolicyScope"), "MessageBody");
    EXPECT_FALSE(set_subscription_attribute(rows, *made, "FilterPolicyScope", "MessageAttributes"));
    EXPECT_FALSE(set_subscription_attribute(rows, *made, "FilterPolicyScope", "Everything"));
    EXPECT_TRUE(set_subscription_attribute(rows, *made, "FilterPolicy", ""));
}

TEST(DeliveryPolicyTest, PhasesFollowEachOther) {
    const auto policy = parse_subscription_policy(
        R"({"healthyRetryPolicy":{"numRetries":6,"numNoDelayRetries":1,"numMinDelayRetries":1,"numMaxDelayRetries":1,"minDelayTarget":10,"maxDelayTarget":30,"backoffFunction":"linear"}})");
    ASSERT_TRUE(policy);
    std::vector<long> seconds;
    for (int failures = 1; retry_delay(*policy, failures); ++failures)
        seconds.push_back(retry_delay(*policy, failures)->count() / 1000);
    EXPECT_EQ(seconds, (std::vector<long>{0, 10, 10, 20, 30, 30}));
    EXPECT_FALSE(parse_subscription_policy(R"({"healthyRetryPolicy":{"minDelayTarget":30,"maxDelayTarget":10}})"));
    EXPECT_FALSE(parse_subscription_policy(R"({"healthyRetryPolicy":{"numRetries":"many"}})"));
    EXPECT_FALSE(parse_subscription_policy(
        R"({"healthyRetryPolicy":{"numRetries":2,"numMinDelayRetries":1,"numMaxDelayRetries":2}})"));
}

TEST(DeliveryPolicyTest, DelaysGrowAsTheirFunctionSays) {
    for (const auto& [backoff, expected] : {std::pair("linear", std::vector<long>{10, 40, 70, 100, 130, 160}),
                                            {"arithmetic", {10, 20, 40, 70, 110, 160}},
                                            {"geometric", {10, 17, 30, 52, 91, 160}},
                                            {"exponential", {10, 20, 40, 80, 160, 160}}}) {
        const RetryPolicy policy{.retries = 6, .min_delay_seconds = 10, .max_delay_seconds = 160, .backoff = backoff};
        std::vector<long> seconds;
        for (int failures = 1; failures <= 6; ++failures)
            seconds.push_back(retry_delay(policy, failures)->count() / 1000);
        EXPECT_EQ(seconds, expected) << backoff;
    }
}

}  // namespace
}  // namespace holdpoint::topics
