#include "stacks/property_reader.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "stacks/properties.hpp"
#include "stacks/resolver.hpp"

namespace holdpoint::stacks {

namespace json = boost::json;

std::string PropertyReader::text(std::string_view name, std::string_view fallback) const {
    const json::value* value = find(name);
    if (value == nullptr) return std::string(fallback);
    if (value->is_structured()) problem(name, "must be text");
    return text_of(*value);
}

std::int64_t PropertyReader::number(std::string_view name, std::int64_t fallback) const {
    const json::value* value = find(name);
    if (value == nullptr) return fallback;
    const std::string text = text_of(*value);
    const auto number = read_number<std::int64_t>(text);
    if (!number || value->is_structured()) problem(name, "must be a whole number");
    return number.value_or(fallback);
}

bool PropertyReader::flag(std::string_view name, bool fallback) const {
    const json::value* value = find(name);
    if (value == nullptr) return fallback;
    const std::string text = text_of(*value);
    if (text != "true" && text != "false") problem(name, "must be true or false");
    return text == "true";
}

PropertyReader PropertyReader::member(std::string_view name) const {
    const json::value* value = find(name);
    if (value != nullptr && !value->is_object()) problem(name, "must be a mapping");
    return {*problems_, path_of(name), value != nullptr && value->is_object() ? value->get_object() : json::object{}};
}

const json::array& PropertyReader::list(std::string_view name) const {
    static const json::array none;
    const json::value* value = find(name);
    if (value == nullptr) return none;
    if (!value->is_array()) problem(name, "must be a list");
    return value->is_array() ? value->get_array() : none;
}

PropertyReader PropertyReader::element(std::string_view name, std::size_t at) const {
    const std::string position = fmt::format("{}[{}]", name, at);
    const json::object* element = list(name).at(at).if_object();
    if (element == nullptr) problem(position, "must be a mapping");
    return {*problems_, path_of(position), element == nullptr ? json::object{} : *element};
}

std::vector<std::string> PropertyReader::texts(std::string_view name) const {
    std::vector<std::string> result;
    for (const json::value& element : list(name)) {
        if (element.is_structured()) problem(name, "must be a list of texts");
        result.push_back(text_of(element));
    }
    return result;
}

void PropertyReader::allow(std::initializer_list<std::string_view> known) const {
    for (const auto& [key, value] : values_) {
        if (std::find(known.begin(), known.end(), key) != known.end()) continue;
        const std::string meant = did_you_mean(key, known);
        problem(key, "is not supported" + (meant.empty() ? "" : "; " + meant));
    }
}

}  // namespace holdpoint::stacks
