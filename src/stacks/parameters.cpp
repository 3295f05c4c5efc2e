#include "stacks/parameters.hpp"

#include <algorithm>
#include <cmath>
#include <regex>

#include "base/text.hpp"

namespace holdpoint::stacks {

namespace json = boost::json;

namespace {

std::optional<double> as_number(const json::value& value) {
    if (value.is_number()) return value.to_number<double>();
    return value.is_string() ? read_number<double>(value.get_string()) : std::nullopt;
}

std::string as_text(const json::value& value) {
    return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

class Parameter {
public:
    Parameter(const std::string& name, const json::object& definition, Problems& problems)
        : name_(name), definition_(definition), problems_(problems) {}

    json::value resolve(const ParameterValues& deployment) {
        check_members();
        const std::string type = text("Type", "String");
        const std::string* value = find(deployment.given);
        if (value == nullptr) value = find(deployment.previous);
        const json::value* standard = definition_.if_contains("Default");
        if (value == nullptr && standard == nullptr) {
            refuse("needs a value: it has no default (--parameter-overrides " + name_ + "=…)");
            return nullptr;
        }
        const json::value raw = value != nullptr ? json::value(*value) : *standard;
        check_allowed(raw);
        if (type == "Number") return resolve_number(raw);
        if (type == "CommaDelimitedList") return resolve_list(as_text(raw));
        if (type != "String")
            refuse("the type " + type + " is not supported; String, Number and CommaDelimitedList are");
        check_text(as_text(raw));
        return json::value(as_text(raw));
    }

private:
    [[nodiscard]] const std::string* find(const std::map<std::string, std::string>& values) const {
        const auto found = values.find(name_);
        return found == values.end() ? nullptr : &found->second;
    }
    void refuse(const std::string& what) {
        const std::string constraint = text("ConstraintDescription", "");
        problems_.add("Parameters." + name_, constraint.empty() ? what : what + " (" + constraint + ")");
    }
    [[nodiscard]] std::string text(std::string_view member, std::string_view fallback) const {
        const json::value* value = definition_.if_contains(member);
        return value == nullptr ? std::string(fallback) : as_text(*value);
    }
    [[nodiscard]] std::optional<double> limit(std::string_view member) const {
        const json::value* value = definition_.if_contains(member);
        return value == nullptr ? std::nullopt : as_number(*value);
    }

    void check_members() {
        for (const auto& [member, value] : definition_) {
            constexpr std::string_view kKnown[] = {
                "Type",     "Default",   "Description", "AllowedValues",         "AllowedPattern", "MinValue",
                "MaxValue", "MinLength", "MaxLength",   "ConstraintDescription", "NoEcho"};
            if (std::find(std::begin(kKnown), std::end(kKnown), member) == std::end(kKnown)) {
                problems_.add("Parameters." + name_ + "." + std::string(member), "is not supported");
            }
        }
    }

    void check_allowed(const json::value& raw) {
        const json::value* allowed = definition_.if_contains("AllowedValues");
        if (allowed == nullptr || !allowed->is_array()) return;
        std::vector<std::string> values;
        for (const json::value& value : allowed->get_array()) values.push_back(as_text(value));
        if (std::find(values.begin(), values.end(), as_text(raw)) != values.end()) return;
        refuse(fmt::format("'{}' is not one of {}", as_text(raw), fmt::join(values, ", ")));
    }

    json::value resolve_number(const json::value& raw) {
        constexpr double kWholeMax = 9e18;  // about what 64 bits hold
        const auto number = as_number(raw);
        if (!number || !std::isfinite(*number)) {
            refuse(fmt::format("'{}' is not a number", as_text(raw)));
            return nullptr;
        }
        const auto min = limit("MinValue");
        const auto max = limit("MaxValue");
        if (min && *number < *min) refuse(fmt::format("{} is less than the minimum {}", *number, *min));
        if (max && *number > *max) refuse(fmt::format("{} is more than the maximum {}", *number, *max));
        if (std::abs(*number) > kWholeMax) return *number;
        const auto whole = static_cast<std::int64_t>(*number);
        if (static_cast<double>(whole) == *number) return whole;
        return *number;
    }

    void check_text(const std::string& value) {
        const auto min = limit("MinLength");
        const auto max = limit("MaxLength");
        const auto length = static_cast<double>(value.size());
        if (min && length < *min) refuse(fmt::format("must have at least {} characters", *min));
        if (max && length > *max) refuse(fmt::format("must have at most {} characters", *max));
        const std::string pattern = text("AllowedPattern", "");
        if (pattern.empty()) return;
        try {
            if (!std::regex_match(value, std::regex(pattern))) {
                refuse(fmt::format("'{}' does not match {}", value, pattern));
            }
        } catch (const std::regex_error&) {
            refuse("AllowedPattern is no regular expression: " + pattern);
        }
    }

    static json::value resolve_list(const std::string& text) {
        json::array list;
        std::string_view rest = text;
        while (!rest.empty()) {
            std::string_view part = rest.substr(0, rest.find(','));
            rest.remove_prefix(std::min(rest.size(), part.size() + 1));
            while (part.starts_with(' ')) part.remove_prefix(1);
            while (part.ends_with(' ')) part.remove_suffix(1);
            list.emplace_back(part);
        }
        return list;
    }

    const std::string& name_;
    const json::object& definition_;
    Problems& problems_;
};

}  // namespace

std::map<std::string, json::value> resolve_parameters(const Document& document, const ParameterValues& deployment,
                                                      Problems& problems) {
    std::map<std::string, json::value> values;
    const json::value* section = document.root.get_object().if_contains("Parameters");
    if (section != nullptr && section->is_object()) {
        for (const auto& [key, definition] : section->get_object()) {
            const std::string name(key);
            if (definition.is_object()) {
                values[name] = Parameter(name, definition.get_object(), problems).resolve(deployment);
            } else {
                problems.add("Parameters." + name, "must be a mapping");
            }
        }
    }
    for (const auto& [name, value] : deployment.given) {
        if (!values.contains(name))
            problems.add("Parameters." + name, "was given a value, but the template has no such parameter");
    }
    return values;
}

std::set<std::string> hidden_parameters(const Document& document) {
    std::set<std::string> hidden;
    const json::value* section = document.root.get_object().if_contains("Parameters");
    if (section == nullptr || !section->is_object()) return hidden;
    for (const auto& [name, definition] : section->get_object()) {
        const json::object* members = definition.if_object();
        const json::value* no_echo = members == nullptr ? nullptr : members->if_contains("NoEcho");
        if (no_echo != nullptr && (*no_echo == true || *no_echo == "true")) hidden.emplace(name);
    }
    return hidden;
}

}  // namespace holdpoint::stacks
