// Filter policies: which messages a subscription wants, told by their attributes. (SNS developer guide, "Filter policy
// constraints")
#pragma once

#include <string_view>

#include "topics/model.hpp"

namespace holdpoint::topics {

/// Checks a FilterPolicy's text: an object of attribute name -> list of conditions. Conditions are a string, number,
/// boolean or null (exact), or {"prefix"}, {"suffix"}, {"equals-ignore-case"}, {"anything-but"}, {"numeric"},
/// {"exists"}. Fails with InvalidParameter "FilterPolicy: …", or FilterPolicyLimitExceeded.
[[nodiscard]] Result<void> check_filter_policy(std::string_view text);

/// Whether a message with `attributes` passes. `text` has passed check_filter_policy; empty lets everything pass.
[[nodiscard]] bool passes_filter_policy(std::string_view text, const MessageAttributes& attributes);

}  // namespace holdpoint::topics
