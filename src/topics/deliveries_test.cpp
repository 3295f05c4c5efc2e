// What becomes of messages: who gets which text, and of deliveries that fail.
#include "topics/deliveries.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "topics/envelope.hpp"
#include "topics/letter.hpp"
#include "topics/testing_topics.hpp"

namespace holdpoint::topics {
namespace {

using namespace std::chrono_literals;

Message text(std::string message) {
    return {.message = std::move(message), .subject = {}, .structure = {}, .attributes = {}};
}

struct DeliveriesTest : TopicsTest {
    std::vector<Delivery> due() { return due_deliveries(rows, Lane::endpoints, now, 10); }
};

// Two answers may come of one delivery: the endpoint took it, and its connection broke.
TEST_F(DeliveriesTest, WhatIsDoneCannotFail) {
    confirmed_http();
    ASSERT_TRUE(published(text("m")));
    const auto delivery = due().front();
    rows.apply(finish_delivery(rows, delivery));
    EXPECT_TRUE(fail_delivery(rows, delivery, "connection reset", true, now).empty());
    EXPECT_TRUE(finish_delivery(rows, delivery).empty());
}

TEST_F(DeliveriesTest, TheNextTryWaitsFromTheLastOne) {
    confirmed_http();
    ASSERT_TRUE(published(text("m")));
    rows.apply(fail_delivery(rows, due().front(), "timeout", true, now + 15s));
    EXPECT_EQ(next_delivery_due(rows, Lane::endpoints), now + 35s);
}

TEST_F(DeliveriesTest, DeadLettersAreForgottenTwoWeeksAfterTheyDied) {
    confirmed_http();
    for (const auto* message : {"first", "second"}) {
        ASSERT_TRUE(published(text(message)));
        rows.apply(fail_delivery(rows, due().front(), "HTTP 404", false, now + 1h));
        now += 1min;
    }
    const auto letters = dead_letters(rows, 10);
    ASSERT_EQ(letters.size(), 2U);
    EXPECT_EQ(letters.front().message, "second") << "the newest first";
    const auto first_died = now - 2min + 1h;
    EXPECT_TRUE(forgotten_dead_letters(rows, first_died + kDeadLetterRetention, 10).empty());
    rows.apply(forgotten_dead_letters(rows, first_died + kDeadLetterRetention + 1ms, 10));
    ASSERT_EQ(dead_letters(rows, 10).size(), 1U);
    EXPECT_EQ(dead_letters(rows, 10).front().message, "second");
}

TEST_F(DeliveriesTest, EachEntryOfABatchIsAMessageOfItsOwn) {
    confirmed_http();
    const auto decided = publish_batch(rows, arn, {{"a", text("first")}, {"b", text("second")}}, now, nonce());
    ASSERT_TRUE(decided);
    rows.apply(decided->writes);
    EXPECT_EQ(due().size(), 2U);
    EXPECT_NE(*decided->answer[0].message_id, *decided->answer[1].message_id);
}

TEST_F(DeliveriesTest, BatchesHaveLimits) {
    std::vector<BatchEntry> entries;
    for (int i = 0; i < 10; ++i) entries.push_back({std::to_string(i), text(std::string(26'214, 'x'))});
    EXPECT_TRUE(publish_batch(rows, arn, entries, now, nonce())) << "262,140 bytes";
    entries.front().message->attributes = {{"a", {.type = "String", .value = "x"}}};
    EXPECT_EQ(publish_batch(rows, arn, entries, now, nonce()).error().name, "BatchRequestTooLong");
    entries.front() = {"0", text("m")};
    entries.push_back({"10", text("m")});
    EXPECT_EQ(publish_batch(rows, arn, entries, now, nonce()).error().name, "TooManyEntriesInBatchRequest");
}

TEST_F(DeliveriesTest, MessagesAreTextThatEveryEndpointCanBeSent) {
    EXPECT_FALSE(check_message(text("caf\xe9")));
    Message message = text(R"({"default":"d","http":7})");
    message.structure = "json";
    EXPECT_EQ(check_message(message).error().message,
              "Invalid parameter: Message Structure - the entry http must be a string");
    message = text("m");
    message.attributes = {{"n", {.type = "Number", .value = "inf"}}};
    EXPECT_EQ(check_message(message).error().message, "Could not cast message attribute 'n' value to number.");
    message = text(std::string(262'140, 'x'));
    message.attributes = {{"a", {.type = "String", .value = "x"}}};
    EXPECT_EQ(check_message(message).error().message, "Invalid parameter: Message too long") << "attributes count";
}

TEST_F(DeliveriesTest, APolicyOfBodiesLooksIntoWhatItsEndpointGets) {
    confirmed_http({{"FilterPolicy", R"({"a":["x"]})"}, {"FilterPolicyScope", "MessageBody"}});
    Message message = text(R"({"default":"{\"a\":\"y\"}","http":"{\"a\":\"x\"}"})");
    message.structure = "json";
    ASSERT_TRUE(published(message));
    EXPECT_EQ(due().size(), 1U);
}

TEST_F(DeliveriesTest, WhatIsSentIsWhatWasPublished) {
    confirmed_http({{"RawMessageDelivery", "false"}});
    Message message = text("m");
    message.subject = "s";
    message.attributes = {{"b", {.type = "Binary", .value = std::string("\0\xff", 2)}}};
    ASSERT_TRUE(published(message));
    const auto delivery = due().front();
    std::string to_sign;
    const Sender sender{.base_url = "http://here",
                        .sign =
                            [&](std::string_view signed_text, SignatureVersion) {
                                to_sign = signed_text;
                                return std::string("SIG");
                            },
                        .signing_cert_url = "http://here/c.pem"};
    const auto body = boost::json::parse(
        http_message(delivery, *find_subscription(rows, arn, delivery.subscription_id), sender).body);
    EXPECT_EQ(body.at("Message"), "m");
    EXPECT_EQ(body.at("SignatureVersion"), "2");
    EXPECT_EQ(body.at("MessageAttributes").at("b").at("Value"), "AP8=");
    EXPECT_NE(to_sign.find("\nSubject\ns\n"), std::string::npos);
}

TEST_F(DeliveriesTest, ATopicSaysHowItSignsAndWhoItsMailIsFrom) {
    EXPECT_EQ(signature_version(*find_topic(rows, arn)), SignatureVersion::v2);
    rows.apply(*set_topic_attribute(rows, arn, "SignatureVersion", "1"));
    EXPECT_EQ(signature_version(*find_topic(rows, arn)), SignatureVersion::v1);
    rows.apply(*set_topic_attribute(rows, arn, "SignatureVersion", "2"));
    EXPECT_EQ(signature_version(*find_topic(rows, arn)), SignatureVersion::v2);
    EXPECT_FALSE(set_topic_attribute(rows, arn, "FifoTopic", "false"));
    rows.apply(*set_topic_attribute(rows, arn, "DisplayName", "Approvals"));
    ASSERT_TRUE(subscribed("email", "boss@example.com"));
    const auto delivery = due_deliveries(rows, Lane::mail, now, 1).front();
    const auto letter =
        letter_of(delivery, *find_subscription(rows, arn, delivery.subscription_id), *find_topic(rows, arn), {});
    EXPECT_EQ(letter.from_name, "Approvals");
}

}  // namespace
}  // namespace holdpoint::topics
