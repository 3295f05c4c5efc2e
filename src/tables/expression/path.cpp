#include "tables/expression/path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "tables/errors.hpp"

namespace holdpoint::tables::expression {
namespace {

const Value* step_into(const Value& value, const PathStep& step) {
    if (const auto* name = std::get_if<std::string>(&step)) {
        const auto* map = value.as<Map>();
        if (map == nullptr) return nullptr;
        const auto found = map->find(*name);
        return found == map->end() ? nullptr : &found->second;
    }
    const auto* list = value.as<List>();
    const auto index = std::get<std::size_t>(step);
    return list != nullptr && index < list->size() ? &(*list)[index] : nullptr;
}

/// The wanted paths as a tree, so that shared beginnings are walked once.
struct Wanted {
    bool whole = false;
    std::map<PathStep, Wanted> parts;
};

std::optional<Value> pick(const Value& value, const Wanted& wanted) {
    if (wanted.whole) return value;
    Map members;
    List elements;
    for (const auto& [step, part] : wanted.parts) {
        const auto* inner = step_into(value, step);
        if (inner == nullptr) continue;
        auto picked = pick(*inner, part);
        if (!picked) continue;
        if (const auto* name = std::get_if<std::string>(&step))
            members.emplace(*name, std::move(*picked));
        else
            elements.push_back(std::move(*picked));
    }
    if (!members.empty()) return Value{std::move(members)};
    if (!elements.empty()) return Value{std::move(elements)};
    return std::nullopt;
}

}  // namespace

std::string Path::str() const {
    std::string text;
    for (const auto& step : steps) {
        if (!text.empty()) text += ", ";
        if (const auto* name = std::get_if<std::string>(&step))
            text += *name;
        else
            text += fmt::format("[{}]", std::get<std::size_t>(step));
    }
    return "[" + text + "]";
}

PathRelation relate(const Path& a, const Path& b) {
    const auto length = std::min(a.steps.size(), b.steps.size());
    for (std::size_t i = 0; i < length; ++i) {
        if (a.steps[i] == b.steps[i]) continue;
        return a.steps[i].index() == b.steps[i].index() ? PathRelation::apart : PathRelation::conflict;
    }
    return PathRelation::overlap;
}

Result<void> check_apart(std::span<const Path> paths, std::string_view expression) {
    for (std::size_t later = 1; later < paths.size(); ++later) {
        for (std::size_t earlier = 0; earlier < later; ++earlier) {
            const auto relation = relate(paths[earlier], paths[later]);
            if (relation == PathRelation::apart) continue;
            return validation_error(fmt::format(
                "Invalid {}: Two document paths {} with each other; must remove or rewrite one of these paths; "
                "path one: {}, path two: {}",
                expression, relation == PathRelation::overlap ? "overlap" : "conflict", paths[earlier].str(),
                paths[later].str()));
        }
    }
    return {};
}

const Value* find(const Item& item, const Path& path) {
    const auto attribute = item.find(path.attribute());
    if (attribute == item.end()) return nullptr;
    const Value* value = &attribute->second;
    for (std::size_t i = 1; i < path.steps.size() && value != nullptr; ++i) value = step_into(*value, path.steps[i]);
    return value;
}

Item project(const Item& item, std::span<const Path> paths) {
    std::map<std::string, Wanted, std::less<>> wanted;
    for (const auto& path : paths) {
        auto* node = &wanted[path.attribute()];
        for (std::size_t i = 1; i < path.steps.size(); ++i) node = &node->parts[path.steps[i]];
        node->whole = true;
    }
    Item result;
    for (const auto& [name, part] : wanted) {
        const auto attribute = item.find(name);
        if (attribute == item.end()) continue;
        if (auto picked = pick(attribute->second, part)) result.emplace(name, std::move(*picked));
    }
    return result;
}

}  // namespace holdpoint::tables::expression
