// SNS's answers as XML: what stands inside `<ActionResult>`.
#pragma once

#include <string>
#include <vector>

#include "topics/publish.hpp"
#include "topics/subscriptions.hpp"
#include "topics/topics.hpp"

namespace holdpoint::api::sns {

[[nodiscard]] std::string attributes_xml(const topics::Attributes& attributes);
[[nodiscard]] std::string tags_xml(const topics::Attributes& tags);
[[nodiscard]] std::string topics_xml(const topics::TopicPage& page);
[[nodiscard]] std::string subscriptions_xml(const topics::SubscriptionPage& page);
[[nodiscard]] std::string batch_xml(const std::vector<topics::BatchResult>& results);
[[nodiscard]] std::string dead_letters_xml(const std::vector<topics::Delivery>& dead_letters);

}  // namespace holdpoint::api::sns
