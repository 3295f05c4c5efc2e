#include "topics/subscriptions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "topics/delivery_policy.hpp"
#include "topics/filter_policy.hpp"
#include "topics/paging.hpp"

namespace holdpoint::topics {
namespace {

constexpr std::size_t kEndpointLengthMax = 2048;

/// Those that mail goes to (mail/mail.hpp): of another, nobody would hear that its mail cannot be sent.
bool is_email_address(std::string_view text) {
    constexpr std::size_t kAddressMax = 254;
    constexpr std::string_view kEnding = "<>()[],;:\\\"";
    const auto at = text.find('@');
    if (at == std::string_view::npos || at == 0 || at + 1 == text.size() || text.size() > kAddressMax) return false;
    if (text.find('@', at + 1) != std::string_view::npos) return false;
    return std::ranges::all_of(text, [&](char c) { return c > ' ' && c <= '~' && !kEnding.contains(c); });
}

bool is_url(std::string_view text, std::string_view scheme) {
    if (!text.starts_with(scheme)) return false;
    text.remove_prefix(scheme.size());
    const bool has_host = !text.empty() && text.front() != '/' && text.front() != '?' && text.front() != ':';
    return has_host && std::ranges::none_of(text, [](unsigned char c) { return c <= ' ' || c == 0x7f; });
}

/// With every part: what it leaves out, whoever reads it would fill in, and policies were asked about what it says.
bool is_function_arn(std::string_view text) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t colon = text.find(':');
        parts.push_back(text.substr(0, colon));
        if (colon == std::string_view::npos) break;
        text.remove_prefix(colon + 1);
    }
    if (parts.size() != 7 && parts.size() != 8) return false;
    if (parts[0] != "arn" || parts[1] != "aws" || parts[2] != "lambda" || parts[5] != "function") return false;
    return std::ranges::none_of(parts, &std::string_view::empty);
}

Result<void> check_endpoint(const Subscribe& request) {
    const auto& endpoint = request.endpoint;
    if (endpoint.empty()) return invalid_parameter("Endpoint");
    if (endpoint.size() > kEndpointLengthMax)
        return invalid_parameter("Endpoint Reason: it is longer than 2048 characters");
    if (request.protocol == "http" || request.protocol == "https") {
        if (is_url(endpoint, request.protocol + "://")) return {};
        return invalid_parameter("Endpoint must match the specified protocol");
    }
    if (request.protocol == "email" || request.protocol == "email-json") {
        return is_email_address(endpoint) ? Result<void>{} : invalid_parameter("Email address");
    }
    if (request.protocol == "lambda") {
        return is_function_arn(endpoint) ? Result<void>{} : invalid_parameter("Lambda endpoint ARN");
    }
    for (const auto* known : {"sqs", "sms", "application", "firehose"}) {
        if (request.protocol == known)
            return invalid_parameter(fmt::format("Protocol Reason: {} is not supported by this server", known));
    }
    return invalid_parameter("Protocol");
}

Result<void> check_filter(const Attributes& attributes) {
    const auto policy = attributes.find("FilterPolicy");
    if (policy == attributes.end()) return {};
    return check_filter_policy(policy->second, filter_scope(attributes));
}

Result<void> check_attribute(const std::string& protocol, const std::string& name, const std::string& value) {
    if (name == "FilterPolicy") return {};  // with its scope, in check_filter
    if (name == "FilterPolicyScope") {
        if (value == "MessageAttributes" || value == "MessageBody") return {};
        return invalid_parameter(fmt::format(
            "FilterPolicyScope: Invalid value [{}]. Please use either MessageBody or MessageAttributes", value));
    }
    if (name == "RawMessageDelivery") {
        if (value != "true" && value != "false")
            return invalid_parameter(fmt::format(
                "RawMessageDelivery Reason: Invalid value [{}] for attribute. Must be true or false.", value));
        if (value == "true" && protocol != "http" && protocol != "https") {
            return invalid_parameter("RawMessageDelivery Reason: Delivery protocol [" + protocol +
                                     "] does not support raw message delivery.");
        }
        return {};
    }
    if (name == "DeliveryPolicy") {
        if (value.empty()) return {};
        if (protocol != "http" && protocol != "https")
            return invalid_parameter(fmt::format("Delivery protocol [{}] does not support delivery policy.", protocol));
        auto policy = parse_subscription_policy(value);
        return policy ? Result<void>{} : std::unexpected(policy.error());
    }
    if (name == "RedrivePolicy" || name == "SubscriptionRoleArn" || name == "ReplayPolicy") {
        return invalid_parameter(fmt::format("{} Reason: it is not supported by this server", name));
    }
    return invalid_parameter("AttributeName");
}

