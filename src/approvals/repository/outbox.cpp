#include "approvals/repository/outbox.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "approvals/domain/people.hpp"

namespace holdpoint::approvals {

namespace json = boost::json;

namespace {

/// The server's own: what others wrote into the group is no mail.
constexpr std::string_view kOutboxStream = "mail";

/// Has the service look for one person's messages; empty for a name that means more in a pattern than itself.
std::string pattern_for(const std::string& person) {
    const bool is_plain = std::ranges::all_of(person, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || std::string_view("@.+-_ ").contains(c);
    });
    if (person.empty() || !is_plain) return {};
    return fmt::format("{{ $.to = \"{}\" || $.attributes.recipient = \"{}\" }}", person, person);
}

/// Whatever the service found: nobody sees another's links.
bool is_wanted(const json::object& mail, const OutboxQuery& query) {
    const std::string topic = aws::text_of(mail, "topic_arn");
    if (!topic.empty() && std::ranges::find(query.topics, topic) == query.topics.end()) return false;
    if (query.person.empty() || is_same_person(aws::text_of(mail, "to"), query.person)) return true;
    const json::value* attributes = mail.if_contains("attributes");
    const json::object* named = attributes == nullptr ? nullptr : attributes->if_object();
    const std::string recipient = named == nullptr ? "" : aws::text_of(*named, "recipient");
    return !recipient.empty() && is_same_person(recipient, query.person);
}

void add_events(const json::object& page, const OutboxQuery& query, std::vector<OutboxMessage>& messages) {
    for (const json::value& event : page.at("events").as_array()) {
        if (aws::text_of(event.as_object(), "logStreamName") != kOutboxStream) continue;
        boost::system::error_code problem;
        const json::value read = json::parse(aws::text_of(event.as_object(), "message"), problem);
        const json::object* mail = problem ? nullptr : read.if_object();
        if (mail == nullptr || !is_wanted(*mail, query)) continue;
        messages.push_back({.to = aws::text_of(*mail, "to"),
                            .subject = aws::text_of(*mail, "subject"),
                            .text = aws::text_of(*mail, "text"),
                            .at = aws::text_of(*mail, "at")});
    }
}

}  // namespace

Result<std::optional<std::vector<OutboxMessage>>> read_outbox(aws::Client& client, const OutboxQuery& query) {
    // By its beginning: before the first message there is no stream of this name, which would be refused by it.
    json::object request{{"logGroupName", kOutboxGroup}, {"logStreamNamePrefix", kOutboxStream}};
    if (const auto pattern = pattern_for(person_key(query.person)); !pattern.empty())
        request["filterPattern"] = pattern;
    std::vector<OutboxMessage> messages;
    while (true) {
        const auto page = client.json("logs", "Logs_20140328.FilterLogEvents", request);
        if (!page && page.error().name == "ResourceNotFoundException") return std::nullopt;
        if (!page) return std::unexpected(page.error());
        add_events(*page, query, messages);
        if (messages.size() > query.limit)
            messages.erase(messages.begin(), messages.end() - static_cast<std::ptrdiff_t>(query.limit));
        const std::string next = aws::text_of(*page, "nextToken");
        if (next.empty()) break;
        request["nextToken"] = next;
    }
    std::ranges::reverse(messages);
    return messages;
}

}  // namespace holdpoint::approvals
