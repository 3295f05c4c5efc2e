#include "stacks/parameters.hpp"

#include <algorithm>
#include <cmath>

#include "base/linear_regex.hpp"
#include "base/text.hpp"
#include "stacks/resolver.hpp"

namespace holdpoint::stacks {

namespace json = boost::json;

namespace {

/// Of one value. (CloudFormation user guide, "Quotas")
constexpr std::size_t kBytesMax = 4096;

std::optional<double> as_number(const json::value& value) {
    if (value.is_number()) return value.to_number<double>();
    return value.is_string() ? read_number<double>(value.get_string()) : std::nullopt;
}

bool has_no_echo(const json::object& definition) {
    const json::value* no_echo = definition.if_contains("NoEcho");
    return no_echo != nullptr && (*no_echo == true || *no_echo == "true");
}

class Parameter {
public:
    Parameter(const std::string& name, const json::object& definition, Problems& problems)
        : name_(name), definition_(definition), problems_(problems), is_hidden_(has_no_echo(definition)) {}

    json::value resolve(const ParameterValues& deployment) {
        check_members();
        const std::string type = text("Type", "String");
        if (type != "String" && type != "Number" && type != "CommaDelimitedList" && type != "List<Number>") {
            refuse("the type " + type + " is not supported; String, Number, CommaDelimitedList and List<Number> are");
            return nullptr;
        }
        const std::string* value = find(deployment.given);
        if (value == nullptr) value = find(deployment.previous);
        const json::value* standard = definition_.if_contains("Default");
        if (value == nullptr && standard == nullptr) {
            refuse("needs a value: it has no default (--parameter-overrides " + name_ + "=…)");
            return nullptr;
        }
        const std::string raw = value != nullptr ? *value : text_of(*standard);
        if (raw.size() > kBytesMax) {
            refuse(fmt::format("must have at most {} bytes", kBytesMax));
            return nullptr;
        }
        if (type == "CommaDelimitedList" || type == "List<Number>") return resolve_list(raw, type == "List<Number>");
        check_allowed(raw);
        if (type == "Number") {
            check_number(raw);
        } else {
            check_text(raw);
        }
        return json::value(raw);
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
        return value == nullptr ? std::string(fallback) : text_of(*value);
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

    /// The value as a refusal names it.
    [[nodiscard]] std::string shown(const std::string& value) const {
        return is_hidden_ ? "the value (NoEcho)" : "'" + value + "'";
    }

    void check_allowed(const std::string& raw) {
        const json::value* allowed = definition_.if_contains("AllowedValues");
        if (allowed == nullptr || !allowed->is_array()) return;
        std::vector<std::string> values;
        for (const json::value& value : allowed->get_array()) values.push_back(text_of(value));
        if (std::find(values.begin(), values.end(), raw) != values.end()) return;
        refuse(fmt::format("{} is not one of {}", shown(raw), fmt::join(values, ", ")));
    }

    /// What refers to a number gets it as it was written. (CloudFormation user guide, "Parameters")
    void check_number(const std::string& raw) {
        const auto number = read_number<double>(raw);
        if (!number || !std::isfinite(*number)) return refuse(shown(raw) + " is not a number");
        const auto min = limit("MinValue");
        const auto max = limit("MaxValue");
        const std::string found = is_hidden_ ? shown(raw) : raw;
        if (min && *number < *min) refuse(fmt::format("{} is less than the minimum {}", found, *min));
        if (max && *number > *max) refuse(fmt::format("{} is more than the maximum {}", found, *max));
    }

    void check_text(const std::string& value) {
        const auto min = limit("MinLength");
        const auto max = limit("MaxLength");
        const auto is_first = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
        const auto length = static_cast<double>(std::ranges::count_if(value, is_first));
        if (min && length < *min) refuse(fmt::format("must have at least {} characters", *min));
        if (max && length > *max) refuse(fmt::format("must have at most {} characters", *max));
        check_pattern(value);
    }

    void check_pattern(const std::string& value) {
        const std::string pattern = text("AllowedPattern", "");
        if (pattern.empty()) return;
        try {
            if (!std::regex_match(value, linear_regex(pattern)))
                refuse(fmt::format("{} does not match {}", shown(value), pattern));
        } catch (const std::regex_error& error) {
            const bool looks_back = error.code() == std::regex_constants::error_complexity;
            refuse((looks_back ? "AllowedPattern refers back to what it matched, which is not supported: "
                               : "AllowedPattern is no regular expression: ") +
                   pattern);
        }
    }

    json::value resolve_list(const std::string& text, bool has_numbers) {
        json::array list;
        std::string_view rest = text;
        while (!rest.empty()) {
            std::string_view part = rest.substr(0, rest.find(','));
            rest.remove_prefix(std::min(rest.size(), part.size() + 1));
            while (part.starts_with(' ')) part.remove_prefix(1);
            while (part.ends_with(' ')) part.remove_suffix(1);
            check_allowed(std::string(part));
            check_pattern(std::string(part));
            if (has_numbers) check_number(std::string(part));
            list.emplace_back(part);
        }
        return list;
    }

    const std::string& name_;
    const json::object& definition_;
    Problems& problems_;
    const bool is_hidden_;
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
        if (definition.is_object() && has_no_echo(definition.get_object())) hidden.emplace(name);
    }
    return hidden;
}

}  // namespace holdpoint::stacks
