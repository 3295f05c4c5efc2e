#include "topics/model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <stdexcept>

#include "base/encoding.hpp"

namespace holdpoint::topics {
namespace {

namespace json = boost::json;

/// Mail is behind everything else that is due; no time reaches this bit.
constexpr std::uint64_t kMailBit = std::uint64_t{1} << 62;

json::object to_json(const Attributes& attributes) {
    json::object object;
    for (const auto& [name, value] : attributes) object.emplace(name, value);
    return object;
}

json::object to_json(const MessageAttributes& attributes) {
    json::object object;
    for (const auto& [name, attribute] : attributes) {
        const bool binary = attribute.type.starts_with("Binary");
        object.emplace(name, json::object{{"type", attribute.type},
                                          {"value", binary ? base64_encode(attribute.value) : attribute.value}});
    }
    return object;
}

json::object parse_row(std::string_view what, std::string_view text) {
    boost::system::error_code error;
    auto value = json::parse(text, error);
    if (error || !value.is_object())
        throw std::runtime_error(fmt::format("the database holds a {} that is not a JSON object", what));
    return std::move(value.as_object());
}

std::string text_at(const json::object& object, std::string_view name) {
    return std::string(object.at(name).as_string());
}
TimePoint time_at(const json::object& object, std::string_view name) {
    return from_epoch_ms(object.at(name).as_int64());
}

Attributes attributes_at(const json::object& object, std::string_view member = "attributes") {
    Attributes attributes;
    for (const auto& [name, value] : object.at(member).as_object())
        attributes.emplace(name, std::string(value.as_string()));
    return attributes;
}

MessageAttributes message_attributes_at(const json::object& object) {
    MessageAttributes attributes;
    for (const auto& [name, value] : object.at("attributes").as_object()) {
        MessageAttribute attribute{.type = text_at(value.as_object(), "type"),
                                   .value = text_at(value.as_object(), "value")};
        if (attribute.type.starts_with("Binary")) attribute.value = base64_decode(attribute.value).value_or("");
        attributes.emplace(name, std::move(attribute));
    }
    return attributes;
}

}  // namespace

std::string topic_key(std::string_view topic_arn) {
    return std::string(topic_arn);
}

std::string subscription_prefix(std::string_view topic_arn) {
    std::string key;
    append_key_part(key, topic_arn);
    return key;
}

std::string subscription_key(std::string_view topic_arn, std::string_view id) {
    return subscription_prefix(topic_arn).append(id);
}

std::string lane_key(Lane lane, TimePoint at) {
    std::string key;
    append_key_number(key, (lane == Lane::mail ? kMailBit : 0) | static_cast<std::uint64_t>(to_epoch_ms(at)));
    return key;
}

std::string delivery_key(const Delivery& delivery) {
    return lane_key(delivery.lane, delivery.due_at) + delivery.id;
}

bool is_mail(std::string_view protocol) {
    return protocol == "email" || protocol == "email-json";
}

Lane lane_of(const Subscription& subscription) {
    return is_mail(subscription.protocol) ? Lane::mail : Lane::endpoints;
}

std::string encode(const Topic& value) {
    json::object object{{"arn", value.arn},
                        {"attributes", to_json(value.attributes)},
                        {"created_at", to_epoch_ms(value.created_at)},
                        {"subscriptions_deleted", value.subscriptions_deleted}};
    if (!value.tags.empty()) object.emplace("tags", to_json(value.tags));
    return json::serialize(object);
}

std::string encode(const Subscription& value) {
    return json::serialize(json::object{{"topic_arn", value.topic_arn},
                                        {"id", value.id},
                                        {"protocol", value.protocol},
                                        {"endpoint", value.endpoint},
                                        {"owner", value.owner},
                                        {"token", value.token},
                                        {"token_expires_at", to_epoch_ms(value.token_expires_at)},
                                        {"confirmed", value.confirmed},
                                        {"confirmation_was_authenticated", value.confirmation_was_authenticated},
                                        {"attributes", to_json(value.attributes)}});
}

std::string encode(const Delivery& value) {
    json::object object{{"id", value.id},
                        {"lane", value.lane == Lane::mail ? "mail" : "endpoints"},
                        {"kind", value.kind == DeliveryKind::notification ? "notification" : "confirmation"},
                        {"topic_arn", value.topic_arn},
                        {"subscription_id", value.subscription_id},
                        {"message_id", value.message_id},
                        {"message", value.message},
                        {"attributes", to_json(value.attributes)},
                        {"published_at", to_epoch_ms(value.published_at)},
                        {"due_at", to_epoch_ms(value.due_at)},
                        {"failures", value.failures},
                        {"last_error", value.last_error}};
    if (value.subject) object.emplace("subject", *value.subject);
    return json::serialize(object);
}

Topic decode_topic(std::string_view text) {
    const auto object = parse_row("topic", text);
    return {.arn = text_at(object, "arn"),
            .attributes = attributes_at(object),
            .created_at = time_at(object, "created_at"),
            .subscriptions_deleted = object.at("subscriptions_deleted").to_number<std::uint64_t>(),
            .tags = object.contains("tags") ? attributes_at(object, "tags") : Attributes{}};
}

Subscription decode_subscription(std::string_view text) {
    const auto object = parse_row("subscription", text);
    return {.topic_arn = text_at(object, "topic_arn"),
            .id = text_at(object, "id"),
            .protocol = text_at(object, "protocol"),
            .endpoint = text_at(object, "endpoint"),
            .owner = text_at(object, "owner"),
            .token = text_at(object, "token"),
            .token_expires_at = time_at(object, "token_expires_at"),
            .confirmed = object.at("confirmed").as_bool(),
            .confirmation_was_authenticated = object.at("confirmation_was_authenticated").as_bool(),
            .attributes = attributes_at(object)};
}

Delivery decode_delivery(std::string_view text) {
    const auto object = parse_row("delivery", text);
    // Earlier versions had one lane.
    const auto* lane = object.if_contains("lane");
    Delivery delivery{.id = text_at(object, "id"),
                      .lane = lane != nullptr && lane->as_string() == "mail" ? Lane::mail : Lane::endpoints,
                      .kind = object.at("kind").as_string() == "notification" ? DeliveryKind::notification
                                                                              : DeliveryKind::confirmation,
                      .topic_arn = text_at(object, "topic_arn"),
                      .subscription_id = text_at(object, "subscription_id"),
                      .message_id = text_at(object, "message_id"),
                      .subject = std::nullopt,
                      .message = text_at(object, "message"),
                      .attributes = message_attributes_at(object),
                      .published_at = time_at(object, "published_at"),
                      .due_at = time_at(object, "due_at"),
                      .failures = object.at("failures").to_number<int>(),
                      .last_error = text_at(object, "last_error")};
    if (object.contains("subject")) delivery.subject = text_at(object, "subject");
    return delivery;
}

OutboxMail decode_outbox_mail(std::string_view text) {
    const auto object = parse_row("outbox mail", text);
    return {.at = time_at(object, "at"),
            .to = text_at(object, "to"),
            .subject = text_at(object, "subject"),
            .body = text_at(object, "body"),
            .topic_arn = text_at(object, "topic_arn"),
            .message_id = text_at(object, "message_id")};
}

std::optional<Topic> find_topic(const RowReader& rows, std::string_view topic_arn) {
    const auto row = rows.get(Space::topics, topic_key(topic_arn));
    if (!row) return std::nullopt;
    return decode_topic(*row);
}

std::optional<Subscription> find_subscription(const RowReader& rows, std::string_view topic_arn, std::string_view id) {
    const auto row = rows.get(Space::subscriptions, subscription_key(topic_arn, id));
    if (!row) return std::nullopt;
    return decode_subscription(*row);
}

std::unexpected<Error> invalid_parameter(std::string_view what) {
    return fail("InvalidParameter", 400, fmt::format("Invalid parameter: {}", what));
}

Result<void> check_topic_arn(std::string_view parameter, std::string_view arn) {
    const auto parts = std::ranges::count(arn, ':') + 1;
    if (parts < 6) {
        return invalid_parameter(
            fmt::format("{} Reason: An ARN must have at least 6 elements, not {}", parameter, arn.empty() ? 0 : parts));
    }
    if (parts != 6 || !arn.starts_with("arn:")) return invalid_parameter(parameter);
    return {};
}

Result<Topic> load_topic(const RowReader& rows, std::string_view arn) {
    if (auto checked = check_topic_arn("TopicArn", arn); !checked) return std::unexpected(checked.error());
    auto topic = find_topic(rows, arn);
    if (!topic) return fail("NotFound", 404, "Topic does not exist");
    return std::move(*topic);
}

std::string derived_id(std::string_view nonce, std::string_view label) {
    const std::string hex = to_hex(sha256(fmt::format("{}/{}", nonce, label)).substr(0, 16));
    return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4),
                       hex.substr(20));
}

}  // namespace holdpoint::topics
