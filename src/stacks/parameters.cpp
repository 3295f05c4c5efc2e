#include "stacks/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <regex>

namespace holdpoint::stacks {
namespace {

/// (AWS CloudFormation quotas: parameter values)
constexpr std::size_t kValueBytesMax = 4096;

std::optional<double> read_number(std::string_view text) {
    double number = 0;
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const auto read = std::from_chars(begin, end, number);
    if (text.empty() || read.ec != std::errc{} || read.ptr != end) return std::nullopt;
    return number;
}

std::string_view trim(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto comma = text.find(',');
        parts.emplace_back(trim(text.substr(0, comma)));
        if (comma == std::string_view::npos) break;
        text.remove_prefix(comma + 1);
        if (text.empty()) parts.emplace_back();
    }
    return parts;
}

/// One parameter's definition, and the checks of a value against it.
class Definition {
public:
    Definition(const std::string& name, const Node& node, Problems& problems)
        : name_(name), path_("Parameters." + name), node_(node), problems_(problems) {}

    void check() {
        constexpr std::array<std::string_view, 11> kKnown = {
            "Type",     "Default",   "Description", "AllowedValues",         "AllowedPattern", "MinValue",
            "MaxValue", "MinLength", "MaxLength",   "ConstraintDescription", "NoEcho"};
        for (const auto& [key, value] : node_.members) {
            if (std::ranges::find(kKnown, key) == kKnown.end())
                problems_.add(fmt::format("{}.{}", path_, key), value.line, "is not supported");
        }
        const Node* type = node_.find("Type");
        type_ = type != nullptr && type->is_text() ? type->text : "";
        if (type_.empty()) problems_.add(path_, node_.line, "needs a Type");
        if (!type_.empty() && type_ != "String" && type_ != "Number" && type_ != "CommaDelimitedList") {
            problems_.add(path_ + ".Type", type->line,
                          fmt::format("'{}' is not supported; String, Number and CommaDelimitedList are", type_));
        }
    }

    [[nodiscard]] std::optional<std::string> default_value() const { return scalar("Default"); }

    Parameter accept(std::string text) {
        if (text.size() > kValueBytesMax) {
            problems_.add(path_, node_.line, fmt::format("a value has at most {} bytes", kValueBytesMax));
            text.clear();
        }
        Parameter parameter;
        parameter.hidden = scalar("NoEcho") == "true";
        if (type_ == "CommaDelimitedList") {
            parameter.value = Node::make_list({}, node_.line);
            for (std::string& part : split(text)) {
                check_value(part);
                parameter.value.elements.push_back(Node::make_text(std::move(part), node_.line));
            }
        } else {
            check_value(text);
            parameter.value = Node::make_text(text, node_.line);
        }
        parameter.text = std::move(text);
        return parameter;
    }

private:
    [[nodiscard]] std::optional<std::string> scalar(std::string_view member) const {
        const Node* value = node_.find(member);
        return value != nullptr && value->is_scalar() ? std::optional(value->text) : std::nullopt;
    }

    /// A limit that is written must be a number.
    std::optional<double> limit(std::string_view member) {
        const Node* value = node_.find(member);
        if (value == nullptr) return std::nullopt;
        const auto number = value->is_scalar() ? read_number(value->text) : std::nullopt;
        if (!number) problems_.add(fmt::format("{}.{}", path_, member), value->line, "must be a number");
        return number;
    }

    void refuse(const std::string& what) {
        const auto constraint = scalar("ConstraintDescription");
        problems_.add(path_, node_.line,
                      constraint ? fmt::format("Parameter '{}' failed to satisfy constraint: {}", name_, *constraint)
                                 : fmt::format("Parameter '{}' {}", name_, what));
    }

    void check_value(const std::string& value) {
        if (const Node* allowed = node_.find("AllowedValues")) check_allowed(*allowed, value);
        if (type_ == "Number") {
            check_number(value);
        } else {
            check_text(value);
        }
    }

    void check_allowed(const Node& allowed, const std::string& value) {
        std::vector<std::string> values;
        values.reserve(allowed.elements.size());
        for (const Node& element : allowed.elements) values.push_back(element.text);
        if (std::ranges::find(values, value) == values.end())
            refuse(fmt::format("must be one of AllowedValues: {}; it is '{}'", fmt::join(values, ", "), value));
    }

    void check_number(const std::string& value) {
        const auto least = limit("MinValue");
        const auto most = limit("MaxValue");
        const auto number = read_number(value);
        if (!number) return refuse(fmt::format("must be a number; it is '{}'", value));
        if (least && *number < *least)
            refuse(fmt::format("must be a number not less than {}; it is {}", *least, value));
        if (most && *number > *most)
            refuse(fmt::format("must be a number not greater than {}; it is {}", *most, value));
    }

    void check_text(const std::string& value) {
        const auto least = limit("MinLength");
        const auto most = limit("MaxLength");
        const auto length = static_cast<double>(
            std::ranges::count_if(value, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
        if (least && length < *least) refuse(fmt::format("must contain at least {} characters", *least));
        if (most && length > *most) refuse(fmt::format("must contain at most {} characters", *most));
        const auto pattern = scalar("AllowedPattern");
        if (!pattern) return;
        try {
            if (!std::regex_match(value, std::regex(*pattern))) refuse(fmt::format("must match pattern {}", *pattern));
        } catch (const std::regex_error& error) {
            problems_.add(path_ + ".AllowedPattern", node_.line,
                          fmt::format("'{}' cannot be used as a regular expression: {}", *pattern, error.what()));
        }
    }

    const std::string& name_;
    std::string path_;
    const Node& node_;
    Problems& problems_;
    std::string type_;
};

}  // namespace

Parameters read_parameters(const Node& root, const std::map<std::string, std::string>& given, Problems& problems) {
    Parameters parameters;
    const Node* section = root.find("Parameters");
    if (section != nullptr && !section->is_map()) problems.add("Parameters", section->line, "must be a mapping");
    if (section != nullptr) {
        for (const auto& [name, node] : section->members) {
            Definition definition(name, node, problems);
            definition.check();
            const auto found = given.find(name);
            auto value = found == given.end() ? definition.default_value() : std::optional(found->second);
            if (!value) problems.add("Parameters." + name, node.line, "must have a value: it has no Default");
            parameters[name] =
                value ? definition.accept(std::move(*value))
                      : Parameter{.text = {}, .value = {.kind = Kind::unknown, .line = node.line, .text = {}}};
        }
    }
    for (const auto& [name, value] : given) {
        if (!parameters.contains(name))
            problems.add("Parameters." + name, 0, "was given a value, but the template has no such parameter");
    }
    return parameters;
}

}  // namespace holdpoint::stacks
