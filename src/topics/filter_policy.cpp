#include "topics/filter_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <set>

#include "topics/cidr.hpp"
#include "topics/filter_or.hpp"

namespace holdpoint::topics {
namespace {

namespace json = boost::json;

constexpr std::size_t kKeysMax = 5;
constexpr std::size_t kCombinationsMax = 150;
constexpr double kNumberMax = 1e9;  // and its negative: the least
constexpr std::array<std::string_view, 5> kNumericOperators{"=", "<", "<=", ">", ">="};

std::unexpected<Error> bad_policy(std::string_view why) {
    return invalid_parameter(fmt::format("FilterPolicy: {}", why));
}

bool is_text_or_number(const json::value& value) {
    return value.is_string() || value.is_number();
}

/// What is compared: any text, and a number within AWS's range.
Result<void> check_range(const json::value& value) {
    if (!value.is_number() || std::abs(value.to_number<double>()) <= kNumberMax) return {};
    return bad_policy(fmt::format("Value must be between -1.0E9 and 1.0E9, inclusive: {}", json::serialize(value)));
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
        if (auto checked = check_range((*list)[i + 1]); !checked) return checked;
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
    if (is_text_or_number(operand)) return check_range(operand);
    const auto* list = operand.if_array();
    if (list != nullptr && !list->empty() && std::ranges::all_of(*list, is_text_or_number)) {
        for (const auto& each : *list) {
            if (auto checked = check_range(each); !checked) return checked;
        }
        return {};
    }
    if (const auto* object = operand.if_object(); object != nullptr && object->size() == 1) {
        const auto& entry = *object->begin();
        if ((entry.key() == "prefix" || entry.key() == "suffix") && entry.value().is_string()) return {};
    }
    return bad_policy(
        "Value of anything-but must be a string, a number, a list of them, or an object with prefix or suffix");
}

Result<void> check_condition(const json::value& condition) {
    if (is_text_or_number(condition)) return check_range(condition);
    if (condition.is_bool() || condition.is_null()) return {};
    const auto* object = condition.if_object();
    if (object == nullptr) return bad_policy("Match value must be String, number, true, false, or null");
    if (object->size() != 1) return bad_policy("A condition must have exactly one operator");
    const auto& entry = *object->begin();
    const std::string_view name = entry.key();
    if (name == "prefix" || name == "suffix" || name == "equals-ignore-case") {
        if (entry.value().is_string()) return {};
        return bad_policy(fmt::format("Value of {} must be a string", name));
    }
    if (name == "cidr") {
        if (entry.value().is_string() && Cidr::parse(entry.value().get_string())) return {};
        return bad_policy("Value of cidr must be an address, a slash and the number of its leading bits that count");
    }
    if (name == "exists")
        return entry.value().is_bool() ? Result<void>{} : bad_policy("Value of exists must be true or false");
    if (name == "numeric") return check_numeric(entry.value());
    if (name == "anything-but") return check_anything_but(entry.value());
    return bad_policy(fmt::format("Unrecognized match type {}", name));
}

/// Reads a policy for its limits: "the total combination of values", and the names of what is looked at.
class Checker {
public:
    explicit Checker(FilterScope scope) : scope_(scope) {}

    /// Answers the combinations of the object, whose names stand `level` deep.
    Result<std::size_t> check(const json::object& policy, const std::string& path, std::size_t level) {
        std::size_t combinations = 1;
        for (const auto& [name, value] : policy) {
            const auto some = check_entry(name, value, path, level);
            if (!some) return some;
            combinations *= *some;
            if (combinations > kCombinationsMax) return bad_policy("Filter policy is too complex");
        }
        return combinations;
    }
    [[nodiscard]] std::size_t keys() const { return keys_.size(); }

private:
    Result<std::size_t> check_entry(std::string_view name, const json::value& value, const std::string& path,
                                    std::size_t level) {
        if (is_or(name, value)) return check_or(value.get_array(), path, level);
        const std::string here = fmt::format("{}/{}", path, name);
        if (const auto* nested = value.if_object()) {
            if (scope_ == FilterScope::message_attributes)
                return bad_policy("Filter policy scope MessageAttributes does not support nested filter policy");
            if (nested->empty()) return bad_policy("Empty objects are not allowed");
            return check(*nested, here, level + 1);
        }
        const auto* list = value.if_array();
        if (list == nullptr) return bad_policy(fmt::format("\"{}\" must be an object or an array", name));
        if (list->empty()) return bad_policy("Empty arrays are not allowed");
        for (const auto& condition : *list) {
            if (auto checked = check_condition(condition); !checked) return std::unexpected(checked.error());
        }
        keys_.insert(here);
        return list->size() * level;
    }

    /// One of the alternatives is what matches, so their combinations add up.
    Result<std::size_t> check_or(const json::array& alternatives, const std::string& path, std::size_t level) {
        std::size_t combinations = 0;
        for (const auto& alternative : alternatives) {
            if (alternative.get_object().empty()) return bad_policy("Empty objects are not allowed");
            const auto some = check(alternative.get_object(), path, level);
            if (!some) return some;
            combinations += *some;
        }
        return combinations;
    }

    FilterScope scope_;
    std::set<std::string> keys_;  // by their paths: the leaves alone
};

}  // namespace

FilterScope filter_scope(const Attributes& attributes) {
    const auto scope = attributes.find("FilterPolicyScope");
    const bool body = scope != attributes.end() && scope->second == "MessageBody";
    return body ? FilterScope::message_body : FilterScope::message_attributes;
}

Result<void> check_filter_policy(std::string_view text, FilterScope scope) {
    if (text.empty()) return {};
    boost::system::error_code error;
    const auto parsed = json::parse(text, error);
    if (error) return bad_policy("failed to parse JSON.");
    const auto* policy = parsed.if_object();
    if (policy == nullptr) return bad_policy("Filter is not an object");
    Checker checker(scope);
    if (const auto combinations = checker.check(*policy, "", 1); !combinations)
        return std::unexpected(combinations.error());
    if (checker.keys() > kKeysMax) return bad_policy("Filter policy can not have more than 5 keys");
    return {};
}

}  // namespace holdpoint::topics
