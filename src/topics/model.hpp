// What the topics room keeps: topics, subscriptions, messages, deliveries; and the rows they live in.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/rows.hpp"

namespace holdpoint::topics {

inline constexpr std::size_t kMessageBytesMax = 262144;
inline constexpr std::size_t kSubjectLengthMax = 100;
/// Far below AWS's 12.5 million: one machine delivers, and publishing reads every subscription of the topic.
inline constexpr std::size_t kSubscriptionsPerTopicMax = 10000;
inline constexpr std::size_t kPageSize = 100;

using Attributes = std::map<std::string, std::string>;

/// Space::topics, key: the ARN.
struct Topic {
    std::string arn;
    Attributes attributes;
    TimePoint created_at;
    std::uint64_t subscriptions_deleted = 0;
    Attributes tags = {};
    friend bool operator==(const Topic&, const Topic&) = default;
};

/// Space::subscriptions, key: topic ARN as a key part, then the subscription's id.
struct Subscription {
    std::string topic_arn;
    std::string id;
    std::string protocol;  // http | https | email | email-json | lambda
    std::string endpoint;
    std::string owner;  // account
    std::string token;  // proves the endpoint's consent; also lets its reader unsubscribe
    TimePoint token_expires_at;
    bool confirmed = false;
    bool confirmation_was_authenticated = false;
    Attributes attributes;  // FilterPolicy, FilterPolicyScope, RawMessageDelivery, DeliveryPolicy

    [[nodiscard]] std::string arn() const { return topic_arn + ":" + id; }
    friend bool operator==(const Subscription&, const Subscription&) = default;
};

/// `type` is String, String.Array, Number or Binary; the value of a Binary attribute is its raw bytes.
struct MessageAttribute {
    std::string type;
    std::string value;
    friend bool operator==(const MessageAttribute&, const MessageAttribute&) = default;
};
using MessageAttributes = std::map<std::string, MessageAttribute>;

enum class DeliveryKind { notification, confirmation };

/// Deliveries of one lane never wait for those of another: a mail server that does not answer keeps nothing else back.
enum class Lane { endpoints, mail };

/// One message on its way to one endpoint. Space::deliveries, key: lane and due time, then the id.
struct Delivery {
    std::string id;
    Lane lane = Lane::endpoints;
    DeliveryKind kind = DeliveryKind::notification;
    std::string topic_arn;
    std::string subscription_id;
    std::string message_id;
    std::optional<std::string> subject;
    std::string message;  // what this protocol gets (MessageStructure is already resolved)
    MessageAttributes attributes;
    TimePoint published_at;
    TimePoint due_at;
    int failures = 0;
    std::string last_error;
    friend bool operator==(const Delivery&, const Delivery&) = default;
};

/// An e-mail as earlier versions kept it, which sent none. Space::outbox, key: time, then the message's and the
/// subscription's id. Nothing adds to it any more.
struct OutboxMail {
    TimePoint at;
    std::string to;
    std::string subject;
    std::string body;
    std::string topic_arn;
    std::string message_id;
    friend bool operator==(const OutboxMail&, const OutboxMail&) = default;
};

[[nodiscard]] std::string topic_key(std::string_view topic_arn);
[[nodiscard]] std::string subscription_key(std::string_view topic_arn, std::string_view id);
[[nodiscard]] std::string subscription_prefix(std::string_view topic_arn);
[[nodiscard]] std::string delivery_key(const Delivery& delivery);
/// Where the keys of a lane begin whose deliveries are due from `at` on.
[[nodiscard]] std::string lane_key(Lane lane, TimePoint at);

/// email or email-json.
[[nodiscard]] bool is_mail(std::string_view protocol);
[[nodiscard]] Lane lane_of(const Subscription& subscription);

// A value that cannot be read means a damaged database: these throw std::runtime_error.
[[nodiscard]] std::string encode(const Topic& value);
[[nodiscard]] std::string encode(const Subscription& value);
[[nodiscard]] std::string encode(const Delivery& value);
[[nodiscard]] Topic decode_topic(std::string_view text);
[[nodiscard]] Subscription decode_subscription(std::string_view text);
[[nodiscard]] Delivery decode_delivery(std::string_view text);
[[nodiscard]] OutboxMail decode_outbox_mail(std::string_view text);

[[nodiscard]] std::optional<Topic> find_topic(const RowReader& rows, std::string_view topic_arn);
[[nodiscard]] std::optional<Subscription> find_subscription(const RowReader& rows, std::string_view topic_arn,
                                                            std::string_view id);

/// InvalidParameter in AWS's words: "Invalid parameter: <what>".
[[nodiscard]] std::unexpected<Error> invalid_parameter(std::string_view what);
/// Checks that `arn` is shaped like a topic's; InvalidParameter, naming `parameter`.
[[nodiscard]] Result<void> check_topic_arn(std::string_view parameter, std::string_view arn);
/// The topic, or NotFound (or InvalidParameter when `arn` is no topic ARN).
[[nodiscard]] Result<Topic> load_topic(const RowReader& rows, std::string_view arn);

/// An id shaped like a UUID that follows from `nonce` and `label` alone, so that a repeated decision mints the same
/// one.
[[nodiscard]] std::string derived_id(std::string_view nonce, std::string_view label);

}  // namespace holdpoint::topics
