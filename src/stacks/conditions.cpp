#include "stacks/conditions.hpp"

#include <algorithm>

#include "stacks/resolver.hpp"

namespace holdpoint::stacks {

namespace json = boost::json;

const json::object* Conditions::section() const {
    const json::value* found = document_.root.get_object().if_contains("Conditions");
    return found == nullptr ? nullptr : found->if_object();
}

void Conditions::check() {
    const json::value* found = document_.root.get_object().if_contains("Conditions");
    if (found == nullptr) return;
    if (!found->is_object()) return problems_.add("Conditions", "must be a mapping of names to conditions");
    for (const auto& [name, condition] : found->get_object()) {
        const std::string text(name);
        (void)holds(text, "Conditions." + text);
    }
}

bool Conditions::holds(const std::string& name, const std::string& path) {
    if (const auto known = known_.find(name); known != known_.end()) return known->second;
    const json::object* all = section();
    const json::value* condition = all == nullptr ? nullptr : all->if_contains(name);
    if (condition == nullptr) {
        problems_.add(path, fmt::format("'{}' is no condition of this template", name));
        return false;
    }
    const std::string own_path = "Conditions." + name;
    if (under_way_.size() >= kChainMax) {
        problems_.add(own_path, fmt::format("conditions refer to each other in a chain of more than {}", kChainMax));
        return false;
    }
    if (!under_way_.insert(name).second) {
        problems_.add(own_path, "refers to itself in a circle");
        return false;
    }
    const bool holds = evaluate(*condition, own_path);
    under_way_.erase(name);
    return known_[name] = holds;
}

bool Conditions::evaluate(const json::value& condition, const std::string& path) {
    const json::object* object = condition.if_object();
    const std::string name = object == nullptr || object->size() != 1 ? "" : std::string(object->begin()->key());
    if (name == "Condition") return holds(text_of(object->begin()->value()), path);
    if (name == "Fn::Equals") return equals(object->begin()->value(), path);
    const bool is_and = name == "Fn::And";
    if (!is_and && name != "Fn::Or" && name != "Fn::Not") {
        problems_.add(path, "must be one of Fn::Equals, Fn::And, Fn::Or, Fn::Not and Condition");
        return false;
    }
    const json::array* parts = object->begin()->value().if_array();
    const std::size_t count = parts == nullptr ? 0 : parts->size();
    if (name == "Fn::Not") {
        if (count == 1) return !evaluate(parts->front(), path);
        problems_.add(path, "Fn::Not needs a list of one condition");
        return false;
    }
    constexpr std::size_t kPartsMax = 10;
    if (count < 2 || count > kPartsMax) {
        problems_.add(path, fmt::format("{} needs a list of 2 to {} conditions", name, kPartsMax));
        return false;
    }
    // All are looked at, so that all that is wrong is said.
    const auto true_ones = std::ranges::count_if(*parts, [&](const json::value& part) { return evaluate(part, path); });
    return is_and ? static_cast<std::size_t>(true_ones) == count : true_ones > 0;
}

bool Conditions::equals(const json::value& argument, const std::string& path) {
    const json::array* parts = argument.if_array();
    if (parts == nullptr || parts->size() != 2) {
        problems_.add(path, "Fn::Equals needs a list of two values");
        return false;
    }
    // As texts: a parameter that is a number equals its digits.
    return text_of(resolve_(parts->at(0), path)) == text_of(resolve_(parts->at(1), path));
}

}  // namespace holdpoint::stacks
