#include <algorithm>
#include <iterator>

#include "tables/errors.hpp"
#include "tables/expression/update.hpp"

namespace holdpoint::tables::expression {
namespace {

std::unexpected<Error> missing_attribute() {
    return validation_error("The provided expression refers to an attribute that does not exist in the item");
}
std::unexpected<Error> wrong_type() {
    return validation_error("An operand in the update expression has an incorrect data type");
}
std::unexpected<Error> wrong_path() {
    return validation_error("The document path provided in the update expression is invalid for update");
}

Result<Value> compute(const Operand& operand, const Item& item);

Result<Value> compute_call(const Call& call, const Item& item) {
    if (call.function == "if_not_exists") {
        const auto* existing = find(item, *call.arguments[0].as<Path>());
        return existing != nullptr ? Result<Value>(*existing) : compute(call.arguments[1], item);
    }
    auto left = compute(call.arguments[0], item);
    if (!left) return left;
    auto right = compute(call.arguments[1], item);
    if (!right) return right;
    if (call.function == "list_append") {
        auto* list = left->as<List>();
        const auto* more = right->as<List>();
        if (list == nullptr || more == nullptr) return wrong_type();
        list->insert(list->end(), more->begin(), more->end());
        return left;
    }
    const auto* a = left->as<Number>();
    const auto* b = right->as<Number>();
    if (a == nullptr || b == nullptr) return wrong_type();
    auto result = call.function == "+" ? Number::add(*a, *b) : Number::subtract(*a, *b);
    if (!result) return std::unexpected(result.error());
    return Value{std::move(*result)};
}

Result<Value> compute(const Operand& operand, const Item& item) {
    if (const auto* value = operand.as<Value>()) return *value;
    if (const auto* call = operand.as<Call>()) return compute_call(*call, item);
    const auto* found = find(item, *operand.as<Path>());
    return found != nullptr ? Result<Value>(*found) : missing_attribute();
}

/// The map or list that holds the path's last step; nullptr when there is none. The path has two steps at least.
Value* holder(Item& item, const Path& path) {
    const auto attribute = item.find(path.attribute());
    if (attribute == item.end()) return nullptr;
    Value* value = &attribute->second;
    for (std::size_t i = 1; i + 1 < path.steps.size(); ++i) {
        if (const auto* name = std::get_if<std::string>(&path.steps[i])) {
            auto* map = value->as<Map>();
            const auto member = map != nullptr ? map->find(*name) : Map::iterator{};
            if (map == nullptr || member == map->end()) return nullptr;
            value = &member->second;
        } else {
            auto* list = value->as<List>();
            const auto index = std::get<std::size_t>(path.steps[i]);
            if (list == nullptr || index >= list->size()) return nullptr;
            value = &(*list)[index];
        }
    }
    const bool named = std::holds_alternative<std::string>(path.steps.back());
    return named == (value->as<Map>() != nullptr) && (named || value->as<List>() != nullptr) ? value : nullptr;
}

/// Puts `value` there; a list index beyond the end appends.
Result<void> put(Item& item, const Path& path, Value value) {
    if (path.steps.size() == 1) {
        item.insert_or_assign(path.attribute(), std::move(value));
        return {};
    }
    auto* parent = holder(item, path);
    if (parent == nullptr) return wrong_path();
    if (auto* map = parent->as<Map>()) {
        map->insert_or_assign(std::get<std::string>(path.steps.back()), std::move(value));
        return {};
    }
    auto& list = *parent->as<List>();
    const auto index = std::get<std::size_t>(path.steps.back());
    if (index < list.size())
        list[index] = std::move(value);
    else
        list.push_back(std::move(value));
    return {};
}

void erase(Item& item, const Path& path) {
    if (path.steps.size() == 1) {
        item.erase(path.attribute());
        return;
    }
    auto* parent = holder(item, path);
    if (auto* map = parent->as<Map>()) {
        map->erase(std::get<std::string>(path.steps.back()));
    } else {
        auto& list = *parent->as<List>();
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(std::get<std::size_t>(path.steps.back())));
    }
}

template <class Set>
bool unite(Value& existing, const Value& added) {
    auto* members = existing.as<Set>();
    const auto* more = added.as<Set>();
    if (members == nullptr || more == nullptr) return false;
    decltype(members->members) all;
    std::ranges::set_union(members->members, more->members, std::back_inserter(all));
    members->members = std::move(all);
    return true;
}

template <class Set>
bool take_away(Value& existing, const Value& removed, bool& now_empty) {
    auto* members = existing.as<Set>();
    const auto* less = removed.as<Set>();
    if (members == nullptr || less == nullptr) return false;
    decltype(members->members) rest;
    std::ranges::set_difference(members->members, less->members, std::back_inserter(rest));
    members->members = std::move(rest);
    now_empty = members->members.empty();
    return true;
}

Result<Value> added(const Value* existing, const Value& addition) {
    if (existing == nullptr) return addition;
    if (const auto* number = existing->as<Number>()) {
        const auto* more = addition.as<Number>();
        if (more == nullptr) return wrong_type();
        auto sum = Number::add(*number, *more);
        if (!sum) return std::unexpected(sum.error());
        return Value{std::move(*sum)};
    }
    Value united = *existing;
    if (unite<StringSet>(united, addition) || unite<NumberSet>(united, addition) || unite<BinarySet>(united, addition))
        return united;
    return wrong_type();
}

/// What an update does, with every value computed from the item as it was.
struct Plan {
    std::vector<std::pair<Path, Value>> puts;
    std::vector<Path> erasures;  // of what is there
    std::size_t bytes = 0;       // of the puts, all of which the item will hold

