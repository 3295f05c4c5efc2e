#include "approvals/repository/outbox.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "approvals/domain/people.hpp"

namespace holdpoint::approvals {

namespace json = boost::json;

namespace {

std::string text_of(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value == nullptr || !value->is_string() ? "" : std::string(value->get_string());
}

/// Has the service look for one person's messages; empty for a name that means more in a pattern than itself.
std::string pattern_for(const std::string& person) {
    const bool is_plain = std::ranges::all_of(person, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || std::string_view("@.+-_").contains(c);
    });
    return person.empty() || !is_plain ? "" : fmt::format("{{ $.to = \"{}\" }}", person);
}

void add_events(const json::object& page, const std::string& person, std::vector<OutboxMessage>& messages) {
    for (const json::value& event : page.at("events").as_array()) {
        boost::system::error_code problem;
        const json::value read = json::parse(text_of(event.as_object(), "message"), problem);
        const json::object* mail = problem ? nullptr : read.if_object();
        if (mail == nullptr) continue;
        OutboxMessage message{.to = text_of(*mail, "to"),
                              .subject = text_of(*mail, "subject"),
                              .text = text_of(*mail, "text"),
                              .at = text_of(*mail, "at")};
        // Whatever the service found: nobody sees another's links.
        if (person.empty() || is_same_person(message.to, person)) messages.push_back(std::move(message));
    }
}

}  // namespace

Result<std::optional<std::vector<OutboxMessage>>> read_outbox(aws::Client& client, const std::string& person,
                                                              std::size_t limit) {
    json::object request{{"logGroupName", kOutboxGroup}};
    if (const auto pattern = pattern_for(person_key(person)); !pattern.empty()) request["filterPattern"] = pattern;
    std::vector<OutboxMessage> messages;
    while (true) {
        const auto page = client.json("logs", "Logs_20140328.FilterLogEvents", request);
        if (!page && page.error().name == "ResourceNotFoundException") return std::nullopt;
        if (!page) return std::unexpected(page.error());
        add_events(*page, person, messages);
        if (messages.size() > limit)
            messages.erase(messages.begin(), messages.end() - static_cast<std::ptrdiff_t>(limit));
        const std::string next = text_of(*page, "nextToken");
        if (next.empty()) break;
        request["nextToken"] = next;
    }
    std::ranges::reverse(messages);
    return messages;
}

}  // namespace holdpoint::approvals
