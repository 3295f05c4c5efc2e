// AWS::SNS::Topic: the topic, and the subscriptions that the template names.
#include <fmt/format.h>

#include <set>

#include "api/deploy/parts.hpp"
#include "topics/subscriptions.hpp"
#include "topics/topics.hpp"

namespace holdpoint::api {
namespace {

namespace json = boost::json;
using Subscriptions = std::set<std::pair<std::string, std::string>>;  // protocol, endpoint

Subscriptions subscriptions(const stacks::Resource& resource) {
    Subscriptions found;
    const json::value* member = resource.properties.if_contains("Subscription");
    if (member == nullptr) return found;
    for (const json::value& each : member->as_array()) {
        found.emplace(std::string(each.at("Protocol").as_string()), std::string(each.at("Endpoint").as_string()));
    }
    return found;
}

topics::Attributes attributes(const stacks::Resource& resource) {
    topics::Attributes found;
    for (const char* name : {"DisplayName", "SignatureVersion"}) {
        if (const json::value* value = resource.properties.if_contains(name))
            found[name] = std::string(value->as_string());
    }
    return found;
}

std::unexpected<Error> named(const stacks::Resource& resource, Error error) {
    error.message = fmt::format("{}: {}", resource.logical_id, error.message);
    return std::unexpected(std::move(error));
}

Result<void> add_subscription(Site& site, const stacks::Resource& wanted, const std::string& protocol,
                              const std::string& endpoint) {
    const topics::Subscribe request{
        .topic_arn = wanted.physical_id, .protocol = protocol, .endpoint = endpoint, .attributes = {}};
    const std::string nonce =
        topics::derived_id(site.nonce, fmt::format("subscription/{}/{}/{}", wanted.logical_id, protocol, endpoint));
    auto decided = topics::subscribe(site.rows, request, site.account, site.now, nonce);
    if (!decided) return named(wanted, decided.error());
    for (const RowWrite& write : decided->writes)
        site.effects.deliveries_added = site.effects.deliveries_added || write.space == Space::deliveries;
    site.rows.apply(std::move(decided->writes));
    if (protocol.starts_with("email")) {
        site.warnings.push_back(
            fmt::format("{}: no e-mail leaves this machine; what {} would get is shown by 'holdpoint "
                        "approvals outbox'",
                        wanted.logical_id, endpoint));
    }
    return {};
}

Result<void> remove_subscription(Site& site, const stacks::Resource& current, const std::string& protocol,
                                 const std::string& endpoint) {
    const std::string prefix = topics::subscription_prefix(current.physical_id);
    for (const Row& row :
         site.rows.scan(Space::subscriptions, prefix, prefix_end(prefix), topics::kSubscriptionsPerTopicMax, false)) {
        const auto subscription = topics::decode_subscription(row.value);
        if (subscription.protocol != protocol || subscription.endpoint != endpoint) continue;
        auto writes = topics::unsubscribe(site.rows, subscription.arn());
        if (!writes) return named(current, writes.error());
        site.rows.apply(std::move(*writes));
        break;
    }
    return {};
}

Result<bool> set_attribute(Site& site, const stacks::Resource& wanted, const std::string& name,
                           const std::string& value) {
    const auto topic = topics::find_topic(site.rows, wanted.physical_id);
    const auto known = topic->attributes.find(name);
    if ((known == topic->attributes.end() ? std::string() : known->second) == value) return false;
    auto writes = topics::set_topic_attribute(site.rows, wanted.physical_id, name, value);
    if (!writes) return named(wanted, writes.error());
    site.rows.apply(std::move(*writes));
    return true;
}

}  // namespace

Result<ChangeKind> create_topic(Site& site, const stacks::Resource& wanted) {
    if (topics::find_topic(site.rows, wanted.physical_id)) return already_exists(site, wanted);
    auto decided = topics::create_topic(site.rows, {.region = site.region, .account = site.account},
                                        {.name = wanted.name, .attributes = attributes(wanted)}, site.now);
    if (!decided) return named(wanted, decided.error());
    site.rows.apply(std::move(decided->writes));
    for (const auto& [protocol, endpoint] : subscriptions(wanted)) {
        if (auto added = add_subscription(site, wanted, protocol, endpoint); !added)
            return std::unexpected(added.error());
    }
    return ChangeKind::created;
}

Result<ChangeKind> update_topic(Site& site, const stacks::Resource& wanted, const stacks::Resource& current) {
    // Somebody deleted it: what the template says is made again.
    if (!topics::find_topic(site.rows, wanted.physical_id)) return create_topic(site, wanted);
    bool changed = false;
    topics::Attributes values = attributes(wanted);
    // What the template no longer says goes back to what a new topic has.
    const topics::Attributes defaults = {{"DisplayName", ""}, {"SignatureVersion", "1"}};
    for (const auto& [name, value] : attributes(current)) values.try_emplace(name, defaults.at(name));
    for (const auto& [name, value] : values) {
        const auto set = set_attribute(site, wanted, name, value);
        if (!set) return std::unexpected(set.error());
        changed = changed || *set;
    }
    const Subscriptions before = subscriptions(current);
    const Subscriptions after = subscriptions(wanted);
    for (const auto& [protocol, endpoint] : before) {
        if (after.contains({protocol, endpoint})) continue;
        if (auto done = remove_subscription(site, current, protocol, endpoint); !done)
            return std::unexpected(done.error());
        changed = true;
    }
    for (const auto& [protocol, endpoint] : after) {
        if (before.contains({protocol, endpoint})) continue;
        if (auto done = add_subscription(site, wanted, protocol, endpoint); !done) return std::unexpected(done.error());
        changed = true;
    }
    return changed ? ChangeKind::updated : ChangeKind::unchanged;
}

Result<void> delete_topic(Site& site, const stacks::Resource& current) {
    auto writes = topics::delete_topic(site.rows, current.physical_id);
    if (!writes) return named(current, writes.error());
    site.rows.apply(std::move(*writes));
    return {};
}

}  // namespace holdpoint::api
