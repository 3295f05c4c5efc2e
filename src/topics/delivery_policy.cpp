#include "topics/delivery_policy.hpp"

#include <fmt/format.h>
#include <span>

#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <span>

namespace holdpoint::topics {
namespace {

namespace json = boost::json;

constexpr int kRetriesMax = 100;
constexpr int kDelaySecondsMax = 3600;
/// What AWS does where a customer's own server takes the messages, whatever the topic's policy for HTTP says. (SNS
/// developer guide, "Message delivery retries")
const RetryPolicy kMailPolicy{.retries = 50,
                              .min_delay_retries = 2,
                              .max_delay_retries = 38,
                              .min_delay_seconds = 10,
                              .max_delay_seconds = 600,
                              .backoff = "exponential"};

std::unexpected<Error> bad_policy(std::string_view why) {
    return invalid_parameter(fmt::format("DeliveryPolicy: {}", why));
}

Result<void> read_number(const json::object& object, std::string_view name, int min, int max, int& target) {
    const auto* value = object.if_contains(name);
    if (value == nullptr) return {};
    if (!value->is_int64() || value->as_int64() < min || value->as_int64() > max) {
        return bad_policy(fmt::format("{} must be an integer between {} and {}", name, min, max));
    }
    target = static_cast<int>(value->as_int64());
    return {};
}

Result<RetryPolicy> read_policy(const json::object& object) {
    RetryPolicy policy;
    struct Member {
        std::string_view name;
        int min;
        int max;
        int* target;
    };
    const std::array members{Member{"numRetries", 0, kRetriesMax, &policy.retries},
                             Member{"numNoDelayRetries", 0, kRetriesMax, &policy.no_delay_retries},
                             Member{"numMinDelayRetries", 0, kRetriesMax, &policy.min_delay_retries},
                             Member{"numMaxDelayRetries", 0, kRetriesMax, &policy.max_delay_retries},
                             Member{"minDelayTarget", 1, kDelaySecondsMax, &policy.min_delay_seconds},
                             Member{"maxDelayTarget", 1, kDelaySecondsMax, &policy.max_delay_seconds}};
    for (const auto& member : members) {
        if (auto read = read_number(object, member.name, member.min, member.max, *member.target); !read)
            return std::unexpected(read.error());
    }
    if (policy.max_delay_seconds < policy.min_delay_seconds)
        return bad_policy("maxDelayTarget must be greater than or equal to minDelayTarget");
    if (policy.no_delay_retries + policy.min_delay_retries + policy.max_delay_retries > policy.retries) {
        return bad_policy("numRetries must be greater than or equal to the sum of the retries of each phase");
    }
    if (const auto* value = object.if_contains("backoffFunction")) {
        const auto* name = value->if_string();
        if (name == nullptr ||
            (*name != "linear" && *name != "arithmetic" && *name != "geometric" && *name != "exponential")) {
            return bad_policy("backoffFunction must be linear, arithmetic, geometric or exponential");
        }
        policy.backoff = std::string(*name);
    }
    return policy;
}

/// The object at `path` inside `text`; AWS's default policy when some member of the path is absent.
Result<RetryPolicy> parse_at(std::string_view text, std::span<const std::string_view> path) {
    boost::system::error_code error;
    const auto parsed = json::parse(text, error);
    if (error) return bad_policy("failed to parse JSON.");
    const json::value* at = &parsed;
    for (const auto name : path) {
        if (!at->is_object()) return bad_policy(fmt::format("{} must be within an object", name));
        const auto* next = at->as_object().if_contains(name);
        if (next == nullptr) return RetryPolicy{};
        at = next;
    }
    if (!at->is_object()) return bad_policy(fmt::format("{} must be an object", path.back()));
    return read_policy(at->as_object());
}

double growing_delay(const RetryPolicy& policy, int step, int steps) {
    const double low = policy.min_delay_seconds;
    const double high = policy.max_delay_seconds;
    if (steps <= 1) return low;
    const double part = static_cast<double>(step) / static_cast<double>(steps - 1);
    if (policy.backoff == "linear") return low + (high - low) * part;
    if (policy.backoff == "arithmetic") return low + (high - low) * part * (step + 1.0) / steps;
    if (policy.backoff == "geometric") return low * std::pow(high / low, part);
    return std::min(high, low * std::pow(2.0, step));
}

}  // namespace

Result<RetryPolicy> parse_subscription_policy(std::string_view text) {
    constexpr std::array<std::string_view, 1> path{"healthyRetryPolicy"};
    return parse_at(text, path);
}

Result<RetryPolicy> parse_topic_policy(std::string_view text) {
    constexpr std::array<std::string_view, 2> path{"http", "defaultHealthyRetryPolicy"};
    return parse_at(text, path);
}

RetryPolicy effective_policy(const Topic& topic, const Subscription& subscription) {
    if (is_mail(subscription.protocol)) return kMailPolicy;
    if (const auto own = subscription.attributes.find("DeliveryPolicy"); own != subscription.attributes.end()) {
        return parse_subscription_policy(own->second).value_or(RetryPolicy{});
    }
    if (const auto shared = topic.attributes.find("DeliveryPolicy"); shared != topic.attributes.end()) {
        return parse_topic_policy(shared->second).value_or(RetryPolicy{});
    }
    return {};
}

std::string effective_policy_json(const RetryPolicy& policy, bool of_topic) {
    json::object retry{{"minDelayTarget", policy.min_delay_seconds},
                       {"maxDelayTarget", policy.max_delay_seconds},
                       {"numRetries", policy.retries},
                       {"numMaxDelayRetries", policy.max_delay_retries},
                       {"numNoDelayRetries", policy.no_delay_retries},
                       {"numMinDelayRetries", policy.min_delay_retries},
                       {"backoffFunction", policy.backoff}};
    if (!of_topic) return json::serialize(json::object{{"healthyRetryPolicy", std::move(retry)}});
    return json::serialize(json::object{{"http", json::object{{"defaultHealthyRetryPolicy", std::move(retry)},
                                                              {"disableSubscriptionOverrides", false}}}});
}

std::optional<Milliseconds> retry_delay(const RetryPolicy& policy, int failures) {
    if (failures > policy.retries) return std::nullopt;
    const int retry = failures - 1;  // counted from zero
    if (retry < policy.no_delay_retries) return Milliseconds{0};
    if (retry < policy.no_delay_retries + policy.min_delay_retries)
        return Milliseconds{policy.min_delay_seconds * 1000};
    if (retry >= policy.retries - policy.max_delay_retries) return Milliseconds{policy.max_delay_seconds * 1000};
    const int before = policy.no_delay_retries + policy.min_delay_retries;
    const int steps = policy.retries - before - policy.max_delay_retries;
    return Milliseconds{std::llround(growing_delay(policy, retry - before, steps) * 1000.0)};
}

}  // namespace holdpoint::topics
