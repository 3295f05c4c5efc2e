// Letters: what an e-mail subscription is sent. (SNS developer guide, "Email notifications")
#pragma once

#include <string>

#include "topics/envelope.hpp"
#include "topics/model.hpp"

namespace holdpoint::topics {

struct Letter {
    std::string from_name = {};  // the topic's DisplayName
    std::string subject = {};
    std::string text = {};
    std::string unsubscribe_url = {};  // empty in a letter that asks for confirmation
    bool is_json = false;              // for a program
};

/// A message with how to unsubscribe below it, or the question whether somebody wants such messages; email-json gets
/// the envelope that an http endpoint gets.
[[nodiscard]] Letter letter_of(const Delivery& delivery, const Subscription& subscription, const Topic& topic,
                               const Sender& sender);

}  // namespace holdpoint::topics
