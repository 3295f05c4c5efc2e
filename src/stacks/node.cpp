#include "stacks/node.hpp"

#include <charconv>

namespace holdpoint::stacks {

namespace json = boost::json;

const Node* Node::find(std::string_view key) const {
    for (const auto& [name, value] : members) {
        if (name == key) return &value;
    }
    return nullptr;
}

Node* Node::find(std::string_view key) {
    return const_cast<Node*>(std::as_const(*this).find(key));
}

const std::pair<std::string, Node>* Node::intrinsic() const {
    if (kind != Kind::map || members.size() != 1) return nullptr;
    const std::string& name = members.front().first;
    return name == "Ref" || name.starts_with("Fn::") ? &members.front() : nullptr;
}

Node Node::make_text(std::string text, int line) {
    return {.kind = Kind::text, .line = line, .text = std::move(text)};
}

Node Node::make_map(std::vector<std::pair<std::string, Node>> members, int line) {
    return {.kind = Kind::map, .line = line, .text = {}, .elements = {}, .members = std::move(members)};
}

Node Node::make_list(std::vector<Node> elements, int line) {
    return {.kind = Kind::list, .line = line, .text = {}, .elements = std::move(elements)};
}

json::value to_json(const Node& node) {
    switch (node.kind) {
        case Kind::boolean:
            return node.text == "true";
        case Kind::integer: {
            std::int64_t number = 0;
            std::from_chars(node.text.data(), node.text.data() + node.text.size(), number);
            return number;
        }
        case Kind::number: {
            double number = 0;
            std::from_chars(node.text.data(), node.text.data() + node.text.size(), number);
            return number;
        }
        case Kind::text:
            return json::string(node.text);
        case Kind::list: {
            json::array array;
            for (const Node& element : node.elements) array.push_back(to_json(element));
            return array;
        }
        case Kind::map: {
            json::object object;
            for (const auto& [key, value] : node.members) object[key] = to_json(value);
            return object;
        }
        case Kind::null:
        case Kind::absent:
        case Kind::unknown:
            return nullptr;
    }
    std::unreachable();
}

std::string_view describe(Kind kind) {
    switch (kind) {
        case Kind::null:
            return "nothing";
        case Kind::boolean:
            return "true or false";
        case Kind::integer:
        case Kind::number:
            return "a number";
        case Kind::text:
            return "a text";
        case Kind::list:
            return "a list";
        case Kind::map:
            return "a mapping";
        case Kind::absent:
        case Kind::unknown:
            return "no value";
    }
    std::unreachable();
}

}  // namespace holdpoint::stacks