/// Those that say something, if all of them may be.
Result<Attributes> read_attributes(const std::string& protocol, const Attributes& attributes) {
    Attributes wanted;
    for (const auto& [name, value] : attributes) {
        if (auto checked = check_attribute(protocol, name, value); !checked) return std::unexpected(checked.error());
        if (!value.empty()) wanted.emplace(name, value);
    }
    if (auto checked = check_filter(wanted); !checked) return std::unexpected(checked.error());
    return wanted;
}

bool needs_confirmation(std::string_view protocol) {
    return protocol != "lambda";
}

Delivery confirmation_of(const Subscription& subscription, TimePoint now, std::string_view nonce) {
    return {.id = derived_id(nonce, "confirmation-delivery"),
            .lane = lane_of(subscription),
            .kind = DeliveryKind::confirmation,
            .topic_arn = subscription.topic_arn,
            .subscription_id = subscription.id,
            .message_id = derived_id(nonce, "confirmation"),
            .subject = std::nullopt,
            .message = fmt::format("You have chosen to subscribe to the topic {}.\nTo confirm the subscription, visit "
                                   "the SubscribeURL included in this message.",
                                   subscription.topic_arn),
            .attributes = {},
            .published_at = now,
            .due_at = now,
            .failures = 0,
            .last_error = {}};
}

RowWrite put(const Subscription& subscription) {
    return {.space = Space::subscriptions,
            .key = subscription_key(subscription.topic_arn, subscription.id),
            .value = encode(subscription)};
}

Result<Decided<std::string>> subscribe_again(Subscription existing, const Subscribe& request, const Attributes& wanted,
                                             TimePoint now, std::string_view nonce) {
    const bool same = std::ranges::all_of(wanted, [&](const auto& each) {
        const auto found = existing.attributes.find(each.first);
        return found != existing.attributes.end() && found->second == each.second;
    });
    if (!same) return invalid_parameter("Attributes Reason: Subscription already exists with different attributes");
    if (existing.confirmed) return Decided<std::string>{.answer = existing.arn(), .writes = {}};
    existing.token_expires_at = now + kTokenLifetime;
    const auto delivery = confirmation_of(existing, now, nonce);
    return Decided<std::string>{
        .answer = request.return_arn ? existing.arn() : "pending confirmation",
        .writes = {put(existing),
                   {.space = Space::deliveries, .key = delivery_key(delivery), .value = encode(delivery)}}};
}

Result<Subscription> load_subscription(const RowReader& rows, std::string_view arn) {
    auto parts = split_subscription_arn(arn);
    if (!parts) return std::unexpected(parts.error());
    auto subscription = find_subscription(rows, parts->first, parts->second);
    if (!subscription) return fail("NotFound", 404, "Subscription does not exist");
    return std::move(*subscription);
}

Result<SubscriptionPage> list(const RowReader& rows, std::string_view prefix, std::string_view next_token) {
    const std::string name = "subscriptions/" + std::string(prefix);
    auto from = page_start(name, prefix, next_token);
    if (!from) return std::unexpected(from.error());
    const auto found =
        rows.scan(Space::subscriptions, from->empty() ? prefix : *from, prefix_end(prefix), kPageSize + 1);
    SubscriptionPage page;
    for (const auto& row : found) {
        if (page.subscriptions.size() == kPageSize) break;
        page.subscriptions.push_back(decode_subscription(row.value));
    }
    if (found.size() > kPageSize) page.next_token = page_token(name, found[kPageSize - 1]);
    return page;
}

}  // namespace

