#include "topics/publish.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <set>

#include "base/encoding.hpp"
#include "base/text.hpp"
#include "base/violations.hpp"
#include "topics/filter_policy.hpp"

namespace holdpoint::topics {
namespace {

namespace json = boost::json;

constexpr std::size_t kBatchEntriesMax = 10;
constexpr std::size_t kBatchIdLengthMax = 80;
constexpr std::size_t kAttributeNameLengthMax = 256;
constexpr std::size_t kGroupIdLengthMax = 128;

std::unexpected<Error> bad_attribute(std::string_view name, std::string_view why) {
    return fail("ParameterValueInvalid", 400, fmt::format("The message attribute '{}' {}", name, why));
}

bool is_name(std::string_view name) {
    const auto legal = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               c == '.';
    };
    return !name.empty() && name.size() <= kAttributeNameLengthMax && std::ranges::all_of(name, legal) &&
           name.front() != '.' && name.back() != '.' && !name.contains("..") && !name.starts_with("AWS.") &&
           !name.starts_with("Amazon.");
}

bool is_number(std::string_view text) {
    const auto number = read_number<double>(text);
    return number && std::isfinite(*number);
}

Result<void> check_attribute(const std::string& name, const MessageAttribute& attribute) {
    if (!is_name(name)) {
        return bad_attribute(name,
                             "has an invalid name: up to 256 letters, digits, '_', '-' and '.', not starting with "
                             "'AWS.' or 'Amazon.', no '.' at either end or doubled.");
    }
    if (attribute.type.empty()) return bad_attribute(name, "must contain non-empty message attribute type.");
    const auto prefix = std::string_view(attribute.type).substr(0, attribute.type.find('.'));
    if (prefix != "String" && prefix != "Number" && prefix != "Binary") {
        return bad_attribute(
            name,
            "has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.");
    }
    if (attribute.value.empty())
        return bad_attribute(
            name, fmt::format("must contain non-empty message attribute value for message attribute type '{}'.",
                              attribute.type));
    if (prefix == "Number" && !is_number(attribute.value))
        return fail("ParameterValueInvalid", 400,
                    fmt::format("Could not cast message attribute '{}' value to number.", name));
    return {};
}

/// Line breaks and control characters beyond ASCII, in UTF-8: U+0080 to U+009F, U+2028 and U+2029.
bool has_wide_control(std::string_view text) {
    for (std::size_t at = 0; at + 1 < text.size(); ++at) {
        const auto next = static_cast<unsigned char>(text[at + 1]);
        if (text[at] == '\xc2' && next >= 0x80 && next <= 0x9f) return true;
        const auto three = text.substr(at, 3);
        if (three == "\xe2\x80\xa8" || three == "\xe2\x80\xa9") return true;
    }
    return false;
}

/// UTF-8 text of 1 to 100 characters, without line breaks and control characters. (AWS API, Publish)
Result<void> check_subject(std::string_view subject) {
    const bool controls = std::ranges::any_of(subject, [](unsigned char c) { return c < ' ' || c == 0x7f; });
    if (subject.empty() || characters_of(subject) > kSubjectLengthMax || controls || has_wide_control(subject) ||
        !is_utf8(subject))
        return invalid_parameter("Subject");
    return {};
}

/// Up to 128 letters, digits and punctuation marks. (AWS API, Publish)
Result<void> check_group_id(std::string_view id) {
    const bool legal = std::ranges::all_of(id, [](unsigned char c) { return c > ' ' && c < 0x7f; });
    if (id.empty() || id.size() > kGroupIdLengthMax || !legal) return invalid_parameter("MessageGroupId");
    return {};
}

Result<void> check_structure(const Message& message) {
    if (message.structure.empty()) return {};
    if (message.structure != "json") return invalid_parameter("MessageStructure");
    boost::system::error_code error;
    const auto parsed = json::parse(message.message, error);
    if (error || !parsed.is_object()) return invalid_parameter("Message Structure - JSON message body failed to parse");
    const auto* fallback = parsed.as_object().if_contains("default");
    if (fallback == nullptr) return invalid_parameter("Message Structure - No default entry in JSON message body");
    for (const auto& entry : parsed.as_object()) {
        if (!entry.value().is_string())
            return invalid_parameter(
                fmt::format("Message Structure - the entry {} must be a string", std::string_view(entry.key())));
    }
    return {};
}

std::size_t size_of(const Message& message) {
    std::size_t bytes = message.message.size();
    for (const auto& [name, attribute] : message.attributes)
        bytes += name.size() + attribute.type.size() + attribute.value.size();
    return bytes;
}

/// What an endpoint of `protocol` gets: with MessageStructure json, its own entry or the default.
std::string text_for(const Message& message, const std::string& protocol) {
    if (message.structure.empty()) return message.message;
    const auto parsed = json::parse(message.message);
    const auto* own = parsed.as_object().if_contains(protocol);
    return std::string((own != nullptr ? *own : parsed.at("default")).as_string());
}

bool wants(const Subscription& subscription, const Message& message) {
    if (!subscription.confirmed) return false;
    const auto policy = subscription.attributes.find("FilterPolicy");
    if (policy == subscription.attributes.end()) return true;
    if (filter_scope(subscription.attributes) == FilterScope::message_attributes)
        return passes_filter_policy(policy->second, message.attributes);
    return passes_body_filter_policy(policy->second, text_for(message, subscription.protocol));
}

Delivery delivery_of(const Subscription& subscription, const Message& message, std::string_view message_id,
                     TimePoint now) {
    return {.id = fmt::format("{}/{}", message_id, subscription.id),
            .lane = lane_of(subscription),
            .kind = DeliveryKind::notification,
            .topic_arn = subscription.topic_arn,
            .subscription_id = subscription.id,
            .message_id = std::string(message_id),
            .subject = message.subject,
            .message = text_for(message, subscription.protocol),
            .attributes = message.attributes,
            .published_at = now,
            .due_at = now,
            .failures = 0,
            .last_error = {}};
}

Decided<std::string> fan_out(const std::vector<Subscription>& subscriptions, const Message& message, TimePoint now,
                             std::string_view nonce) {
    Decided<std::string> decided{.answer = derived_id(nonce, "message"), .writes = {}};
    for (const auto& subscription : subscriptions) {
        if (!wants(subscription, message)) continue;
        const auto delivery = delivery_of(subscription, message, decided.answer, now);
        decided.writes.push_back(
            {.space = Space::deliveries, .key = delivery_key(delivery), .value = encode(delivery)});
    }
    return decided;
}

Result<std::vector<Subscription>> subscriptions_of(const RowReader& rows, std::string_view topic_arn) {
    auto topic = load_topic(rows, topic_arn);
    if (!topic) return std::unexpected(topic.error());
    std::vector<Subscription> subscriptions;
    const auto prefix = subscription_prefix(topic_arn);
    for (const auto& row : rows.scan(Space::subscriptions, prefix, prefix_end(prefix), kSubscriptionsPerTopicMax)) {
        subscriptions.push_back(decode_subscription(row.value));
    }
    return subscriptions;
}

Result<void> check_batch(const std::vector<BatchEntry>& entries) {
    if (entries.empty()) return fail("EmptyBatchRequest", 400, "The batch request doesn't contain any entries.");
    if (entries.size() > kBatchEntriesMax) {
        return fail("TooManyEntriesInBatchRequest", 400,
                    "The batch request contains more entries than permissible (more than 10).");
    }
    std::set<std::string> ids;
    std::size_t bytes = 0;
    for (const auto& entry : entries) {
        const auto legal = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        };
        if (entry.id.empty() || entry.id.size() > kBatchIdLengthMax || !std::ranges::all_of(entry.id, legal)) {
            return fail("InvalidBatchEntryId", 400,
                        "The Id of a batch entry in a batch request doesn't abide by the specification: 1 to 80 "
                        "letters, digits, '-' and '_'.");
        }
        if (!ids.insert(entry.id).second)
            return fail("BatchEntryIdsNotDistinct", 400, fmt::format("Id {} repeated", entry.id));
        if (entry.message) bytes += size_of(*entry.message);
    }
    if (bytes > kMessageBytesMax)
        return fail("BatchRequestTooLong", 400,
                    "The length of all the batch messages put together is more than the limit of 262144 bytes.");
    return {};
}

}  // namespace

