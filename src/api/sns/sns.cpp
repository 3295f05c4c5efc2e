#include "api/sns/sns.hpp"

#include <fmt/format.h>

#include <map>

#include "api/respond.hpp"
#include "api/sns/answers.hpp"
#include "api/sns/pages.hpp"
#include "api/sns/parameters.hpp"
#include "base/encoding.hpp"
#include "functions/function.hpp"
#include "topics/deliveries.hpp"

namespace holdpoint::api {
namespace {

using sns::Parameters;

constexpr std::string_view kNamespace = "http://sns.amazonaws.com/doc/2010-03-31/";
constexpr std::size_t kDeadLettersMax = 200;

/// What a writing action answers, and what it writes.
using Change = Decided<std::string>;
using Read = std::function<Result<std::string>(const Parameters&, const RowReader&)>;
using Write = std::function<Result<Change>(const Call&, const Parameters&, const RowReader&, TimePoint now,
                                           const std::string& nonce)>;

struct Action {
    std::string permission;
    std::string resource_parameter;  // what it needs the permission on; empty: "*"
    Read read = {};                  // one of the two
    Write write = {};
    bool has_result = true;  // some answers carry ResponseMetadata alone
};

/// What each action knows of its members.
const std::map<std::string, std::vector<std::string>, std::less<>> kMembers = {
    {"CreateTopic", {"Name", "Attributes", "Tags"}},
    {"TagResource", {"ResourceArn", "Tags"}},
    {"UntagResource", {"ResourceArn", "TagKeys"}},
    {"ListTagsForResource", {"ResourceArn"}},
    {"DeleteTopic", {"TopicArn"}},
    {"ListTopics", {"NextToken"}},
    {"GetTopicAttributes", {"TopicArn"}},
    {"SetTopicAttributes", {"TopicArn", "AttributeName", "AttributeValue"}},
    {"Subscribe", {"TopicArn", "Protocol", "Endpoint", "Attributes", "ReturnSubscriptionArn"}},
    {"ConfirmSubscription", {"TopicArn", "Token", "AuthenticateOnUnsubscribe"}},
    {"Unsubscribe", {"SubscriptionArn", "Token", "Asked"}},
    {"ListSubscriptions", {"NextToken"}},
    {"ListSubscriptionsByTopic", {"TopicArn", "NextToken"}},
    {"GetSubscriptionAttributes", {"SubscriptionArn"}},
    {"SetSubscriptionAttributes", {"SubscriptionArn", "AttributeName", "AttributeValue"}},
    {"Publish",
     {"TopicArn", "TargetArn", "PhoneNumber", "Message", "Subject", "MessageStructure", "MessageAttributes",
      "MessageGroupId"}},
    {"PublishBatch", {"TopicArn", "PublishBatchRequestEntries"}},
    {"HoldpointListDeadLetters", {}}};

Result<Change> with_element(std::string_view name, Result<Decided<std::string>> decided) {
    if (!decided) return std::unexpected(decided.error());
    decided->answer = xml_element(name, decided->answer);
    return decided;
}

template <class T, class Print>
Result<std::string> print(const Result<T>& value, Print&& as_xml) {
    if (!value) return std::unexpected(value.error());
    return as_xml(*value);
}

class SnsService final : public Service {
public:
    SnsService(const Context& context, std::function<void()> deliveries_added)
        : context_(context), deliveries_added_(std::move(deliveries_added)) {
        add_topic_actions();
        add_tag_actions();
        add_subscription_actions();
        add_publish_actions();
    }

