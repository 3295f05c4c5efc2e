// Operations on subscriptions: subscribe, confirm, unsubscribe, list, attributes. (AWS API, SNS 2010-03-31)
//
// An http(s) endpoint and whoever reads an e-mail address must confirm: they are sent a token, and the subscription
// stays pending until the token comes back. Lambda subscriptions need no confirmation, as on AWS.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "topics/model.hpp"

namespace holdpoint::topics {

/// How long a confirmation token is good for. (AWS API, ConfirmSubscription: two days)
inline constexpr Milliseconds kTokenLifetime = std::chrono::hours{48};

struct Subscribe {
    std::string topic_arn;
    std::string protocol;
    std::string endpoint;
    Attributes attributes;
    bool return_arn = false;  // answer the ARN even while confirmation is pending
};

/// Answers the subscription's ARN, or "pending confirmation". Subscribing the same endpoint again is success and sends
/// a pending confirmation again. `nonce` is what ids and the token derive from: it must be secret and never repeat.
[[nodiscard]] Result<Decided<std::string>> subscribe(const RowReader& rows, const Subscribe& request,
                                                     std::string_view account, TimePoint now, std::string_view nonce);

/// Answers the subscription's ARN. InvalidParameter for a token that is wrong or older than kTokenLifetime.
[[nodiscard]] Result<Decided<std::string>> confirm_subscription(const RowReader& rows, std::string_view topic_arn,
                                                                std::string_view token,
                                                                bool authenticate_on_unsubscribe, TimePoint now);

/// A subscription that is not there is success, as on AWS; "pending confirmation" is no ARN and is refused.
[[nodiscard]] Result<std::vector<RowWrite>> unsubscribe(const RowReader& rows, std::string_view subscription_arn);

/// True when `token` is the one in the UnsubscribeURL of what this subscription was sent, so that a reader without
/// credentials may end it; never when it was confirmed with AuthenticateOnUnsubscribe.
[[nodiscard]] bool may_unsubscribe(const RowReader& rows, std::string_view subscription_arn, std::string_view token);
/// The token that may_unsubscribe wants.
[[nodiscard]] std::string unsubscribe_token(const Subscription& subscription);

struct SubscriptionPage {
    std::vector<Subscription> subscriptions;
    std::string next_token;
};
/// All subscriptions, or those of one topic (NotFound when it is not there); at most kPageSize.
[[nodiscard]] Result<SubscriptionPage> list_subscriptions(const RowReader& rows, std::string_view next_token);
[[nodiscard]] Result<SubscriptionPage> list_subscriptions_by_topic(const RowReader& rows, std::string_view topic_arn,
                                                                   std::string_view next_token);

[[nodiscard]] Result<Attributes> subscription_attributes(const RowReader& rows, std::string_view subscription_arn);
/// FilterPolicy, FilterPolicyScope (MessageAttributes), RawMessageDelivery, DeliveryPolicy. Others are refused by name.
[[nodiscard]] Result<std::vector<RowWrite>> set_subscription_attribute(const RowReader& rows,
                                                                       std::string_view subscription_arn,
                                                                       const std::string& name,
                                                                       const std::string& value);

/// The subscription with these attributes and no others; nothing to write where it has them.
[[nodiscard]] Result<std::vector<RowWrite>> replace_subscription_attributes(const RowReader& rows,
                                                                            std::string_view subscription_arn,
                                                                            const Attributes& attributes);

/// Splits `<topic arn>:<id>`; InvalidParameter naming SubscriptionArn.
[[nodiscard]] Result<std::pair<std::string, std::string>> split_subscription_arn(std::string_view arn);

}  // namespace holdpoint::topics