Result<void> check_message(const Message& message) {
    if (message.message.empty()) return invalid_parameter("Empty message");
    if (!is_utf8(message.message)) return invalid_parameter("Message Reason: it must be UTF-8 text");
    if (message.subject) {
        if (auto checked = check_subject(*message.subject); !checked) return checked;
    }
    if (message.group_id) {
        if (auto checked = check_group_id(*message.group_id); !checked) return checked;
    }
    for (const auto& [name, attribute] : message.attributes) {
        if (auto checked = check_attribute(name, attribute); !checked) return checked;
    }
    if (size_of(message) > kMessageBytesMax) return invalid_parameter("Message too long");
    return check_structure(message);
}

Result<Decided<std::string>> publish(const RowReader& rows, std::string_view topic_arn, const Message& message,
                                     TimePoint now, std::string_view nonce) {
    if (auto checked = check_message(message); !checked) return std::unexpected(checked.error());
    auto subscriptions = subscriptions_of(rows, topic_arn);
    if (!subscriptions) return std::unexpected(subscriptions.error());
    auto decided = fan_out(*subscriptions, message, now, nonce);
    return decided;
}

Result<Decided<std::vector<BatchResult>>> publish_batch(const RowReader& rows, std::string_view topic_arn,
                                                        const std::vector<BatchEntry>& entries, TimePoint now,
                                                        std::string_view nonce) {
    if (auto checked = check_batch(entries); !checked) return std::unexpected(checked.error());
    auto subscriptions = subscriptions_of(rows, topic_arn);
    if (!subscriptions) return std::unexpected(subscriptions.error());
    Decided<std::vector<BatchResult>> decided;
    for (const auto& entry : entries) {
        const Result<void> checked =
            entry.message ? check_message(*entry.message) : std::unexpected(entry.message.error());
        if (!checked) {
            decided.answer.push_back({.id = entry.id, .message_id = std::unexpected(checked.error())});
            continue;
        }
        auto one = fan_out(*subscriptions, *entry.message, now, fmt::format("{}/{}", nonce, entry.id));
        std::ranges::move(one.writes, std::back_inserter(decided.writes));
        decided.answer.push_back({.id = entry.id, .message_id = std::move(one.answer)});
    }
    return decided;
}

}  // namespace holdpoint::topics
