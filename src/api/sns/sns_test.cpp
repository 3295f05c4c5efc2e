#include "api/sns/parameters.hpp"

#include <gtest/gtest.h>

#include <future>

#include "api/sns/answers.hpp"
#include "api/sns/sns.hpp"

namespace holdpoint::api::sns {
namespace {

Parameters posted(std::string body) {
    return Parameters::read({.method = "POST", .target = "/", .headers = {}, .body = std::move(body)});
}

TEST(SnsParametersTest, FlatNamesBecomeListsAndMaps) {
    const auto in = posted(
        "Action=Subscribe&Attributes.entry.1.key=FilterPolicy&Attributes.entry.1.value=%7B%7D&Attributes.entry.2.key="
        "RawMessageDelivery&Attributes.entry.2.value=true");
    EXPECT_EQ(in.get("Action"), "Subscribe");
    EXPECT_EQ(in.entries("Attributes"),
              (std::map<std::string, std::string>{{"FilterPolicy", "{}"}, {"RawMessageDelivery", "true"}}));
    EXPECT_EQ(in.require("TopicArn").error().message,
              "Invalid parameter: TopicArn Reason: no value for required parameter");
}

TEST(SnsParametersTest, MessagesCarryTheirAttributes) {
    const auto message = read_message(
        posted("Message=a+b%0Ac&Subject=s&MessageAttributes.entry.1.Name=kind&MessageAttributes.entry.1.Value.DataType="
               "String"
               "&MessageAttributes.entry.1.Value.StringValue=x&MessageAttributes.entry.2.Name=raw"
               "&MessageAttributes.entry.2.Value.DataType=Binary&MessageAttributes.entry.2.Value.BinaryValue=AAE%3D"),
        "");
    ASSERT_TRUE(message);
    EXPECT_EQ(message->message, "a b\nc");
    EXPECT_EQ(message->attributes.at("raw").value, std::string("\0\1", 2));
    EXPECT_FALSE(read_message(
        posted("Message=m&MessageAttributes.entry.1.Name=raw&MessageAttributes.entry.1.Value.DataType=Binary"
               "&MessageAttributes.entry.1.Value.BinaryValue=!"),
        ""));
}

TEST(SnsParametersTest, BatchesKeepTheirOrder) {
    std::string body = "TopicArn=t";
    for (int i = 1; i <= 10; ++i)
        body += "&PublishBatchRequestEntries.member." + std::to_string(i) + ".Id=e" + std::to_string(i);
    const auto batch = read_batch(posted(body));
    ASSERT_TRUE(batch);
    ASSERT_EQ(batch->size(), 10U);
    EXPECT_EQ(batch->back().id, "e10");
}

/// Real batches were refused whole for it, though each entry succeeds or fails by itself.
TEST(SnsParametersTest, AnAttributeThatCannotBeReadFailsItsEntryAlone) {
    const std::string entries =
        "PublishBatchRequestEntries.member.1.Id=a&PublishBatchRequestEntries.member.1.Message=m"
        "&PublishBatchRequestEntries.member.2.Id=b";
    const std::string attribute = "&PublishBatchRequestEntries.member.2.MessageAttributes.entry.1.";
    const auto batch = read_batch(posted(entries + attribute + "Name=raw" + attribute + "Value.DataType=Binary" +
                                         attribute + "Value.BinaryValue=!"));
    ASSERT_TRUE(batch);
    ASSERT_EQ(batch->size(), 2U);
    EXPECT_TRUE(batch->at(0).message);
    ASSERT_FALSE(batch->at(1).message);
    EXPECT_EQ(batch->at(1).message.error().name, "ParameterValueInvalid");
}

TEST(SnsParametersTest, WhatAMessageCannotHaveABatchCannotHaveEither) {
    const std::string entry = "PublishBatchRequestEntries.member.1.Id=a&PublishBatchRequestEntries.member.1.Message=m";
    EXPECT_TRUE(read_batch(posted(entry + "&PublishBatchRequestEntries.member.1.MessageGroupId=g")));
    const auto refused = read_batch(posted(entry + "&PublishBatchRequestEntries.member.1.MessageDeduplicationId=d"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message,
              "Invalid parameter: MessageDeduplicationId Reason: it is not supported by this server");
}

TEST(SnsParametersTest, ListsAreNumberedFromOneWithoutGaps) {
    const std::vector<std::string> known{"MessageAttributes", "TagKeys"};
    const auto refusal = [&](const std::string& body) {
        const auto checked = posted(body).refuse_others(known);
        return checked ? std::string() : checked.error().message;
    };
    std::string many = "TagKeys=";
    for (int i = 1; i <= 12; ++i) many += "&TagKeys.member." + std::to_string(i) + "=k";
    EXPECT_EQ(refusal(many), "");
    EXPECT_EQ(refusal("MessageAttributes.entry.2.Name=b&MessageAttributes.entry.1.Name=a"), "");
    const std::string wanted = " Reason: the elements of a list are numbered 1, 2, 3 and so on";
    EXPECT_EQ(refusal("MessageAttributes.entry.2.Name=a"),
              "Invalid parameter: MessageAttributes.entry.2.Name" + wanted);
    EXPECT_EQ(refusal("TagKeys.member.10=k&TagKeys.member.2=k"), "Invalid parameter: TagKeys.member.10" + wanted);
    EXPECT_EQ(refusal("TagKeys.member.x=k"), "Invalid parameter: TagKeys.member.x" + wanted);
    EXPECT_EQ(refusal("TagKeys.member.0=k"), "Invalid parameter: TagKeys.member.0" + wanted);
    EXPECT_EQ(refusal("TagKeys.member.01=k"), "Invalid parameter: TagKeys.member.01" + wanted);
}

TEST(SnsAnswersTest, TextIsEscaped) {
    EXPECT_EQ(attributes_xml({{"DisplayName", "a<b"}}),
              "<Attributes><entry><key>DisplayName</key><value>a&lt;b</value></entry></Attributes>");
}

TEST(SnsServiceTest, WhoSubscribesAFunctionMustBeAllowedToInvokeIt) {
    ManualClock clock(from_epoch_ms(1'800'000'000'000));
    SeededRandom random(1);
    const auto store = store::make_memory_store();
    engine::Writer writer(clock, *store);
    const auto service = make_sns_service({.clock = clock, .random = random, .store = *store, .writer = writer}, [] {});
    const auto subscribe = [&](const std::string& endpoint) {
        std::promise<net::Response> answered;
        service->handle(
            {.request = {.method = "POST",
                         .target = "/",
                         .headers = {},
                         .body = "Action=Subscribe&TopicArn=arn:aws:sns:us-east-1:000000000000:t&Protocol=lambda"
                                 "&Endpoint=" +
                                 endpoint},
             .caller = {.account = "000000000000", .arn = "a", .user_id = "u", .role_name = "role"},
             .authorize = [](const std::string& action, const std::string& resource, const auto&) -> Result<void> {
                 if (action == "sns:Subscribe") return {};
                 return fail("AuthorizationError", 403, action + " " + resource);
             },
             .request_id = "r",
             .respond = [&](net::Response response) { answered.set_value(std::move(response)); }});
        return answered.get_future().get();
    };
    const auto answer = subscribe("arn:aws:lambda:us-east-1:000000000000:function:admin");
    EXPECT_EQ(answer.status, 403);
    EXPECT_NE(answer.body.find("lambda:InvokeFunction arn:aws:lambda:us-east-1:000000000000:function:admin"),
              std::string::npos);
    EXPECT_EQ(subscribe("arn:aws:lambda:::function:admin").status, 400) << "a policy would be asked about another ARN";
}

}  // namespace
}  // namespace holdpoint::api::sns
