// SNS: the Query/XML surface over the topics room. (AWS API, SNS 2010-03-31)
#pragma once

#include <functional>
#include <memory>

#include "api/service.hpp"

namespace holdpoint::api {

/// `deliveries_added` is called after a commit that may have added deliveries; it must not block.
///
/// A call without a caller's ARN is one that nobody signed: it may confirm a subscription with the token that was sent
/// to the endpoint, or end one with the token of its UnsubscribeURL, and nothing else; a browser is answered with
/// pages. One action is our own: HoldpointListDeadLetters shows messages that nobody took.
[[nodiscard]] std::unique_ptr<Service> make_sns_service(const Context& context, std::function<void()> deliveries_added);

}  // namespace holdpoint::api