    void handle(Call call) override {
        auto parameters = Parameters::read(call.request);
        const auto name = parameters.get("Action");
        const auto found = actions_.find(name);
        if (found == actions_.end()) {
            return refuse(call, {.name = "InvalidAction",
                                 .http_status = 400,
                                 .message = fmt::format("The action {} is not valid for this endpoint.", name),
                                 .details_json = {}});
        }
        const auto& action = found->second;
        if (!parameters.is_text()) {
            return refuse(call, topics::invalid_parameter("Reason: parameters must be UTF-8 text").error());
        }
        if (auto allowed = check_caller(call, parameters, name, action); !allowed) return refuse(call, allowed.error());
        if (auto known = parameters.refuse_others(kMembers.at(name)); !known) return refuse(call, known.error());
        if (name == "Unsubscribe" && is_person(call) && !parameters.flag("Asked")) {
            return call.respond(sns::unsubscribe_page(parameters.get("SubscriptionArn"), parameters.get("Token")));
        }
        if (action.read) {
            const auto snapshot = context_.store.snapshot();
            return answer(call, name, action, action.read(parameters, *snapshot));
        }
        auto nonce = to_hex(context_.random.bytes(16));
        // The actions live as long as the service, and the service outlives the writer's queue.
        context_.writer.submit(
            [this, name, &action, parameters = std::move(parameters), nonce = std::move(nonce), call = std::move(call)](
                store::Transaction& transaction, TimePoint now) mutable -> engine::AfterCommit {
                auto decided = action.write(call, parameters, transaction, now, nonce);
                if (!decided) return [call = std::move(call), error = decided.error()] { refuse(call, error); };
                const bool adds_delivery = std::ranges::any_of(
                    decided->writes, [](const RowWrite& write) { return write.space == Space::deliveries; });
                transaction.apply(decided->writes);
                return [this, name, &action, adds_delivery, call = std::move(call),
                        xml = std::move(decided->answer)]() mutable {
                    if (adds_delivery) deliveries_added_();
                    answer(call, name, action, std::move(xml));
                };
            });
    }

private:
    /// The caller's policies; or, without a caller, the token that stands in for them.
    Result<void> check_caller(const Call& call, const Parameters& parameters, const std::string& name,
                              const Action& action) const {
        if (call.caller.arn.empty()) {
            const bool ends = name == "Unsubscribe" &&
                              topics::may_unsubscribe(*context_.store.snapshot(), parameters.get("SubscriptionArn"),
                                                      parameters.get("Token"));
            if (ends || name == "ConfirmSubscription") return {};
            return fail("MissingAuthenticationToken", 403, "Missing Authentication Token");
        }
        std::string resource = "*";
        if (name == "CreateTopic") {
            resource =
                topics::topic_arn({.region = context_.region, .account = context_.account}, parameters.get("Name"));
        } else if (!action.resource_parameter.empty()) {
            const auto arn = parameters.find(action.resource_parameter);
            resource = arn ? *arn : parameters.get("TargetArn");
        }
        if (auto ok = call.authorize("sns:" + action.permission, resource); !ok) return ok;
        // On AWS the function's own policy must allow it; here nobody may have a function called who may not call it.
        if (name != "Subscribe" || parameters.get("Protocol") != "lambda") return {};
        const auto function = functions::read_reference(parameters.get("Endpoint"));
        if (!function) return topics::invalid_parameter("Lambda endpoint ARN");
        return call.authorize("lambda:InvokeFunction", functions::function_arn(function->region, function->account,
                                                                               function->name, function->qualifier));
    }

    /// Somebody with a browser, who has no keys but the token of a link.
    static bool is_person(const Call& call) { return call.caller.arn.empty() && sns::wants_page(call.request); }

    static void refuse(const Call& call, const Error& error) {
        if (is_person(call)) return call.respond(sns::refusal_page(error.http_status, error.message));
        call.respond(query_error(error, call.request_id, kNamespace));
    }

    static void answer(const Call& call, const std::string& name, const Action& action,
                       const Result<std::string>& xml) {
        if (!xml) return refuse(call, xml.error());
        if (is_person(call))
            return call.respond(name == "Unsubscribe" ? sns::unsubscribed_page() : sns::confirmed_page());
        call.respond(action.has_result ? query_answer(name, *xml, call.request_id, kNamespace)
                                       : query_empty_answer(name, call.request_id, kNamespace));
    }