    /// Refuses at once what makes the item too large: each of many actions may double it.
    Result<void> put(const Path& path, Result<Value> value) {
        if (!value) return std::unexpected(value.error());
        bytes += size_of(*value);
        if (bytes > kItemBytesMax) return update_too_large();
        puts.emplace_back(path, std::move(*value));
        return {};
    }
};

Result<void> plan_deletes(const Update& update, Item& item, Plan& plan) {
    for (const auto& action : update.deletes) {
        if (action.path.steps.size() > 1 && holder(item, action.path) == nullptr) return wrong_path();
        const auto* existing = find(item, action.path);
        if (existing == nullptr) continue;
        Value rest = *existing;
        bool now_empty = false;
        if (!take_away<StringSet>(rest, action.value, now_empty) &&
            !take_away<NumberSet>(rest, action.value, now_empty) &&
            !take_away<BinarySet>(rest, action.value, now_empty))
            return wrong_type();
        if (now_empty)
            plan.erasures.push_back(action.path);
        else if (auto planned = plan.put(action.path, std::move(rest)); !planned)
            return planned;
    }
    return {};
}

Result<Plan> make_plan(const Update& update, Item& item) {
    Plan plan;
    for (const auto& action : update.sets) {
        if (auto planned = plan.put(action.path, compute(action.value, item)); !planned)
            return std::unexpected(planned.error());
    }
    for (const auto& action : update.adds) {
        if (auto planned = plan.put(action.path, added(find(item, action.path), action.value)); !planned)
            return std::unexpected(planned.error());
    }
    if (auto planned = plan_deletes(update, item, plan); !planned) return std::unexpected(planned.error());
    for (const auto& path : update.removes) {
        // Removing what is not there is no error, unless even the place for it is missing.
        if (path.steps.size() > 1 && holder(item, path) == nullptr) return wrong_path();
        if (find(item, path) != nullptr) plan.erasures.push_back(path);
    }
    // Indexes beyond a list's end append in the order of the indexes; higher places go first when erasing, so that the
    // lower ones keep their numbers.
    std::ranges::sort(plan.puts, {}, &std::pair<Path, Value>::first);
    std::ranges::sort(plan.erasures, std::ranges::greater{});
    return plan;
}

}  // namespace

Result<Item> apply(const Update& update, const Item& item) {
    Item result = item;
    auto plan = make_plan(update, result);
    if (!plan) return std::unexpected(plan.error());
    for (auto& [path, value] : plan->puts) {
        if (auto done = put(result, path, std::move(value)); !done) return std::unexpected(done.error());
    }
    for (const auto& path : plan->erasures) erase(result, path);
    return result;
}

}  // namespace holdpoint::tables::expression
