// Publishing: checks a message as AWS does and decides who gets it. (AWS API, SNS Publish and PublishBatch)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "topics/model.hpp"

namespace holdpoint::topics {

struct Message {
    std::string message;
    std::optional<std::string> subject;
    std::string structure;  // "" or "json"
    MessageAttributes attributes;
    std::optional<std::string> group_id = {};  // for queues; no other endpoint is told
};

/// Checks everything that does not depend on the topic: InvalidParameter or ParameterValueInvalid.
[[nodiscard]] Result<void> check_message(const Message& message);

/// Answers the message's id. One delivery row per subscription that wants the message, due at once. `nonce` must never
/// repeat.
[[nodiscard]] Result<Decided<std::string>> publish(const RowReader& rows, std::string_view topic_arn,
                                                   const Message& message, TimePoint now, std::string_view nonce);

struct BatchEntry {
    std::string id;
    Result<Message> message;  // or why it could not be read
};
struct BatchResult {
    std::string id;
    Result<std::string> message_id;
};
/// Each entry succeeds or fails by itself; the batch as a whole fails for its size or its ids.
[[nodiscard]] Result<Decided<std::vector<BatchResult>>> publish_batch(const RowReader& rows, std::string_view topic_arn,
                                                                      const std::vector<BatchEntry>& entries,
                                                                      TimePoint now, std::string_view nonce);

}  // namespace holdpoint::topics