Result<std::pair<std::string, std::string>> split_subscription_arn(std::string_view arn) {
    const auto parts = std::ranges::count(arn, ':') + 1;
    if (parts < 6) {
        return invalid_parameter(fmt::format("SubscriptionArn Reason: An ARN must have at least 6 elements, not {}",
                                             arn.empty() ? 0 : parts));
    }
    if (parts != 7 || !arn.starts_with("arn:")) return invalid_parameter("SubscriptionId");
    const auto cut = arn.rfind(':');
    return std::pair{std::string(arn.substr(0, cut)), std::string(arn.substr(cut + 1))};
}

Result<Decided<std::string>> subscribe(const RowReader& rows, const Subscribe& request, std::string_view account,
                                       TimePoint now, std::string_view nonce) {
    auto topic = load_topic(rows, request.topic_arn);
    if (!topic) return std::unexpected(topic.error());
    if (auto checked = check_endpoint(request); !checked) return std::unexpected(checked.error());
    const auto wanted = read_attributes(request.protocol, request.attributes);
    if (!wanted) return std::unexpected(wanted.error());
    const auto prefix = subscription_prefix(request.topic_arn);
    const auto present = rows.scan(Space::subscriptions, prefix, prefix_end(prefix), kSubscriptionsPerTopicMax);
    for (const auto& row : present) {
        auto existing = decode_subscription(row.value);
        if (existing.protocol == request.protocol && existing.endpoint == request.endpoint) {
            return subscribe_again(std::move(existing), request, *wanted, now, nonce);
        }
    }
    if (present.size() >= kSubscriptionsPerTopicMax) {
        return fail("SubscriptionLimitExceeded", 403,
                    fmt::format("A topic of this server takes at most {} subscriptions", kSubscriptionsPerTopicMax));
    }
    const bool confirmed = !needs_confirmation(request.protocol);
    const Subscription subscription{.topic_arn = request.topic_arn,
                                    .id = derived_id(nonce, "subscription"),
                                    .protocol = request.protocol,
                                    .endpoint = request.endpoint,
                                    .owner = std::string(account),
                                    .token = to_hex(sha256(fmt::format("{}/token", nonce))),
                                    .token_expires_at = now + kTokenLifetime,
                                    .confirmed = confirmed,
                                    .confirmation_was_authenticated = confirmed,
                                    .attributes = *wanted};
    Decided<std::string> decided{
        .answer = confirmed || request.return_arn ? subscription.arn() : "pending confirmation",
        .writes = {put(subscription)}};
    if (!confirmed) {
        const auto delivery = confirmation_of(subscription, now, nonce);
        decided.writes.push_back(
            {.space = Space::deliveries, .key = delivery_key(delivery), .value = encode(delivery)});
    }
    return decided;
}

Result<Decided<std::string>> confirm_subscription(const RowReader& rows, std::string_view topic_arn,
                                                  std::string_view token, bool authenticate_on_unsubscribe,
                                                  TimePoint now) {
    auto topic = load_topic(rows, topic_arn);
    if (!topic) return std::unexpected(topic.error());
    const auto prefix = subscription_prefix(topic_arn);
    for (const auto& row : rows.scan(Space::subscriptions, prefix, prefix_end(prefix), kSubscriptionsPerTopicMax)) {
        auto subscription = decode_subscription(row.value);
        if (!equal_constant_time(subscription.token, token)) continue;
        if (subscription.confirmed) return Decided<std::string>{.answer = subscription.arn(), .writes = {}};
        if (subscription.token_expires_at < now) return invalid_parameter("Token Reason: it has expired");
        subscription.confirmed = true;
        subscription.confirmation_was_authenticated = authenticate_on_unsubscribe;
        return Decided<std::string>{.answer = subscription.arn(), .writes = {put(subscription)}};
    }
    return invalid_parameter("Token");
}

