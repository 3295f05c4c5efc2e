#include "cli/event_details.hpp"

#include "cli/session.hpp"
#include "cli/table.hpp"

namespace holdpoint::cli {

namespace json = boost::json;

namespace {

constexpr std::size_t kShownMax = 120;
/// An error is what somebody came to see.
constexpr std::size_t kErrorShownMax = 600;

/// At a character's border.
std::string shortened(std::string text, std::size_t max) {
    if (text.size() <= max) return text;
    while (max > 0 && (static_cast<unsigned char>(text[max]) & 0xC0U) == 0x80U) --max;
    return text.substr(0, max) + "…";
}

}  // namespace

std::string event_details(const json::value& event) {
    const json::value* details = event.as_object().if_contains(text_of(event, "EventType") + "Details");
    const json::object* members = details == nullptr ? nullptr : details->if_object();
    if (members == nullptr || members->empty()) return text_of(event, "SubType");
    const json::value* error = members->if_contains("Error");
    json::object shown;
    if (error != nullptr) shown["Error"] = *error;
    for (const auto& [name, value] : *members) {
        const bool is_time = std::string_view(name).ends_with("Timestamp");
        shown[name] = is_time ? json::value(time_of(*details, name)) : value;
    }
    return printable(shortened(json::serialize(shown), error != nullptr ? kErrorShownMax : kShownMax));
}

}  // namespace holdpoint::cli
