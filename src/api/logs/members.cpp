#include "api/logs/members.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace holdpoint::api::logs {

namespace json = boost::json;

namespace {

constexpr std::size_t kNameMax = 512;

bool asks_nothing(const json::value& value) {
    return value.is_null() || value == json::value(false) || value == json::value(json::object()) ||
           value == json::value(json::array());
}

bool is_group_name(std::string_view name) {
    constexpr std::string_view kCharacters = ".-_/#ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    return !name.empty() && name.size() <= kNameMax && name.find_first_not_of(kCharacters) == std::string_view::npos;
}

bool is_stream_name(std::string_view name) {
    const auto characters = std::ranges::count_if(name, [](char c) { return (c & 0xc0) != 0x80; });
    return !name.empty() && static_cast<std::size_t>(characters) <= kNameMax &&
           name.find_first_of(":*") == std::string_view::npos;
}

}  // namespace

std::unexpected<Error> invalid(std::string message) {
    return fail("InvalidParameterException", 400, std::move(message));
}

std::string Members::text(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr) return {};
    if (value->is_string()) return std::string(value->get_string());
    problem(name, "a text");
    return {};
}

std::optional<std::int64_t> Members::number(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_int64()) return value->get_int64();
    problem(name, "a whole number");
    return std::nullopt;
}

bool Members::flag(std::string_view name) {
    const json::value* value = find(name);
    if (value != nullptr && !value->is_bool()) problem(name, "true or false");
    return value != nullptr && value->is_bool() && value->get_bool();
}

std::vector<std::string> Members::texts(std::string_view name) {
    std::vector<std::string> result;
    const json::value* value = find(name);
    if (value == nullptr) return result;
    if (!value->is_array()) problem(name, "a list of texts");
    if (!value->is_array()) return result;
    for (const json::value& element : value->get_array()) {
        if (element.is_string()) result.emplace_back(element.get_string());
    }
    return result;
}

std::size_t Members::limit(std::size_t fallback, std::size_t max) {
    const auto value = number("limit");
    if (value && (*value < 1 || static_cast<std::size_t>(*value) > max)) {
        problem("limit", fmt::format("a number from 1 to {}", max));
    }
    return value ? static_cast<std::size_t>(std::max<std::int64_t>(1, *value)) : fallback;
}

std::string Members::group() {
    std::string name = text("logGroupName");
    if (name.empty()) name = text("logGroupIdentifier");
    constexpr std::string_view kMark = ":log-group:";
    if (const auto at = name.find(kMark); at != std::string::npos) name = name.substr(at + kMark.size());
    if (name.ends_with(":*")) name.resize(name.size() - 2);
    if (name.empty()) problem("logGroupName", "a log group's name");
    return name;
}

std::string Members::new_group() {
    std::string name = text("logGroupName");
    if (!is_group_name(name)) {
        problem("logGroupName",
                fmt::format("1 to {} characters of a-z, A-Z, 0-9, '_', '-', '/', '.' and '#'", kNameMax));
    }
    return name;
}

std::string Members::stream() {
    std::string name = text("logStreamName");
    if (!is_stream_name(name)) {
        problem("logStreamName",
                fmt::format("a log stream's name: 1 to {} characters, and no ':' and no '*'", kNameMax));
    }
    return name;
}

void Members::refuse_others(const std::vector<std::string_view>& known) {
    for (const auto& [name, value] : object_) {
        if (std::ranges::find(known, std::string_view(name)) == known.end() && !asks_nothing(value))
            problem(name, "left out: this server does not have it");
    }
}

const json::value* Members::find(std::string_view name) const {
    const json::value* value = object_.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
}

void Members::problem(std::string_view name, std::string_view expected) {
    if (error_) return;
    error_ = Error{.name = "InvalidParameterException",
                   .http_status = 400,
                   .message = fmt::format("{} must be {}.", name, expected),
                   .details_json = {}};
}

}  // namespace holdpoint::api::logs
