// approvals subscribe, unsubscribe, outbox, undelivered: personal messages, those that were kept instead of sent, and
// those that nobody took.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "approvals/domain/people.hpp"
#include "approvals/repository/outbox.hpp"
#include "cli/command_group.hpp"
#include "cli/commands.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"

namespace holdpoint::cli {

namespace json = boost::json;

namespace {

constexpr std::string_view kSns = "2010-03-31";
constexpr std::size_t kMessagesMax = 200;

struct Arguments : StackArguments {
    std::string address;
    std::string person;
};

std::string mail_topic(Session& session, const Arguments& arguments) {
    return session.stack_output(arguments.stack, "MailTopicArn");
}

struct Subscription {
    std::string arn;  // until it is confirmed: PendingConfirmation
    std::string address;

    [[nodiscard]] bool is_confirmed() const { return arn.starts_with("arn:"); }
};

/// The e-mail subscriptions of this address, however it is written there.
std::vector<Subscription> subscriptions_of(Session& session, const Arguments& arguments) {
    std::vector<Subscription> found;
    aws::Parameters parameters{{"TopicArn", mail_topic(session, arguments)}};
    while (true) {
        const std::string xml = require(session.client().query("sns", kSns, "ListSubscriptionsByTopic", parameters));
        for (const std::string& member : aws::xml_each(xml, "member")) {
            std::string address = aws::xml_text(member, "Endpoint");
            if (aws::xml_text(member, "Protocol") == "email" && approvals::is_same_person(address, arguments.address))
                found.push_back({.arn = aws::xml_text(member, "SubscriptionArn"), .address = std::move(address)});
        }
        const std::string next = aws::xml_text(xml, "NextToken");
        if (next.empty()) return found;
        parameters.resize(1);
        parameters.emplace_back("NextToken", next);
    }
}

std::string filter_for(const std::string& person) {
    return json::serialize(json::object{{"recipient", json::array{approvals::person_key(person)}}});
}

/// CommandError when its messages are another's.
void check_filter(Session& session, const Subscription& subscription, const std::string& person) {
    const std::string xml = require(
        session.client().query("sns", kSns, "GetSubscriptionAttributes", {{"SubscriptionArn", subscription.arn}}));
    std::string filter;
    for (const std::string& entry : aws::xml_each(xml, "entry")) {
        if (aws::xml_text(entry, "key") == "FilterPolicy") filter = aws::xml_text(entry, "value");
    }
    boost::system::error_code problem;
    if (json::parse(filter, problem) == json::parse(filter_for(person))) return;
    const std::string address = printable(subscription.address);
    throw CommandError(
        fmt::format("{} is subscribed already, but not for {} (its filter: {}); `holdpoint approvals unsubscribe {}` "
                    "ends that, then subscribe it anew",
                    address, printable(person), filter.empty() ? "none" : printable(filter), address));
}

void print_subscribed(const Arguments& arguments, const Subscription& subscription, const std::string& person,
                      bool already) {
    if (arguments.json) {
        return print_json(json::object{{"address", subscription.address},
                                       {"person", approvals::person_key(person)},
                                       {"subscription_arn", subscription.arn}});
    }
    const std::string address = printable(subscription.address);
    print(already
              ? fmt::format("{} is subscribed already and gets what is for {}.\n", address, printable(person))
              : fmt::format("{} gets what is for {}, once the link in the message that was sent there is confirmed.\n",
                            address, printable(person)));
}

void subscribe(const Arguments& arguments) {
    const std::string& person = arguments.person.empty() ? arguments.address : arguments.person;
    if (const auto problem = approvals::name_problem(person, approvals::kPersonMax))
        throw UsageError(
            fmt::format("expected a name of 1 to {} characters, found {}", approvals::kPersonMax, *problem));
    Session session;
    const auto found = subscriptions_of(session, arguments);
    if (const auto confirmed = std::ranges::find_if(found, &Subscription::is_confirmed); confirmed != found.end()) {
        check_filter(session, *confirmed, person);
        return print_subscribed(arguments, *confirmed, person, true);
    }
    // One that was not confirmed yet is asked again, in its own spelling: to SNS another one is another address.
    Subscription subscription{.arn = {}, .address = found.empty() ? arguments.address : found.front().address};
    const std::string xml = require(session.client().query("sns", kSns, "Subscribe",
                                                           {{"TopicArn", mail_topic(session, arguments)},
                                                            {"Protocol", "email"},
                                                            {"Endpoint", subscription.address},
                                                            {"ReturnSubscriptionArn", "true"},
                                                            {"Attributes.entry.1.key", "FilterPolicy"},
                                                            {"Attributes.entry.1.value", filter_for(person)}}));
    subscription.arn = aws::xml_text(xml, "SubscriptionArn");
    print_subscribed(arguments, subscription, person, false);
}

void unsubscribe(const Arguments& arguments) {
    Session session;
    const auto found = subscriptions_of(session, arguments);
    std::size_t ended = 0;
    for (const Subscription& subscription : found) {
        if (!subscription.is_confirmed()) continue;
        (void)require(session.client().query("sns", kSns, "Unsubscribe", {{"SubscriptionArn", subscription.arn}}));
        ++ended;
    }
    if (ended == 0) {
        throw CommandError(found.empty()
                               ? fmt::format("{} is not subscribed", printable(arguments.address))
                               : fmt::format("{} never confirmed its subscription, so it gets nothing as it is",
                                             printable(arguments.address)));
    }
    if (arguments.json) return print_json(json::object{{"address", arguments.address}, {"ended", ended}});
    print(fmt::format("{} gets no more messages.\n", printable(arguments.address)));
}

std::vector<std::string> topics_of(Session& session, const Arguments& arguments) {
    std::vector<std::string> topics{session.stack_output(arguments.stack, "SnsTopicArn")};
    // A stack without personal messages has no topic for them.
    if (auto topic = session.find_stack_output(arguments.stack, "MailTopicArn"); !topic.empty())
        topics.push_back(std::move(topic));
    return topics;
}

void outbox(const Arguments& arguments) {
    Session session;
    const auto messages = require(approvals::read_outbox(
        session.client(),
        {.topics = topics_of(session, arguments), .person = arguments.person, .limit = kMessagesMax}));
    if (!messages) {
        throw CommandError(
            "there is no outbox here: messages are sent; `holdpoint approvals undelivered` shows those that nobody "
            "took");
    }
    if (arguments.json) {
        json::array mails;
        for (const auto& one : *messages)
            mails.push_back({{"to", one.to}, {"subject", one.subject}, {"at", one.at}, {"body", one.text}});
        return print_json(mails);
    }
    if (messages->empty()) print("The outbox is empty.\n");
    for (const auto& one : *messages) {
        print(fmt::format("To:      {}\nAt:      {}\nSubject: {}\n\n{}\n----\n", printable(one.to), one.at,
                          printable(one.subject), printable(one.text, true)));
    }
}

/// Where a subscription's messages go; its ARN when it is there no more.
std::string endpoint_of(Session& session, const std::string& subscription_arn) {
    const auto xml =
        session.client().query("sns", kSns, "GetSubscriptionAttributes", {{"SubscriptionArn", subscription_arn}});
    for (const std::string& entry : aws::xml_each(xml.value_or(""), "entry")) {
        if (aws::xml_text(entry, "key") == "Endpoint") return aws::xml_text(entry, "value");
    }
    return subscription_arn;
}

void undelivered(const Arguments& arguments) {
    Session session;
    const auto topics = topics_of(session, arguments);
    const auto xml = session.client().query("sns", kSns, "HoldpointListDeadLetters", {});
    if (!xml && xml.error().name == "InvalidAction") {
        throw CommandError(
            "AWS keeps no list of what nobody took: look at the topics' metric NumberOfNotificationsFailed");
    }
    std::map<std::string, std::string> endpoints;
    json::array letters;
    for (const std::string& member : aws::xml_each(require(xml), "member")) {
        if (std::ranges::find(topics, aws::xml_text(member, "TopicArn")) == topics.end()) continue;
        const std::string subscription = aws::xml_text(member, "SubscriptionArn");
        auto known = endpoints.find(subscription);
        if (known == endpoints.end()) known = endpoints.emplace(subscription, endpoint_of(session, subscription)).first;
        letters.push_back({{"to", known->second},
                           {"at", aws::xml_text(member, "PublishedAt")},
                           {"tries", aws::xml_text(member, "Attempts")},
                           {"why", aws::xml_text(member, "LastError")},
                           {"message_id", aws::xml_text(member, "MessageId")}});
    }
    if (arguments.json) return print_json(letters);
    if (letters.empty()) return print("Nothing was given up in the last 14 days.\n");
    Table table({"PUBLISHED", "TO", "TRIES", "WHY"});
    for (const json::value& one : letters) {
        table.add({short_time(text_of(one, "at")), printable(text_of(one, "to")), text_of(one, "tries"),
                   printable(text_of(one, "why"))});
    }
    print(table.text());
}

}  // namespace

void add_mail_commands(CLI::App& approvals, int& status) {
    const CommandGroup<Arguments> group(approvals, status);
    const auto& arguments = group.arguments;
    CLI::App* subscribe_command =
        group.add_for_stack("subscribe", "send somebody the messages that are for them, with links", subscribe);
    subscribe_command->add_option("address", arguments->address, "an e-mail address")->required();
    subscribe_command->add_option(
        "--person", arguments->person,
        "who reads it, as policies and requests call them: who decides, and who asks (default: the address)");

    CLI::App* unsubscribe_command = group.add_for_stack("unsubscribe", "send an address no more of them", unsubscribe);
    unsubscribe_command->add_option("address", arguments->address, "an e-mail address")->required();

    CLI::App* outbox_command = group.add_for_stack(
        "outbox", "messages of the stack that a server without a mail server kept, newest first", outbox);
    outbox_command->add_option("--to", arguments->person, "those to one person, or to one address");

    group.add_for_stack("undelivered", "messages of the stack that nobody took, of the last 14 days, and why",
                        undelivered);
}

}  // namespace holdpoint::cli
