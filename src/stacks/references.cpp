#include "stacks/references.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace holdpoint::stacks {
namespace {

void collect_sub(const Node& argument, std::set<std::string>& names) {
    const Node* text = &argument;
    std::set<std::string> own;
    if (argument.is_list() && !argument.elements.empty()) {
        text = &argument.elements[0];
        if (argument.elements.size() > 1) {
            for (const auto& [name, value] : argument.elements[1].members) own.insert(name);
            names.merge(references(argument.elements[1]));
        }
    }
    const auto parts = split_sub(text->text);
    if (!parts) return;
    for (const SubPart& part : *parts) {
        if (part.is_name && !own.contains(part.text)) names.insert(part.text.substr(0, part.text.find('.')));
    }
}

/// Walks what each resource needs; `path` are the resources under way.
class Order {
public:
    Order(const std::map<std::string, std::set<std::string>>& needs, const Node& resources, Problems& problems)
        : needs_(needs), resources_(resources), problems_(problems) {}

    void visit(const std::string& name) {
        if (done_.contains(name)) return;
        if (const auto start = std::ranges::find(path_, name); start != path_.end()) {
            std::vector<std::string> circle(start, path_.end());
            problems_.add("Resources." + name, resources_.find(name)->line,
                          fmt::format("Circular dependency between resources: [{}]", fmt::join(circle, ", ")));
            return;
        }
        path_.push_back(name);
        for (const std::string& needed : needs_.at(name)) visit(needed);
        path_.pop_back();
        done_.insert(name);
        order_.push_back(name);
    }
    [[nodiscard]] std::vector<std::string> take() { return std::move(order_); }

private:
    const std::map<std::string, std::set<std::string>>& needs_;
    const Node& resources_;
    Problems& problems_;
    std::vector<std::string> path_;
    std::set<std::string> done_;
    std::vector<std::string> order_;
};

std::set<std::string> depends_on(const std::string& name, const Node& resource, const Node& resources,
                                 Problems& problems) {
    std::set<std::string> names;
    const Node* member = resource.find("DependsOn");
    if (member == nullptr) return names;
    const std::vector<Node> one = {*member};
    for (const Node& element : member->is_list() ? member->elements : one) {
        if (element.is_text() && resources.find(element.text) != nullptr) {
            names.insert(element.text);
        } else {
            problems.add(fmt::format("Resources.{}.DependsOn", name), element.line,
                         element.is_text() ? fmt::format("'{}' is no resource of this template", element.text)
                                           : "must name a resource, or be a list of such names");
        }
    }
    return names;
}

}  // namespace

Result<std::vector<SubPart>> split_sub(std::string_view text) {
    std::vector<SubPart> parts;
    std::string literal;
    while (!text.empty()) {
        const auto open = text.find("${");
        literal += text.substr(0, open);
        if (open == std::string_view::npos) break;
        text.remove_prefix(open + 2);
        const auto close = text.find('}');
        if (close == std::string_view::npos) return fail("ValidationError", 400, "a ${ has no }");
        const std::string_view name = text.substr(0, close);
        text.remove_prefix(close + 1);
        if (name.starts_with('!')) {
            literal += fmt::format("${{{}}}", name.substr(1));
            continue;
        }
        if (!literal.empty()) parts.push_back({.is_name = false, .text = std::exchange(literal, {})});
        parts.push_back({.is_name = true, .text = std::string(name)});
    }
    if (!literal.empty()) parts.push_back({.is_name = false, .text = std::move(literal)});
    return parts;
}

std::set<std::string> references(const Node& node) {
    std::set<std::string> names;
    if (const auto* function = node.intrinsic()) {
        const Node& argument = function->second;
        if (function->first == "Ref") {
            if (argument.is_text()) names.insert(argument.text);
            return names;
        }
        if (function->first == "Fn::GetAtt") {
            if (argument.is_text()) names.insert(argument.text.substr(0, argument.text.find('.')));
            if (argument.is_list() && !argument.elements.empty()) names.insert(argument.elements[0].text);
            return names;
        }
        if (function->first == "Fn::Sub") {
            collect_sub(argument, names);
            return names;
        }
    }
    for (const Node& element : node.elements) names.merge(references(element));
    for (const auto& [key, value] : node.members) names.merge(references(value));
    return names;
}

std::vector<std::string> creation_order(const Node& resources, Problems& problems) {
    std::map<std::string, std::set<std::string>> needs;
    for (const auto& [name, resource] : resources.members) {
        std::set<std::string>& needed = needs[name];
        needed = depends_on(name, resource, resources, problems);
        for (const std::string& reference : references(resource)) {
            if (resources.find(reference) != nullptr) needed.insert(reference);
        }
    }
    Order order(needs, resources, problems);
    for (const auto& [name, resource] : resources.members) order.visit(name);
    return order.take();
}

}  // namespace holdpoint::stacks