    /// An action that changes nothing.
    void reads(const std::string& name, const std::string& resource_parameter, Read read) {
        actions_[name] = {.permission = name, .resource_parameter = resource_parameter, .read = std::move(read)};
    }
    void writes(const std::string& name, const std::string& resource_parameter, Write write) {
        actions_[name] = {.permission = name, .resource_parameter = resource_parameter, .write = std::move(write)};
    }
    /// An action whose answer has no result.
    void writes_alone(const std::string& name, const std::string& resource_parameter,
                      std::function<Result<std::vector<RowWrite>>(const Parameters&, const RowReader&)> decide) {
        writes(name, resource_parameter,
               [decide = std::move(decide)](const Call&, const Parameters& in, const RowReader& rows, TimePoint,
                                            const std::string&) -> Result<Change> {
                   auto decided = decide(in, rows);
                   if (!decided) return std::unexpected(decided.error());
                   return Change{.answer = "", .writes = std::move(*decided)};
               });
        actions_[name].has_result = false;
    }

    void add_topic_actions() {
        writes("CreateTopic", "Name",
               [this](const Call&, const Parameters& in, const RowReader& rows, TimePoint now,
                      const std::string&) -> Result<Change> {
                   auto tags = in.tags();
                   if (!tags) return std::unexpected(tags.error());
                   return with_element(
                       "TopicArn",
                       topics::create_topic(
                           rows, {.region = context_.region, .account = context_.account},
                           {.name = in.get("Name"), .attributes = in.entries("Attributes"), .tags = std::move(*tags)},
                           now));
               });
        writes_alone("DeleteTopic", "TopicArn", [](const Parameters& in, const RowReader& rows) {
            return topics::delete_topic(rows, in.get("TopicArn"));
        });
        reads("ListTopics", "", [](const Parameters& in, const RowReader& rows) {
            return print(topics::list_topics(rows, in.get("NextToken")), sns::topics_xml);
        });
        reads("GetTopicAttributes", "TopicArn", [](const Parameters& in, const RowReader& rows) {
            return print(topics::topic_attributes(rows, in.get("TopicArn")), sns::attributes_xml);
        });
        writes_alone("SetTopicAttributes", "TopicArn", [](const Parameters& in, const RowReader& rows) {
            return topics::set_topic_attribute(rows, in.get("TopicArn"), in.get("AttributeName"),
                                               in.get("AttributeValue"));
        });
    }

    void add_tag_actions() {
        const auto changes = [](Result<std::vector<RowWrite>> writes) -> Result<Change> {
            if (!writes) return std::unexpected(writes.error());
            return Change{.answer = "", .writes = std::move(*writes)};
        };
        writes("TagResource", "ResourceArn",
               [changes](const Call&, const Parameters& in, const RowReader& rows, TimePoint,
                         const std::string&) -> Result<Change> {
                   auto tags = in.tags();
                   if (!tags) return std::unexpected(tags.error());
                   return changes(topics::tag_topic(rows, in.get("ResourceArn"), *tags));
               });
        writes("UntagResource", "ResourceArn",
               [changes](const Call&, const Parameters& in, const RowReader& rows, TimePoint, const std::string&) {
                   return changes(topics::untag_topic(rows, in.get("ResourceArn"), in.list("TagKeys")));
               });
        reads("ListTagsForResource", "ResourceArn", [](const Parameters& in, const RowReader& rows) {
            return print(topics::topic_tags(rows, in.get("ResourceArn")), sns::tags_xml);
        });
    }

