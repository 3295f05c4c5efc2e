// Operations on topics: create, delete, list, attributes. (AWS API, SNS 2010-03-31)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "topics/model.hpp"

namespace holdpoint::topics {

/// Where new ARNs belong.
struct Home {
    std::string region;
    std::string account;
};

/// The ARN that a topic of this name has.
[[nodiscard]] std::string topic_arn(const Home& home, std::string_view name);

struct CreateTopic {
    std::string name;
    Attributes attributes;
    Attributes tags = {};
};

/// Answers the topic's ARN; creating what already exists with the same attributes and tags is success.
[[nodiscard]] Result<Decided<std::string>> create_topic(const RowReader& rows, const Home& home,
                                                        const CreateTopic& request, TimePoint now);

/// Deletes the topic, its subscriptions and what waits for delivery; a topic that is not there is success, as on AWS.
[[nodiscard]] Result<std::vector<RowWrite>> delete_topic(const RowReader& rows, std::string_view arn);

struct TopicPage {
    std::vector<std::string> arns;
    std::string next_token;  // empty: nothing more
};
/// At most kPageSize topics. InvalidParameter for a token this did not mint.
[[nodiscard]] Result<TopicPage> list_topics(const RowReader& rows, std::string_view next_token);

/// All attributes as GetTopicAttributes shows them, counts included.
[[nodiscard]] Result<Attributes> topic_attributes(const RowReader& rows, std::string_view arn);

/// DisplayName, DeliveryPolicy, SignatureVersion, TracingConfig; KmsMasterKeyId is kept and shown but encrypts nothing
/// here. Everything else (Policy, FIFO and data protection settings) is refused by name.
[[nodiscard]] Result<std::vector<RowWrite>> set_topic_attribute(const RowReader& rows, std::string_view arn,
                                                                const std::string& name, const std::string& value);

// Tags mean nothing here but are kept. ResourceNotFound for an ARN that is no topic's; InvalidParameter for keys of
// more than 128 bytes or in AWS's own name and values of more than 256; TagLimitExceeded beyond 50. (AWS API,
// TagResource)

[[nodiscard]] Result<Attributes> topic_tags(const RowReader& rows, std::string_view arn);
[[nodiscard]] Result<std::vector<RowWrite>> tag_topic(const RowReader& rows, std::string_view arn,
                                                      const Attributes& tags);
[[nodiscard]] Result<std::vector<RowWrite>> untag_topic(const RowReader& rows, std::string_view arn,
                                                        const std::vector<std::string>& keys);

}  // namespace holdpoint::topics
