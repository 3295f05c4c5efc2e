#include "api/sns/answers.hpp"

#include <fmt/format.h>

#include "api/respond.hpp"

namespace holdpoint::api::sns {

namespace {

std::string wrap(std::string_view name, std::string_view xml) {
    return fmt::format("<{0}>{1}</{0}>", name, xml);
}

std::string next_token(const std::string& token) {
    return token.empty() ? "" : xml_element("NextToken", token);
}

}  // namespace

std::string attributes_xml(const topics::Attributes& attributes) {
    std::string entries;
    for (const auto& [name, value] : attributes)
        entries += wrap("entry", xml_element("key", name) + xml_element("value", value));
    return wrap("Attributes", entries);
}

std::string tags_xml(const topics::Attributes& tags) {
    std::string members;
    for (const auto& [key, value] : tags)
        members += wrap("member", xml_element("Key", key) + xml_element("Value", value));
    return wrap("Tags", members);
}

std::string topics_xml(const topics::TopicPage& page) {
    std::string members;
    for (const auto& arn : page.arns) members += wrap("member", xml_element("TopicArn", arn));
    return wrap("Topics", members) + next_token(page.next_token);
}

std::string subscriptions_xml(const topics::SubscriptionPage& page) {
    std::string members;
    for (const auto& each : page.subscriptions) {
        members += wrap("member", xml_element("SubscriptionArn", each.confirmed ? each.arn() : "PendingConfirmation") +
                                      xml_element("Owner", each.owner) + xml_element("Protocol", each.protocol) +
                                      xml_element("Endpoint", each.endpoint) + xml_element("TopicArn", each.topic_arn));
    }
    return wrap("Subscriptions", members) + next_token(page.next_token);
}

std::string batch_xml(const std::vector<topics::BatchResult>& results) {
    std::string successful;
    std::string failed;
    for (const auto& result : results) {
        if (result.message_id) {
            successful += wrap("member", xml_element("Id", result.id) + xml_element("MessageId", *result.message_id));
        } else {
            const auto& error = result.message_id.error();
            failed += wrap("member", xml_element("Id", result.id) + xml_element("Code", error.name) +
                                         xml_element("Message", error.message) + xml_element("SenderFault", "true"));
        }
    }
    return wrap("Successful", successful) + wrap("Failed", failed);
}

std::string dead_letters_xml(const std::vector<topics::Delivery>& dead_letters) {
    std::string members;
    for (const auto& letter : dead_letters) {
        members += wrap("member", xml_element("PublishedAt", to_iso8601(letter.published_at)) +
                                      xml_element("TopicArn", letter.topic_arn) +
                                      xml_element("SubscriptionArn", letter.topic_arn + ":" + letter.subscription_id) +
                                      xml_element("MessageId", letter.message_id) +
                                      xml_element("Attempts", std::to_string(letter.failures)) +
                                      xml_element("LastError", letter.last_error));
    }
    return wrap("DeadLetters", members);
}

}  // namespace holdpoint::api::sns
