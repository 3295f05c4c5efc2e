#include "topics/filter_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>

namespace holdpoint::topics {
namespace {

namespace json = boost::json;

constexpr std::size_t kAttributesMax = 5;
constexpr std::size_t kCombinationsMax = 150;
constexpr std::array<std::string_view, 5> kNumericOperators{"=", "<", "<=", ">", ">="};

std::unexpected<Error> bad_policy(std::string_view why) {
    return invalid_parameter(fmt::format("FilterPolicy: {}", why));
}

bool is_text_or_number(const json::value& value) {
    return value.is_string() || value.is_number();
}

Result<void> check_numeric(const json::value& operand) {
    const auto* list = operand.if_array();
    if (list == nullptr || (list->size() != 2 && list->size() != 4)) {
        return bad_policy("Value of numeric must be an array of an operator and a number, once or twice");
    }
    for (std::size_t i = 0; i < list->size(); i += 2) {
        const auto* name = (*list)[i].if_string();
        if (name == nullptr ||
            std::ranges::find(kNumericOperators, std::string_view(*name)) == kNumericOperators.end()) {
            return bad_policy(fmt::format("Unrecognized numeric range operator: {}", json::serialize((*list)[i])));
        }
        if (!(*list)[i + 1].is_number()) return bad_policy("Value of numeric operator must be numeric");
    }
    if (list->size() == 4) {
        const auto lower = std::string_view((*list)[0].as_string());
        const auto upper = std::string_view((*list)[2].as_string());
        if (!lower.starts_with('>') || !upper.starts_with('<'))
            return bad_policy("A numeric range must be > or >=, then < or <=");
        if ((*list)[1].to_number<double>() >= (*list)[3].to_number<double>())
            return bad_policy("Bottom must be less than top");
    }
    return {};
}

Result<void> check_anything_but(const json::value& operand) {
    if (is_text_or_number(operand)) return {};
    if (const auto* list = operand.if_array(); list != nullptr && !list->empty()) {
        if (std::ranges::all_of(*list, is_text_or_number)) return {};
    }
    if (const auto* object = operand.if_object(); object != nullptr && object->size() == 1) {
        const auto& entry = *object->begin();
        if ((entry.key() == "prefix" || entry.key() == "suffix") && entry.value().is_string()) return {};
    }
    return bad_policy(
        "Value of anything-but must be a string, a number, a list of them, or an object with prefix or suffix");
}

Result<void> check_condition(const json::value& condition) {
    if (is_text_or_number(condition) || condition.is_bool() || condition.is_null()) return {};
    const auto* object = condition.if_object();
    if (object == nullptr) return bad_policy("Match value must be String, number, true, false, or null");
    if (object->size() != 1) return bad_policy("A condition must have exactly one operator");
    const auto& entry = *object->begin();
    const std::string_view name = entry.key();
    if (name == "prefix" || name == "suffix" || name == "equals-ignore-case") {
        if (entry.value().is_string()) return {};
        return bad_policy(fmt::format("Value of {} must be a string", name));
    }
    if (name == "exists")
        return entry.value().is_bool() ? Result<void>{} : bad_policy("Value of exists must be true or false");
    if (name == "numeric") return check_numeric(entry.value());
    if (name == "anything-but") return check_anything_but(entry.value());
    return bad_policy(fmt::format("Unrecognized match type {}", name));
}

/// One thing an attribute says: a text, or a number, or (from a String.Array) a boolean or null.
json::array candidates_of(const MessageAttribute& attribute) {
    if (attribute.type == "String.Array") {
        boost::system::error_code error;
        auto parsed = json::parse(attribute.value, error);
        if (error || !parsed.is_array()) return {};
        return std::move(parsed.as_array());
    }
    if (attribute.type.starts_with("String")) return {json::string(attribute.value)};
    if (attribute.type.starts_with("Number")) {
        double number = 0;
        const auto& text = attribute.value;
        if (std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc{}) return {number};
    }
    return {};  // Binary attributes are ignored, as on AWS
}

bool equal(const json::value& a, const json::value& b) {
    if (a.is_number() && b.is_number()) return a.to_number<double>() == b.to_number<double>();
    return a == b;
}

bool matches_numeric(const json::array& operand, const json::value& candidate) {
    if (!candidate.is_number()) return false;
    const double number = candidate.to_number<double>();
    for (std::size_t i = 0; i + 1 < operand.size(); i += 2) {
        const std::string_view name = operand[i].as_string();
        const double bound = operand[i + 1].to_number<double>();
        const bool holds = name == "="    ? number == bound
                           : name == "<"  ? number < bound
                           : name == "<=" ? number <= bound
                           : name == ">"  ? number > bound
                                          : number >= bound;
        if (!holds) return false;
    }
    return true;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    const auto lower = [](unsigned char c) { return c >= 'A' && c <= 'Z' ? static_cast<unsigned char>(c + 32) : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

bool matches_text(std::string_view operation, std::string_view operand, const json::value& candidate) {
    const auto* text = candidate.if_string();
    if (text == nullptr) return false;
    if (operation == "prefix") return std::string_view(*text).starts_with(operand);
    if (operation == "suffix") return std::string_view(*text).ends_with(operand);
    return equal_ignoring_case(*text, operand);
}

bool excluded(const json::value& operand, const json::value& candidate) {
    if (const auto* list = operand.if_array()) {
        return std::ranges::any_of(*list, [&](const json::value& item) { return equal(item, candidate); });
    }
    if (const auto* object = operand.if_object()) {
        return matches_text(object->begin()->key(), object->begin()->value().as_string(), candidate);
    }
    return equal(operand, candidate);
}

bool matches_condition(const json::value& condition, const json::value& candidate) {
    const auto* object = condition.if_object();
    if (object == nullptr) return equal(condition, candidate);
    const auto& entry = *object->begin();
    const std::string_view name = entry.key();
    if (name == "numeric") return matches_numeric(entry.value().as_array(), candidate);
    if (name == "anything-but") return !excluded(entry.value(), candidate);
    if (name == "exists") return false;  // decided by presence alone, before any value is looked at
    return matches_text(name, entry.value().as_string(), candidate);
}

bool wants_presence(const json::value& condition, bool present) {
    const auto* object = condition.if_object();
    if (object == nullptr) return false;
    const auto* exists = object->if_contains("exists");
    return exists != nullptr && exists->as_bool() == present;
}

}  // namespace

Result<void> check_filter_policy(std::string_view text) {
    if (text.empty()) return {};
    boost::system::error_code error;
    const auto parsed = json::parse(text, error);
    if (error) return bad_policy("failed to parse JSON.");
    const auto* policy = parsed.if_object();
    if (policy == nullptr) return bad_policy("Filter is not an object");
    std::size_t combinations = 1;
    for (const auto& [name, conditions] : *policy) {
        const auto* list = conditions.if_array();
        if (list == nullptr)
            return bad_policy(fmt::format("\"{}\" must be an object or an array", std::string_view(name)));
        if (list->empty()) return bad_policy("Empty arrays are not allowed");
        for (const auto& condition : *list) {
            if (auto checked = check_condition(condition); !checked) return checked;
        }
        combinations *= list->size();
        if (combinations > kCombinationsMax) return bad_policy("Filter policy is too complex");
    }
    if (policy->size() > kAttributesMax) return bad_policy("Filter policy can not have more than 5 keys");
    return {};
}

bool passes_filter_policy(std::string_view text, const MessageAttributes& attributes) {
    if (text.empty()) return true;
    const auto parsed = json::parse(text);
    const auto& policy = parsed.as_object();
    return std::ranges::all_of(policy, [&](const auto& entry) {
        const auto& conditions = entry.value().as_array();
        const auto found = attributes.find(std::string(entry.key()));
        const bool present = found != attributes.end();
        if (std::ranges::any_of(conditions, [&](const json::value& each) { return wants_presence(each, present); }))
            return true;
        if (!present) return false;
        const auto candidates = candidates_of(found->second);
        return std::ranges::any_of(candidates, [&](const json::value& candidate) {
            return std::ranges::any_of(conditions,
                                       [&](const json::value& each) { return matches_condition(each, candidate); });
        });
    });
}

}  // namespace holdpoint::topics