Result<std::vector<RowWrite>> unsubscribe(const RowReader& rows, std::string_view subscription_arn) {
    auto parts = split_subscription_arn(subscription_arn);
    if (!parts) return std::unexpected(parts.error());
    std::vector<RowWrite> writes;
    if (!find_subscription(rows, parts->first, parts->second)) return writes;
    writes.push_back(
        {.space = Space::subscriptions, .key = subscription_key(parts->first, parts->second), .value = std::nullopt});
    if (auto topic = find_topic(rows, parts->first)) {
        ++topic->subscriptions_deleted;
        writes.push_back({.space = Space::topics, .key = topic_key(parts->first), .value = encode(*topic)});
    }
    return writes;
}

std::string unsubscribe_token(const Subscription& subscription) {
    return to_hex(sha256(subscription.token + "/unsubscribe"));
}

bool may_unsubscribe(const RowReader& rows, std::string_view subscription_arn, std::string_view token) {
    auto subscription = load_subscription(rows, subscription_arn);
    if (!subscription || subscription->confirmation_was_authenticated) return false;
    return equal_constant_time(unsubscribe_token(*subscription), token);
}

Result<SubscriptionPage> list_subscriptions(const RowReader& rows, std::string_view next_token) {
    return list(rows, "", next_token);
}

Result<SubscriptionPage> list_subscriptions_by_topic(const RowReader& rows, std::string_view topic_arn,
                                                     std::string_view next_token) {
    auto topic = load_topic(rows, topic_arn);
    if (!topic) return std::unexpected(topic.error());
    return list(rows, subscription_prefix(topic_arn), next_token);
}

Result<Attributes> subscription_attributes(const RowReader& rows, std::string_view subscription_arn) {
    auto subscription = load_subscription(rows, subscription_arn);
    if (!subscription) return std::unexpected(subscription.error());
    const auto flag = [](bool value) { return std::string(value ? "true" : "false"); };
    Attributes attributes = subscription->attributes;
    attributes.emplace("SubscriptionArn", subscription->arn());
    attributes.emplace("TopicArn", subscription->topic_arn);
    attributes.emplace("Owner", subscription->owner);
    attributes.emplace("Protocol", subscription->protocol);
    attributes.emplace("Endpoint", subscription->endpoint);
    attributes.emplace("PendingConfirmation", flag(!subscription->confirmed));
    attributes.emplace("ConfirmationWasAuthenticated", flag(subscription->confirmation_was_authenticated));
    attributes.emplace("RawMessageDelivery", "false");
    if (attributes.contains("FilterPolicy")) attributes.emplace("FilterPolicyScope", "MessageAttributes");
    if (subscription->protocol.starts_with("http")) {
        const auto topic = find_topic(rows, subscription->topic_arn);
        attributes.emplace("EffectiveDeliveryPolicy",
                           effective_policy_json(effective_policy(topic.value_or(Topic{}), *subscription), false));
    }
    return attributes;
}

Result<std::vector<RowWrite>> set_subscription_attribute(const RowReader& rows, std::string_view subscription_arn,
                                                         const std::string& name, const std::string& value) {
    auto subscription = load_subscription(rows, subscription_arn);
    if (!subscription) return std::unexpected(subscription.error());
    if (auto checked = check_attribute(subscription->protocol, name, value); !checked)
        return std::unexpected(checked.error());
    subscription->attributes.erase(name);
    if (!value.empty() && !(name == "FilterPolicy" && value == "{}")) subscription->attributes.emplace(name, value);
    if (auto checked = check_filter(subscription->attributes); !checked) return std::unexpected(checked.error());
    return std::vector<RowWrite>{put(*subscription)};
}

Result<std::vector<RowWrite>> replace_subscription_attributes(const RowReader& rows, std::string_view subscription_arn,
                                                              const Attributes& attributes) {
    auto subscription = load_subscription(rows, subscription_arn);
    if (!subscription) return std::unexpected(subscription.error());
    auto wanted = read_attributes(subscription->protocol, attributes);
    if (!wanted) return std::unexpected(wanted.error());
    if (subscription->attributes == *wanted) return std::vector<RowWrite>();
    subscription->attributes = *std::move(wanted);
    return std::vector<RowWrite>{put(*subscription)};
}

}  // namespace holdpoint::topics
