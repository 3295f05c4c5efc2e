#include "topics/letter.hpp"

#include <fmt/format.h>

namespace holdpoint::topics {
namespace {

// AWS's own, by which people filter their mail.
constexpr std::string_view kSubject = "AWS Notification Message";
constexpr std::string_view kConfirmationSubject = "AWS Notification - Subscription Confirmation";
constexpr std::string_view kFromName = "Holdpoint";

std::string confirmation(const Subscription& subscription, const Sender& sender) {
    return fmt::format(
        "Somebody asked for messages of this topic to be sent to you:\n{}\n\n"
        "Confirm the subscription:\n{}\n\n"
        "If you did not expect this, do nothing: you will get no messages.\n",
        subscription.topic_arn, subscribe_url(subscription, sender));
}

std::string notification(const Delivery& delivery, const std::string& unsubscribe) {
    const std::string_view end = delivery.message.ends_with('\n') ? "" : "\n";
    return fmt::format("{}{}\n--\nTo get no more messages of this topic, open this address\n{}\n", delivery.message,
                       end, unsubscribe);
}

}  // namespace

Letter letter_of(const Delivery& delivery, const Subscription& subscription, const Topic& topic, const Sender& sender) {
    const auto name = topic.attributes.find("DisplayName");
    Letter letter{.from_name = name == topic.attributes.end() ? std::string(kFromName) : name->second,
                  .subject = delivery.subject.value_or(std::string(kSubject)),
                  .is_json = subscription.protocol == "email-json"};
    if (delivery.kind == DeliveryKind::confirmation) {
        letter.subject = kConfirmationSubject;
        letter.text =
            letter.is_json ? confirmation_json(delivery, subscription, sender) : confirmation(subscription, sender);
        return letter;
    }
    letter.unsubscribe_url = unsubscribe_url(subscription, sender);
    letter.text = letter.is_json ? notification_json(delivery, sender, &subscription)
                                 : notification(delivery, letter.unsubscribe_url);
    return letter;
}

}  // namespace holdpoint::topics
