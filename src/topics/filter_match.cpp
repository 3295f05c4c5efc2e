// Whether a message passes a filter policy.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <optional>
#include <vector>

#include "topics/cidr.hpp"
#include "topics/filter_or.hpp"
#include "topics/filter_policy.hpp"

namespace holdpoint::topics {
namespace {

namespace json = boost::json;

/// Names that an alternative of "$or" cannot have.
constexpr std::array<std::string_view, 13> kKeywords{"anything-but",
                                                     "cidr",
                                                     "equals-ignore-case",
                                                     "exists",
                                                     "numeric",
                                                     "prefix",
                                                     "suffix",
                                                     "wildcard",
                                                     "=",
                                                     "<",
                                                     "<=",
                                                     ">",
                                                     ">="};

/// How deep bodies may nest.
constexpr std::size_t kBodyDepthMax = 256;

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

bool matches_cidr(std::string_view operand, const json::value& candidate) {
    const auto* text = candidate.if_string();
    return text != nullptr && Cidr::parse(operand).value_or(Cidr()).contains(*text);
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
    if (name == "cidr") return matches_cidr(entry.value().as_string(), candidate);
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

bool matches_list(const json::array& conditions, bool present, const json::array& candidates) {
    if (std::ranges::any_of(conditions, [&](const json::value& each) { return wants_presence(each, present); }))
        return true;
    return std::ranges::any_of(candidates, [&](const json::value& candidate) {
        return std::ranges::any_of(conditions,
                                   [&](const json::value& each) { return matches_condition(each, candidate); });
    });
}

/// What a policy looks at: the attributes of a message.
class AttributeSource final {
public:
    explicit AttributeSource(const MessageAttributes& attributes) : attributes_(attributes) {}

    [[nodiscard]] bool matches(std::string_view name, const json::array& conditions) const {
        const auto found = attributes_.find(std::string(name));
        const bool present = found != attributes_.end();
        return matches_list(conditions, present, present ? candidates_of(found->second) : json::array());
    }
    template <class Matches>
    [[nodiscard]] static bool any_within(std::string_view, Matches) {
        return false;  // they have nothing within
    }

private:
    const MessageAttributes& attributes_;
};

/// Or an object of its body; nullptr: none that is there.
class BodySource final {
public:
    explicit BodySource(const json::object* object) : object_(object) {}

    /// Of a list each element counts, as long as it is no object.
    [[nodiscard]] bool matches(std::string_view name, const json::array& conditions) const {
        json::array candidates;
        if (const json::value* value = find(name)) {
            each_of(*value, [&](const json::value& element) {
                if (!element.is_object()) candidates.push_back(element);
            });
        }
        return matches_list(conditions, !candidates.empty(), candidates);
    }
    /// Of a list of objects one must match as a whole.
    template <class Matches>
    [[nodiscard]] bool any_within(std::string_view name, Matches matches) const {
        std::vector<const json::object*> objects;
        if (const json::value* value = find(name)) {
            each_of(*value, [&](const json::value& element) {
                if (element.is_object()) objects.push_back(&element.get_object());
            });
        }
        if (objects.empty()) return matches(BodySource(nullptr));
        return std::ranges::any_of(objects, [&](const json::object* object) { return matches(BodySource(object)); });
    }

private:
    [[nodiscard]] const json::value* find(std::string_view name) const {
        return object_ == nullptr ? nullptr : object_->if_contains(name);
    }
    template <class Each>
    static void each_of(const json::value& value, const Each& each) {
        const auto* list = value.if_array();
        if (list == nullptr) return each(value);
        for (const json::value& element : *list) each_of(element, each);
    }

    const json::object* object_;
};

template <class Source>
bool passes(const json::object& policy, const Source& source) {
    return std::ranges::all_of(policy, [&](const auto& entry) {
        const json::value& value = entry.value();
        if (is_or(entry.key(), value)) {
            return std::ranges::any_of(value.get_array(), [&](const json::value& alternative) {
                return passes(alternative.get_object(), source);
            });
        }
        if (const auto* conditions = value.if_array()) return source.matches(entry.key(), *conditions);
        return source.any_within(entry.key(), [&](const auto& within) { return passes(value.as_object(), within); });
    });
}

}  // namespace

bool is_or(std::string_view name, const json::value& value) {
    const auto* alternatives = name == "$or" ? value.if_array() : nullptr;
    if (alternatives == nullptr || alternatives->size() < 2) return false;
    return std::ranges::all_of(*alternatives, [](const json::value& alternative) {
        return alternative.is_object() && std::ranges::none_of(alternative.get_object(), [](const auto& entry) {
                   return std::ranges::find(kKeywords, std::string_view(entry.key())) != kKeywords.end();
               });
    });
}

bool passes_filter_policy(std::string_view text, const MessageAttributes& attributes) {
    return text.empty() || passes(json::parse(text).as_object(), AttributeSource(attributes));
}

bool passes_body_filter_policy(std::string_view text, std::string_view body) {
    if (text.empty()) return true;
    json::parse_options options;
    options.max_depth = kBodyDepthMax;
    boost::system::error_code error;
    const json::value parsed = json::parse(body, error, {}, options);
    if (error || !parsed.is_object()) return false;
    return passes(json::parse(text).as_object(), BodySource(&parsed.get_object()));
}

}  // namespace holdpoint::topics