    void add_subscription_actions() {
        writes(
            "Subscribe", "TopicArn",
            [](const Call& call, const Parameters& in, const RowReader& rows, TimePoint now, const std::string& nonce) {
                const topics::Subscribe request{.topic_arn = in.get("TopicArn"),
                                                .protocol = in.get("Protocol"),
                                                .endpoint = in.get("Endpoint"),
                                                .attributes = in.entries("Attributes"),
                                                .return_arn = in.flag("ReturnSubscriptionArn")};
                return with_element("SubscriptionArn",
                                    topics::subscribe(rows, request, call.caller.account, now, nonce));
            });
        writes("ConfirmSubscription", "TopicArn",
               [](const Call& call, const Parameters& in, const RowReader& rows, TimePoint now, const std::string&) {
                   const bool authenticated = in.flag("AuthenticateOnUnsubscribe") && !call.caller.arn.empty();
                   return with_element(
                       "SubscriptionArn",
                       topics::confirm_subscription(rows, in.get("TopicArn"), in.get("Token"), authenticated, now));
               });
        writes_alone("Unsubscribe", "", [](const Parameters& in, const RowReader& rows) {
            return topics::unsubscribe(rows, in.get("SubscriptionArn"));
        });
        reads("ListSubscriptions", "", [](const Parameters& in, const RowReader& rows) {
            return print(topics::list_subscriptions(rows, in.get("NextToken")), sns::subscriptions_xml);
        });
        reads("ListSubscriptionsByTopic", "TopicArn", [](const Parameters& in, const RowReader& rows) {
            return print(topics::list_subscriptions_by_topic(rows, in.get("TopicArn"), in.get("NextToken")),
                         sns::subscriptions_xml);
        });
        reads("GetSubscriptionAttributes", "", [](const Parameters& in, const RowReader& rows) {
            return print(topics::subscription_attributes(rows, in.get("SubscriptionArn")), sns::attributes_xml);
        });
        writes_alone("SetSubscriptionAttributes", "", [](const Parameters& in, const RowReader& rows) {
            return topics::set_subscription_attribute(rows, in.get("SubscriptionArn"), in.get("AttributeName"),
                                                      in.get("AttributeValue"));
        });
    }

    void add_publish_actions() {
        writes(
            "Publish", "TopicArn",
            [](const Call&, const Parameters& in, const RowReader& rows, TimePoint now,
               const std::string& nonce) -> Result<Change> {
                if (in.find("PhoneNumber"))
                    return topics::invalid_parameter(
                        "PhoneNumber Reason: text messages are not supported by this server");
                const auto arn = in.find("TopicArn") ? in.find("TopicArn") : in.find("TargetArn");
                if (!arn)
                    return topics::invalid_parameter("TopicArn or TargetArn Reason: no value for required parameter");
                auto message = sns::read_message(in, "");
                if (!message) return std::unexpected(message.error());
                return with_element("MessageId", topics::publish(rows, *arn, *message, now, nonce));
            });
        writes("PublishBatch", "TopicArn",
               [](const Call&, const Parameters& in, const RowReader& rows, TimePoint now,
                  const std::string& nonce) -> Result<Change> {
                   auto entries = sns::read_batch(in);
                   if (!entries) return std::unexpected(entries.error());
                   auto decided = topics::publish_batch(rows, in.get("TopicArn"), *entries, now, nonce);
                   if (!decided) return std::unexpected(decided.error());
                   return Change{.answer = sns::batch_xml(decided->answer), .writes = std::move(decided->writes)};
               });
        actions_["PublishBatch"].permission = "Publish";
        reads("HoldpointListDeadLetters", "", [](const Parameters&, const RowReader& rows) -> Result<std::string> {
            return sns::dead_letters_xml(topics::dead_letters(rows, kDeadLettersMax));
        });
    }

    const Context context_;
    std::function<void()> deliveries_added_;
    std::map<std::string, Action, std::less<>> actions_;
};

}  // namespace

std::unique_ptr<Service> make_sns_service(const Context& context, std::function<void()> deliveries_added) {
    return std::make_unique<SnsService>(context, std::move(deliveries_added));
}

}  // namespace holdpoint::api
