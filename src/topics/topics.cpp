#include "topics/topics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/violations.hpp"
#include "topics/delivery_policy.hpp"
#include "topics/paging.hpp"

namespace holdpoint::topics {
namespace {

namespace json = boost::json;

constexpr std::size_t kNameLengthMax = 256;
constexpr std::size_t kDisplayNameLengthMax = 100;
constexpr std::size_t kTagsMax = 50;
constexpr std::size_t kTagKeyLengthMax = 128;
constexpr std::size_t kTagValueLengthMax = 256;

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

Result<void> check_attribute(const std::string& name, const std::string& value) {
    if (name == "DisplayName") {
        if (characters_of(value) > kDisplayNameLengthMax)
            return invalid_parameter("Attributes Reason: DisplayName must be at most 100 characters");
        return {};
    }
    if (name == "DeliveryPolicy") {
        if (value.empty()) return {};
        auto policy = parse_topic_policy(value);
        return policy ? Result<void>{} : std::unexpected(policy.error());
    }
    if (name == "SignatureVersion")
        return value == "1" || value == "2" ? Result<void>{} : invalid_parameter("SignatureVersion");
    if (name == "TracingConfig")
        return value == "PassThrough" || value == "Active" ? Result<void>{} : invalid_parameter("TracingConfig");
    if (name == "KmsMasterKeyId") return {};
    if (name == "FifoTopic" && value == "false") return {};
    if (name == "FifoTopic" || name == "ContentBasedDeduplication" || name == "FifoThroughputScope" ||
        name == "ArchivePolicy") {
        return invalid_parameter(fmt::format("{} Reason: FIFO topics are not supported by this server", name));
    }
    if (name == "Policy" || name == "DataProtectionPolicy") {
        return invalid_parameter(
            fmt::format("{} Reason: this server enforces the policies of roles, not of topics", name));
    }
    return invalid_parameter("AttributeName");
}

/// What was set and is not empty; setting an attribute to nothing takes it back.
Attributes kept(const Attributes& attributes) {
    Attributes result;
    for (const auto& [name, value] : attributes) {
        if (!value.empty() && name != "FifoTopic") result.emplace(name, value);
    }
    return result;
}

std::string default_policy(const std::string& arn, std::string_view account) {
    json::array actions;
    for (const auto* action : {"GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission",
                               "DeleteTopic", "Subscribe", "ListSubscriptionsByTopic", "Publish"}) {
        actions.emplace_back(fmt::format("SNS:{}", action));
    }
    return json::serialize(json::object{
        {"Version", "2008-10-17"},
        {"Id", "__default_policy_ID"},
        {"Statement",
         json::array{json::object{
             {"Sid", "__default_statement_ID"},
             {"Effect", "Allow"},
             {"Principal", json::object{{"AWS", "*"}}},
             {"Action", std::move(actions)},
             {"Resource", arn},
             {"Condition", json::object{{"StringEquals", json::object{{"AWS:SourceOwner", account}}}}}}}}});
}

Result<void> check_tags(const Attributes& tags) {
    for (const auto& [key, value] : tags) {
        if (key.empty() || characters_of(key) > kTagKeyLengthMax || key.starts_with("aws:"))
            return invalid_parameter(
                fmt::format("Tags Reason: a key has 1 to 128 characters and does not begin with aws: ({})", key));
        if (characters_of(value) > kTagValueLengthMax)
            return invalid_parameter(fmt::format("Tags Reason: the value of {} has more than 256 characters", key));
    }
    if (tags.size() > kTagsMax)
        return fail("TagLimitExceeded", 400, fmt::format("A topic has at most {} tags", kTagsMax));
    return {};
}

Result<Topic> load_resource(const RowReader& rows, std::string_view arn) {
    auto topic = load_topic(rows, arn);
    if (!topic && topic.error().name == "NotFound") return fail("ResourceNotFound", 404, "Resource does not exist");
    return topic;
}

std::vector<RowWrite> saved(const Topic& topic) {
    return {{.space = Space::topics, .key = topic_key(topic.arn), .value = encode(topic)}};
}

std::string account_of(std::string_view arn) {
    for (int i = 0; i < 4; ++i) arn.remove_prefix(arn.find(':') + 1);
    return std::string(arn.substr(0, arn.find(':')));
}

}  // namespace

std::string topic_arn(const Home& home, std::string_view name) {
    return fmt::format("arn:aws:sns:{}:{}:{}", home.region, home.account, name);
}

Result<Decided<std::string>> create_topic(const RowReader& rows, const Home& home, const CreateTopic& request,
                                          TimePoint now) {
    if (request.name.ends_with(".fifo"))
        return invalid_parameter("Topic Name Reason: FIFO topics are not supported by this server");
    if (request.name.empty() || request.name.size() > kNameLengthMax ||
        !std::ranges::all_of(request.name, is_name_character)) {
        return invalid_parameter("Topic Name");
    }
    for (const auto& [name, value] : request.attributes) {
        if (auto checked = check_attribute(name, value); !checked) return std::unexpected(checked.error());
    }
    if (auto checked = check_tags(request.tags); !checked) return std::unexpected(checked.error());
    const std::string arn = topic_arn(home, request.name);
    const auto wanted = kept(request.attributes);
    if (const auto existing = find_topic(rows, arn)) {
        const bool same = std::ranges::all_of(wanted, [&](const auto& each) {
            const auto found = existing->attributes.find(each.first);
            return found != existing->attributes.end() && found->second == each.second;
        });
        if (!same) return invalid_parameter("Attributes Reason: Topic already exists with different attributes");
        if (!request.tags.empty() && request.tags != existing->tags)
            return invalid_parameter("Tags Reason: Topic already exists with different tags");
        return Decided<std::string>{.answer = arn, .writes = {}};
    }
    const Topic topic{
        .arn = arn, .attributes = wanted, .created_at = now, .subscriptions_deleted = 0, .tags = request.tags};
    return Decided<std::string>{.answer = arn, .writes = saved(topic)};
}

Result<std::vector<RowWrite>> delete_topic(const RowReader& rows, std::string_view arn) {
    if (auto checked = check_topic_arn("TopicArn", arn); !checked) return std::unexpected(checked.error());
    std::vector<RowWrite> writes;
    if (!find_topic(rows, arn)) return writes;
    writes.push_back({.space = Space::topics, .key = topic_key(arn), .value = std::nullopt});
    const auto prefix = subscription_prefix(arn);
    // Deliveries under way find their subscription gone and are dropped then.
    for (auto& row : rows.scan(Space::subscriptions, prefix, prefix_end(prefix), kSubscriptionsPerTopicMax)) {
        writes.push_back({.space = Space::subscriptions, .key = std::move(row.key), .value = std::nullopt});
    }
    return writes;
}

Result<TopicPage> list_topics(const RowReader& rows, std::string_view next_token) {
    constexpr std::string_view kList = "topics";
    auto from = page_start(kList, {}, next_token);
    if (!from) return std::unexpected(from.error());
    const auto found = rows.scan(Space::topics, *from, "", kPageSize + 1);
    TopicPage page;
    for (const auto& row : found) {
        if (page.arns.size() == kPageSize) break;
        page.arns.push_back(row.key);
    }
    if (found.size() > kPageSize) page.next_token = page_token(kList, found[kPageSize - 1]);
    return page;
}

Result<Attributes> topic_attributes(const RowReader& rows, std::string_view arn) {
    auto topic = load_topic(rows, arn);
    if (!topic) return std::unexpected(topic.error());
    std::size_t confirmed = 0;
    std::size_t pending = 0;
    const auto prefix = subscription_prefix(arn);
    for (const auto& row : rows.scan(Space::subscriptions, prefix, prefix_end(prefix), kSubscriptionsPerTopicMax)) {
        ++(decode_subscription(row.value).confirmed ? confirmed : pending);
    }
    Attributes attributes = topic->attributes;
    const auto account = account_of(arn);
    attributes.emplace("TopicArn", topic->arn);
    attributes.emplace("Owner", account);
    attributes.emplace("DisplayName", "");
    attributes.emplace("Policy", default_policy(topic->arn, account));
    attributes.emplace("SubscriptionsConfirmed", std::to_string(confirmed));
    attributes.emplace("SubscriptionsPending", std::to_string(pending));
    attributes.emplace("SubscriptionsDeleted", std::to_string(topic->subscriptions_deleted));
    attributes.emplace("EffectiveDeliveryPolicy", effective_policy_json(effective_policy(*topic, {}), true));
    return attributes;
}

Result<std::vector<RowWrite>> set_topic_attribute(const RowReader& rows, std::string_view arn, const std::string& name,
                                                  const std::string& value) {
    auto topic = load_topic(rows, arn);
    if (!topic) return std::unexpected(topic.error());
    if (name == "FifoTopic") return invalid_parameter("AttributeName");
    if (auto checked = check_attribute(name, value); !checked) return std::unexpected(checked.error());
    topic->attributes.erase(name);
    if (!value.empty()) topic->attributes.emplace(name, value);
    return saved(*topic);
}

Result<Attributes> topic_tags(const RowReader& rows, std::string_view arn) {
    auto topic = load_resource(rows, arn);
    if (!topic) return std::unexpected(topic.error());
    return std::move(topic->tags);
}

Result<std::vector<RowWrite>> tag_topic(const RowReader& rows, std::string_view arn, const Attributes& tags) {
    auto topic = load_resource(rows, arn);
    if (!topic) return std::unexpected(topic.error());
    for (const auto& [key, value] : tags) topic->tags.insert_or_assign(key, value);
    if (auto checked = check_tags(topic->tags); !checked) return std::unexpected(checked.error());
    return saved(*topic);
}

Result<std::vector<RowWrite>> untag_topic(const RowReader& rows, std::string_view arn,
                                          const std::vector<std::string>& keys) {
    auto topic = load_resource(rows, arn);
    if (!topic) return std::unexpected(topic.error());
    for (const auto& key : keys) topic->tags.erase(key);
    return saved(*topic);
}

}  // namespace holdpoint::topics
