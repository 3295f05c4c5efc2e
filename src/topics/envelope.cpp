#include "topics/envelope.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/encoding.hpp"
#include "topics/subscriptions.hpp"

namespace holdpoint::topics {
namespace {

namespace json = boost::json;

json::object attributes_json(const MessageAttributes& attributes) {
    json::object object;
    for (const auto& [name, attribute] : attributes) {
        const bool binary = attribute.type.starts_with("Binary");
        object.emplace(name, json::object{{"Type", attribute.type},
                                          {"Value", binary ? base64_encode(attribute.value) : attribute.value}});
    }
    return object;
}

void add_signature(json::object& object, const std::string& text, const Sender& sender,
                   std::string_view cert_url_member) {
    if (!sender.sign) return;
    object.emplace("SignatureVersion", sender.version == SignatureVersion::v1 ? "1" : "2");
    object.emplace("Signature", sender.sign(text, sender.version));
    object.emplace(cert_url_member, sender.signing_cert_url);
}

}  // namespace

SignatureVersion signature_version(const Topic& topic) {
    const auto own = topic.attributes.find("SignatureVersion");
    return own != topic.attributes.end() && own->second == "1" ? SignatureVersion::v1 : SignatureVersion::v2;
}

std::string subscribe_url(const Subscription& subscription, const Sender& sender) {
    return fmt::format("{}/?Action=ConfirmSubscription&TopicArn={}&Token={}", sender.base_url,
                       percent_encode(subscription.topic_arn), subscription.token);
}

std::string unsubscribe_url(const Subscription& subscription, const Sender& sender) {
    return fmt::format("{}/?Action=Unsubscribe&SubscriptionArn={}&Token={}", sender.base_url,
                       percent_encode(subscription.arn()), unsubscribe_token(subscription));
}

std::string notification_to_sign(const Delivery& delivery) {
    std::string text = fmt::format("Message\n{}\nMessageId\n{}\n", delivery.message, delivery.message_id);
    if (delivery.subject) text += fmt::format("Subject\n{}\n", *delivery.subject);
    return text + fmt::format("Timestamp\n{}\nTopicArn\n{}\nType\nNotification\n", to_iso8601(delivery.published_at),
                              delivery.topic_arn);
}

std::string confirmation_to_sign(const Delivery& delivery, const Subscription& subscription, std::string_view url) {
    return fmt::format(
        "Message\n{}\nMessageId\n{}\nSubscribeURL\n{}\nTimestamp\n{}\nToken\n{}\nTopicArn\n{}"
        "\nType\nSubscriptionConfirmation\n",
        delivery.message, delivery.message_id, url, to_iso8601(delivery.published_at), subscription.token,
        delivery.topic_arn);
}

std::string notification_json(const Delivery& delivery, const Sender& sender, const Subscription* subscription) {
    json::object object{{"Type", "Notification"}, {"MessageId", delivery.message_id}, {"TopicArn", delivery.topic_arn}};
    if (delivery.subject) object.emplace("Subject", *delivery.subject);
    object.emplace("Message", delivery.message);
    object.emplace("Timestamp", to_iso8601(delivery.published_at));
    add_signature(object, notification_to_sign(delivery), sender, "SigningCertURL");
    if (subscription != nullptr) object.emplace("UnsubscribeURL", unsubscribe_url(*subscription, sender));
    if (!delivery.attributes.empty()) object.emplace("MessageAttributes", attributes_json(delivery.attributes));
    return json::serialize(object);
}

std::string confirmation_json(const Delivery& delivery, const Subscription& subscription, const Sender& sender) {
    const auto url = subscribe_url(subscription, sender);
    json::object object{{"Type", "SubscriptionConfirmation"},
                        {"MessageId", delivery.message_id},
                        {"Token", subscription.token},
                        {"TopicArn", delivery.topic_arn},
                        {"Message", delivery.message},
                        {"SubscribeURL", url},
                        {"Timestamp", to_iso8601(delivery.published_at)}};
    add_signature(object, confirmation_to_sign(delivery, subscription, url), sender, "SigningCertURL");
    return json::serialize(object);
}

std::string lambda_event(const Delivery& delivery, const Subscription& subscription, const Sender& sender) {
    json::object sns{{"Type", "Notification"},
                     {"MessageId", delivery.message_id},
                     {"TopicArn", delivery.topic_arn},
                     {"Subject", delivery.subject ? json::value(*delivery.subject) : json::value(nullptr)},
                     {"Message", delivery.message},
                     {"Timestamp", to_iso8601(delivery.published_at)}};
    add_signature(sns, notification_to_sign(delivery), sender, "SigningCertUrl");
    sns.emplace("UnsubscribeUrl", unsubscribe_url(subscription, sender));
    sns.emplace("MessageAttributes", attributes_json(delivery.attributes));
    return json::serialize(
        json::object{{"Records", json::array{json::object{{"EventSource", "aws:sns"},
                                                          {"EventVersion", "1.0"},
                                                          {"EventSubscriptionArn", subscription.arn()},
                                                          {"Sns", std::move(sns)}}}}});
}

HttpMessage http_message(const Delivery& delivery, const Subscription& subscription, const Sender& sender) {
    const bool notification = delivery.kind == DeliveryKind::notification;
    HttpMessage message{
        .headers = {{"x-amz-sns-message-type", notification ? "Notification" : "SubscriptionConfirmation"},
                    {"x-amz-sns-message-id", delivery.message_id},
                    {"x-amz-sns-topic-arn", delivery.topic_arn}},
        .body = {}};
    if (notification) message.headers.emplace_back("x-amz-sns-subscription-arn", subscription.arn());
    message.headers.emplace_back("Content-Type", "text/plain; charset=UTF-8");
    message.headers.emplace_back("User-Agent", "Amazon Simple Notification Service Agent");
    const auto raw = subscription.attributes.find("RawMessageDelivery");
    if (!notification) {
        message.body = confirmation_json(delivery, subscription, sender);
    } else if (raw != subscription.attributes.end() && raw->second == "true") {
        message.headers.emplace_back("x-amz-sns-rawdelivery", "true");
        message.body = delivery.message;
    } else {
        message.body = notification_json(delivery, sender, &subscription);
    }
    return message;
}

}  // namespace holdpoint::topics
