#include "stacks/resolver.hpp"

#include <fmt/format.h>

#include "stacks/references.hpp"

namespace holdpoint::stacks {

Resolver::Resolver(const Target& target, const Parameters& parameters, const Node* conditions, Problems& problems)
    : target_(target), parameters_(parameters), conditions_(conditions), problems_(problems) {}

void Resolver::add(const std::string& resource, Attributes attributes) {
    resources_[resource] = std::move(attributes);
}

void Resolver::add_unknown(const std::string& resource) {
    unknown_.insert(resource);
}

Node Resolver::refuse(const std::string& path, int line, std::string message) {
    problems_.add(path, line, std::move(message));
    return {.kind = Kind::unknown, .line = line, .text = {}};
}

Node Resolver::resolve(const Node& node, const std::string& path) {
    if (const auto* function = node.intrinsic()) return call(function->first, function->second, path);
    if (node.is_list()) {
        Node list = Node::make_list({}, node.line);
        for (std::size_t i = 0; i < node.elements.size(); ++i) {
            Node element = resolve(node.elements[i], fmt::format("{}[{}]", path, i));
            if (element.kind != Kind::absent) list.elements.push_back(std::move(element));
        }
        return list;
    }
    if (!node.is_map()) return node;
    Node map = Node::make_map({}, node.line);
    for (const auto& [key, value] : node.members) {
        Node member = resolve(value, fmt::format("{}.{}", path, key));
        member.line = value.line;
        if (member.kind != Kind::absent) map.members.emplace_back(key, std::move(member));
    }
    return map;
}

Node Resolver::call(const std::string& name, const Node& argument, const std::string& path) {
    const int line = argument.line;
    if (name == "Ref") {
        if (!argument.is_text()) return refuse(path, line, "Ref needs the name of a parameter or resource");
        return reference(argument.text, line, path);
    }
    if (name == "Fn::GetAtt") {
        const bool is_pair = argument.is_list() && argument.elements.size() == 2 && argument.elements[0].is_text() &&
                             argument.elements[1].is_text();
        if (is_pair) return attribute(argument.elements[0].text, argument.elements[1].text, line, path);
        const auto dot = argument.text.find('.');
        if (!argument.is_text() || dot == std::string::npos)
            return refuse(path, line, "Fn::GetAtt needs a resource and an attribute");
        return attribute(argument.text.substr(0, dot), argument.text.substr(dot + 1), line, path);
    }
    if (name == "Fn::Sub") return substitute(argument, path);
    if (name == "Fn::Join") return join(argument, path);
    if (name == "Fn::If") return choose(argument, path);
    return refuse(path, line,
                  fmt::format("{} is not supported; Ref, Fn::GetAtt, Fn::Sub, Fn::Join and Fn::If are", name));
}

std::optional<std::string> Resolver::pseudo_parameter(const std::string& name) const {
    if (name == "AWS::Region") return target_.region;
    if (name == "AWS::AccountId") return target_.account;
    if (name == "AWS::StackName") return target_.stack_name;
    if (name == "AWS::StackId") return target_.stack_id;
    if (name == "AWS::Partition") return "aws";
    if (name == "AWS::URLSuffix") return "amazonaws.com";
    return std::nullopt;
}

Node Resolver::reference(const std::string& name, int line, const std::string& path) {
    if (name == "AWS::NoValue") return {.kind = Kind::absent, .line = line, .text = {}};
    if (auto text = pseudo_parameter(name)) return Node::make_text(std::move(*text), line);
    if (const auto found = parameters_.find(name); found != parameters_.end()) {
        Node value = found->second.value;
        value.line = line;
        return value;
    }
    if (const auto found = resources_.find(name); found != resources_.end())
        return Node::make_text(found->second.reference, line);
    if (unknown_.contains(name)) return {.kind = Kind::unknown, .line = line, .text = {}};
    return refuse(path, line,
                  fmt::format("Unresolved resource dependency: '{}' is neither a parameter nor a resource of "
                              "this template",
                              name));
}

Node Resolver::attribute(const std::string& resource, const std::string& name, int line, const std::string& path) {
    if (unknown_.contains(resource)) return {.kind = Kind::unknown, .line = line, .text = {}};
    const auto found = resources_.find(resource);
    if (found == resources_.end())
        return refuse(path, line, fmt::format("Fn::GetAtt: '{}' is no resource of this template", resource));
    const auto value = found->second.named.find(name);
    if (value != found->second.named.end()) return Node::make_text(value->second, line);
    std::vector<std::string> known;
    for (const auto& [attribute, text] : found->second.named) known.push_back(attribute);
    return refuse(
        path, line,
        fmt::format("Fn::GetAtt: '{}' of '{}' is not supported; {} is", name, resource, fmt::join(known, ", ")));
}

Node Resolver::substitute(const Node& argument, const std::string& path) {
    const int line = argument.line;
    const bool has_map = argument.is_list() && argument.elements.size() == 2 && argument.elements[1].is_map();
    const Node& text = has_map ? argument.elements[0] : argument;
    if (!text.is_text()) return refuse(path, line, "Fn::Sub needs a text, or a list of a text and a mapping");
    const auto parts = split_sub(text.text);
    if (!parts) return refuse(path, line, "Fn::Sub: " + parts.error().message);
    std::string result;
    for (const SubPart& part : *parts) {
        if (!part.is_name) {
            result += part.text;
            continue;
        }
        const Node* own = has_map ? argument.elements[1].find(part.text) : nullptr;
        const auto dot = part.text.find('.');
        Node value;
        if (own != nullptr) {
            value = resolve(*own, path);
        } else if (dot != std::string::npos) {
            value = attribute(part.text.substr(0, dot), part.text.substr(dot + 1), line, path);
        } else {
            value = reference(part.text, line, path);
        }
        if (value.kind == Kind::unknown) return value;
        if (!value.is_scalar())
            return refuse(path, line,
                          fmt::format("Fn::Sub: ${{{}}} is {}, not a text", part.text, describe(value.kind)));
        result += value.text;
    }
    return Node::make_text(std::move(result), line);
}

Node Resolver::join(const Node& argument, const std::string& path) {
    const int line = argument.line;
    if (!argument.is_list() || argument.elements.size() != 2 || !argument.elements[0].is_text())
        return refuse(path, line, "Fn::Join needs a list of a separator and a list");
    Node list = resolve(argument.elements[1], path);
    if (list.kind == Kind::unknown) return list;
    if (!list.is_list()) return refuse(path, line, "Fn::Join needs a list of a separator and a list");
    std::string result;
    for (std::size_t i = 0; i < list.elements.size(); ++i) {
        if (list.elements[i].kind == Kind::unknown) return list.elements[i];
        if (!list.elements[i].is_scalar()) return refuse(path, line, "Fn::Join joins texts only");
        if (i > 0) result += argument.elements[0].text;
        result += list.elements[i].text;
    }
    return Node::make_text(std::move(result), line);
}

Node Resolver::choose(const Node& argument, const std::string& path) {
    if (!argument.is_list() || argument.elements.size() != 3 || !argument.elements[0].is_text())
        return refuse(path, argument.line, "Fn::If needs a condition's name and two values");
    const bool chosen = condition(argument.elements[0].text, argument.line, path);
    return resolve(argument.elements[chosen ? 1 : 2], path);
}

bool Resolver::condition(const std::string& name, int line, const std::string& path) {
    const Node* node = conditions_ == nullptr ? nullptr : conditions_->find(name);
    if (node == nullptr) {
        problems_.add(path, line, fmt::format("'{}' is no condition of this template", name));
        return false;
    }
    if (!under_way_.insert(name).second) {
        problems_.add("Conditions." + name, node->line, "refers to itself");
        return false;
    }
    const auto value = evaluate(*node, "Conditions." + name);
    under_way_.erase(name);
    return value.value_or(false);
}

std::optional<bool> Resolver::evaluate(const Node& node, const std::string& path) {
    if (node.is_map() && node.members.size() == 1) {
        const auto& [name, argument] = node.members.front();
        if (name == "Condition" && argument.is_text()) return condition(argument.text, node.line, path);
        if (name == "Fn::Equals") return evaluate_equals(argument, path);
        if (name == "Fn::Not" || name == "Fn::And" || name == "Fn::Or") return evaluate_all(name, argument, path);
    }
    problems_.add(path, node.line, "a condition is one of Fn::Equals, Fn::Not, Fn::And, Fn::Or, Condition");
    return std::nullopt;
}

std::optional<bool> Resolver::evaluate_all(const std::string& name, const Node& arguments, const std::string& path) {
    const std::size_t count = arguments.elements.size();
    const bool is_not = name == "Fn::Not";
    if (!arguments.is_list() || (is_not ? count != 1 : count < 2 || count > 10)) {
        problems_.add(path, arguments.line,
                      fmt::format("{} needs a list of {}", name, is_not ? "one condition" : "two to ten conditions"));
        return std::nullopt;
    }
    bool all = true;
    bool any = false;
    for (const Node& argument : arguments.elements) {
        const auto value = evaluate(argument, path);
        if (!value) return std::nullopt;
        all = all && *value;
        any = any || *value;
    }
    return is_not ? !all : name == "Fn::And" ? all : any;
}

std::optional<bool> Resolver::evaluate_equals(const Node& arguments, const std::string& path) {
    if (!arguments.is_list() || arguments.elements.size() != 2) {
        problems_.add(path, arguments.line, "Fn::Equals needs a list of two values");
        return std::nullopt;
    }
    const Node left = resolve(arguments.elements[0], path);
    const Node right = resolve(arguments.elements[1], path);
    if (left.kind == Kind::unknown || right.kind == Kind::unknown) return std::nullopt;
    if (left.is_scalar() && right.is_scalar()) return left.text == right.text;
    return to_json(left) == to_json(right);
}

}  // namespace holdpoint::stacks
