// approvals subscribe, unsubscribe, outbox: personal messages, and those that were kept instead of sent.
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

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

void subscribe(const Arguments& arguments) {
    const std::string& person = arguments.person.empty() ? arguments.address : arguments.person;
    if (const auto problem = approvals::name_problem(person, approvals::kPersonMax))
        throw CommandError(
            fmt::format("expected a name of 1 to {} characters, found {}", approvals::kPersonMax, *problem));
    Session session;
    const std::string policy = json::serialize(json::object{{"recipient", json::array{approvals::person_key(person)}}});
    const std::string xml = require(session.client().query("sns", kSns, "Subscribe",
                                                           {{"TopicArn", mail_topic(session, arguments)},
                                                            {"Protocol", "email"},
                                                            {"Endpoint", arguments.address},
                                                            {"ReturnSubscriptionArn", "true"},
                                                            {"Attributes.entry.1.key", "FilterPolicy"},
                                                            {"Attributes.entry.1.value", policy}}));
    if (arguments.json) {
        return print_json(json::object{{"address", arguments.address},
                                       {"person", approvals::person_key(person)},
                                       {"subscription_arn", aws::xml_text(xml, "SubscriptionArn")}});
    }
    print(fmt::format("{} gets what is for {}, once the link in the message that was sent there is confirmed.\n",
                      printable(arguments.address), printable(person)));
}

/// The e-mail subscriptions of this address, as they are listed.
std::vector<std::string> subscriptions_of(Session& session, const Arguments& arguments) {
    std::vector<std::string> found;
    aws::Parameters parameters{{"TopicArn", mail_topic(session, arguments)}};
    while (true) {
        const std::string xml = require(session.client().query("sns", kSns, "ListSubscriptionsByTopic", parameters));
        for (const std::string& member : aws::xml_each(xml, "member")) {
            if (aws::xml_text(member, "Protocol") == "email" &&
                approvals::is_same_person(aws::xml_text(member, "Endpoint"), arguments.address))
                found.push_back(aws::xml_text(member, "SubscriptionArn"));
        }
        const std::string next = aws::xml_text(xml, "NextToken");
        if (next.empty()) return found;
        parameters.resize(1);
        parameters.emplace_back("NextToken", next);
    }
}

void unsubscribe(const Arguments& arguments) {
    Session session;
    const auto found = subscriptions_of(session, arguments);
    std::size_t ended = 0;
    for (const std::string& arn : found) {
        if (!arn.starts_with("arn:")) continue;
        (void)require(session.client().query("sns", kSns, "Unsubscribe", {{"SubscriptionArn", arn}}));
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

void outbox(const Arguments& arguments) {
    Session session;
    const auto messages = require(approvals::read_outbox(session.client(), arguments.person, kMessagesMax));
    if (!messages) throw CommandError("there is no outbox here: messages are sent");
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

}  // namespace

void add_mail_commands(CLI::App& approvals, int& status) {
    const CommandGroup<Arguments> group(approvals, status);
    const auto& arguments = group.arguments;
    CLI::App* subscribe_command =
        group.add_for_stack("subscribe", "send somebody the messages that are for them, with links", subscribe);
    subscribe_command->add_option("address", arguments->address, "an e-mail address")->required();
    subscribe_command->add_option("--person", arguments->person,
                                  "who reads it, as policies call them (default: the address)");

    CLI::App* unsubscribe_command = group.add_for_stack("unsubscribe", "send an address no more of them", unsubscribe);
    unsubscribe_command->add_option("address", arguments->address, "an e-mail address")->required();

    CLI::App* outbox_command =
        group.add_for_stack("outbox", "messages that a server without a mail server kept, newest first", outbox);
    outbox_command->add_option("--to", arguments->person, "those to one person");
}

}  // namespace holdpoint::cli
