#include "stacks/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace holdpoint::stacks {

namespace json = boost::json;

std::string Checker::path(const std::string& inner) const {
    return inner.empty() ? fmt::format("Resources.{}.Properties", resource_)
                         : fmt::format("Resources.{}.Properties.{}", resource_, inner);
}

json::value Checker::refuse(const Node& node, const std::string& inner, std::string message) {
    problems_.add(path(inner), node.line, std::move(message));
    return nullptr;
}

json::object Checker::check(const Node& node, std::span<const Property> members, const std::string& inner) {
    json::object object;
    if (node.kind == Kind::unknown) return object;
    if (!node.is_map()) {
        refuse(node, inner, fmt::format("must be a mapping; it is {}", describe(node.kind)));
        return object;
    }
    for (const auto& [key, value] : node.members) {
        const std::string member = inner.empty() ? key : fmt::format("{}.{}", inner, key);
        const auto property = std::ranges::find(members, key, &Property::name);
        if (property == members.end()) {
            refuse(value, member, "is not supported");
        } else if (property->aws_only) {
            notes_.push_back(fmt::format("{}.{}", resource_, member));
        } else {
            object[key] = check_value(value, *property, member);
        }
    }
    for (const Property& property : members) {
        if (property.required && node.find(property.name) == nullptr)
            refuse(node, inner, fmt::format("needs {}", property.name));
    }
    return object;
}

json::value Checker::check_value(const Node& node, const Property& property, const std::string& inner) {
    if (node.kind == Kind::unknown) return nullptr;
    switch (property.shape) {
        case Shape::text:
        case Shape::integer:
        case Shape::boolean:
            return check_scalar(node, property, inner);
        case Shape::texts:
        case Shape::objects:
            return check_list(node, property, inner);
        case Shape::text_map: {
            if (!node.is_map())
                return refuse(node, inner, fmt::format("must be a mapping; it is {}", describe(node.kind)));
            json::object map;
            for (const auto& [key, value] : node.members)
                map[key] = check_scalar(value, {.name = key}, fmt::format("{}.{}", inner, key));
            return map;
        }
        case Shape::object:
            return check(node, property.members, inner);
        case Shape::document:
            return to_json(node);
    }
    std::unreachable();
}

json::value Checker::check_scalar(const Node& node, const Property& property, const std::string& inner) {
    if (node.kind == Kind::unknown) return nullptr;
    if (property.shape == Shape::boolean) {
        if (node.text != "true" && node.text != "false")
            return refuse(node, inner, fmt::format("must be true or false; it is {}", describe(node.kind)));
        return node.text == "true";
    }
    if (!node.is_scalar()) return refuse(node, inner, fmt::format("must be a text; it is {}", describe(node.kind)));
    if (property.shape == Shape::integer) {
        std::int64_t number = 0;
        const char* const end = node.text.data() + node.text.size();
        const auto read = std::from_chars(node.text.data(), end, number);
        if (node.text.empty() || read.ec != std::errc{} || read.ptr != end)
            return refuse(node, inner, fmt::format("must be a whole number; it is '{}'", node.text));
        if (number < property.least || number > property.most) {
            return refuse(node, inner,
                          fmt::format("must be from {} to {}; it is {}", property.least, property.most, number));
        }
        return number;
    }
    if (!property.allowed.empty() && std::ranges::find(property.allowed, node.text) == property.allowed.end()) {
        return refuse(node, inner,
                      fmt::format("'{}' is not supported; {} is", node.text, fmt::join(property.allowed, ", ")));
    }
    return json::string(node.text);
}

json::value Checker::check_list(const Node& node, const Property& property, const std::string& inner) {
    if (!node.is_list()) return refuse(node, inner, fmt::format("must be a list; it is {}", describe(node.kind)));
    json::array list;
    for (std::size_t i = 0; i < node.elements.size(); ++i) {
        const std::string element = fmt::format("{}[{}]", inner, i);
        if (property.shape == Shape::texts) {
            list.push_back(check_scalar(node.elements[i], {.name = property.name}, element));
        } else {
            list.push_back(check(node.elements[i], property.members, element));
        }
    }
    return list;
}

}  // namespace holdpoint::stacks
