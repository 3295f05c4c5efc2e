// Delivery policies: how often, and after how long, a failed delivery is tried again. (SNS developer guide, "Message
// delivery retries")
#pragma once

#include <string_view>

#include "topics/model.hpp"

namespace holdpoint::topics {

/// Four phases: at once, then every min_delay, then growing from min_delay to max_delay, then every max_delay.
struct RetryPolicy {
    int retries = 3;
    int no_delay_retries = 0;
    int min_delay_retries = 0;
    int max_delay_retries = 0;
    int min_delay_seconds = 20;
    int max_delay_seconds = 20;
    std::string backoff = "linear";  // linear | arithmetic | geometric | exponential
    friend bool operator==(const RetryPolicy&, const RetryPolicy&) = default;
};

/// Checks a subscription's DeliveryPolicy ({"healthyRetryPolicy": …}); InvalidParameter "DeliveryPolicy: …".
[[nodiscard]] Result<RetryPolicy> parse_subscription_policy(std::string_view text);
/// Checks a topic's DeliveryPolicy ({"http": {"defaultHealthyRetryPolicy": …}}).
[[nodiscard]] Result<RetryPolicy> parse_topic_policy(std::string_view text);
/// The subscription's own policy, else its topic's, else AWS's default: three retries, 20 s apart; of mail 50 in six
/// hours.
[[nodiscard]] RetryPolicy effective_policy(const Topic& topic, const Subscription& subscription);
/// The policy as GetTopicAttributes and GetSubscriptionAttributes show it.
[[nodiscard]] std::string effective_policy_json(const RetryPolicy& policy, bool of_topic);

/// How long to wait after the given number of failures (at least 1); nothing when the policy gives up.
[[nodiscard]] std::optional<Milliseconds> retry_delay(const RetryPolicy& policy, int failures);

}  // namespace holdpoint::topics
