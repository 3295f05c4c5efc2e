// Filter policies: which messages a subscription wants, told by their attributes or by their body. (SNS developer
// guide, "Filter policy constraints")
#pragma once

#include <string_view>

#include "topics/model.hpp"

namespace holdpoint::topics {

enum class FilterScope { message_attributes, message_body };

/// Of a subscription with these attributes.
[[nodiscard]] FilterScope filter_scope(const Attributes& attributes);

/// Checks a FilterPolicy's text: an object of names, each with a list of conditions, in a policy for bodies also with
/// such an object. Conditions are a string, number, boolean or null (exact), or {"prefix"}, {"suffix"},
/// {"equals-ignore-case"}, {"anything-but"}, {"numeric"}, {"cidr"}, {"exists"}; numbers are from -10^9 to 10^9. Under
/// "$or" stand at least two objects, of which one must match. Fails with InvalidParameter "FilterPolicy: …".
[[nodiscard]] Result<void> check_filter_policy(std::string_view text, FilterScope scope);

/// Whether a message with `attributes` passes. `text` has passed check_filter_policy; empty lets everything pass.
[[nodiscard]] bool passes_filter_policy(std::string_view text, const MessageAttributes& attributes);
/// Whether a message with this body passes: one that is no JSON object does not.
[[nodiscard]] bool passes_body_filter_policy(std::string_view text, std::string_view body);

}  // namespace holdpoint::topics
