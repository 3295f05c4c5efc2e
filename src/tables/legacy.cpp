#include "tables/legacy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "tables/errors.hpp"
#include "tables/expression/condition.hpp"

namespace holdpoint::tables::legacy {
namespace {

using expression::Comparator;
using expression::Condition;
using expression::ConditionKind;
using expression::Operand;
using expression::Path;

constexpr std::size_t kAny = 1'000;

/// What a ComparisonOperator takes.
struct Operator {
    std::string_view name;
    std::size_t least;
    std::size_t most;
    std::initializer_list<Type> types;  // of its values; empty: any
};
constexpr std::initializer_list<Type> kAnyType = {};
constexpr std::initializer_list<Type> kOrdered = {Type::string, Type::number, Type::binary};
constexpr std::initializer_list<Type> kMembers = {Type::string, Type::number, Type::binary, Type::null, Type::boolean};
constexpr std::initializer_list<Type> kBeginnings = {Type::string, Type::binary};
constexpr std::array<Operator, 13> kOperators = {{{"EQ", 1, 1, kAnyType},
                                                  {"NE", 1, 1, kAnyType},
                                                  {"IN", 1, kAny, kOrdered},
                                                  {"LE", 1, 1, kOrdered},
                                                  {"LT", 1, 1, kOrdered},
                                                  {"GE", 1, 1, kOrdered},
                                                  {"GT", 1, 1, kOrdered},
                                                  {"BETWEEN", 2, 2, kOrdered},
                                                  {"NOT_NULL", 0, 0, kAnyType},
                                                  {"NULL", 0, 0, kAnyType},
                                                  {"CONTAINS", 1, 1, kMembers},
                                                  {"NOT_CONTAINS", 1, 1, kMembers},
                                                  {"BEGINS_WITH", 1, 1, kBeginnings}}};

Path path_of(std::string_view name) {
    Path path;
    path.steps.emplace_back(std::string(name));
    return path;
}

Condition condition_of(ConditionKind kind, std::vector<Operand> operands) {
    return {.kind = kind, .comparator = {}, .function = {}, .operands = std::move(operands), .children = {}};
}

Condition function(std::string name, std::vector<Operand> operands) {
    auto condition = condition_of(ConditionKind::function, std::move(operands));
    condition.function = std::move(name);
    return condition;
}

Condition comparison(Comparator comparator, std::vector<Operand> operands) {
    auto condition = condition_of(ConditionKind::compare, std::move(operands));
    condition.comparator = comparator;
    return condition;
}

Condition joined(ConditionKind kind, std::vector<Condition> children) {
    auto condition = condition_of(kind, {});
    condition.children = std::move(children);
    return condition;
}

Result<void> check_values(const Operator& wanted, const std::vector<Value>& values) {
    if (values.size() < wanted.least || values.size() > wanted.most) {
        return invalid_values(fmt::format("Invalid number of argument(s) for the {} ComparisonOperator", wanted.name));
    }
    for (const auto& value : values) {
        if (value.type() != values.front().type())
            return invalid_values("AttributeValues inside AttributeValueList must be of same type");
        if (wanted.types.size() > 0 && std::ranges::find(wanted.types, value.type()) == wanted.types.end()) {
            return invalid_values(fmt::format("ComparisonOperator {} is not valid for {} AttributeValue type",
                                              wanted.name, type_name(value.type())));
        }
    }
    if (wanted.name == "BETWEEN" &&
        expression::evaluate(comparison(Comparator::greater, {{values[0]}, {values[1]}}), {})) {
        return validation_error(
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound");
    }
    return {};
}

/// The values are known to suit the operator.
Condition compared(std::string_view name, std::string_view op, const std::vector<Value>& values) {
    constexpr std::array<std::pair<std::string_view, Comparator>, 6> kComparators = {
        {{"EQ", Comparator::equal},
         {"NE", Comparator::not_equal},
         {"LE", Comparator::less_or_equal},
         {"LT", Comparator::less},
         {"GE", Comparator::greater_or_equal},
         {"GT", Comparator::greater}}};
    std::vector<Operand> operands{{path_of(name)}};
    for (const auto& value : values) operands.push_back({value});
    for (const auto& [known, comparator] : kComparators) {
        if (op == known) return comparison(comparator, std::move(operands));
    }
    if (op == "IN") return condition_of(ConditionKind::in, std::move(operands));
    if (op == "BETWEEN") return condition_of(ConditionKind::between, std::move(operands));
    if (op == "BEGINS_WITH") return function("begins_with", std::move(operands));
    if (op == "NOT_NULL") return function("attribute_exists", std::move(operands));
    if (op == "NULL") return function("attribute_not_exists", std::move(operands));
    auto contains = function("contains", std::move(operands));
    return op == "CONTAINS" ? contains : joined(ConditionKind::negation, {std::move(contains)});
}

Result<Value> value_at(const json::object& holder, std::string_view name) {
    return parse_value(holder.at(name));
}

Result<std::vector<Value>> read_values(Members& members) {
    std::vector<Value> values;
    const auto* list = members.array("AttributeValueList");
    if (members.problem()) return std::unexpected(*members.problem());
    if (list == nullptr) return values;
    for (const auto& each : *list) {
        auto value = parse_value(each);
        if (!value) return std::unexpected(value.error());
        values.push_back(std::move(*value));
    }
    return values;
}

/// The operator called `name`; constraint_error when there is none.
Result<const Operator*> operator_called(std::string_view name) {
    const auto found = std::ranges::find(kOperators, name, &Operator::name);
    if (found != kOperators.end()) return &*found;
    std::vector<std::string_view> names;
    names.reserve(kOperators.size());
    for (const auto& known : kOperators) names.push_back(known.name);
    return constraint_error(name, "comparisonOperator",
                            fmt::format("Member must satisfy enum value set: [{}]", fmt::join(names, ", ")));
}

/// `{"ComparisonOperator": …, "AttributeValueList": […]}`
Result<Condition> read_condition(std::string_view name, const json::object& json) {
    Members members(json);
    const auto op = members.required_text("ComparisonOperator");
    const auto values = read_values(members);
    if (members.problem()) return std::unexpected(*members.problem());
    if (!values) return std::unexpected(values.error());
    const auto known = operator_called(op);
    if (!known) return std::unexpected(known.error());
    if (auto checked = check_values(**known, *values); !checked) return std::unexpected(checked.error());
    return compared(name, op, *values);
}

/// `{"Value": …}`, `{"Exists": false}`, or as in read_condition.
Result<Condition> read_expectation(std::string_view name, const json::object& json) {
    Members members(json);
    const bool has_value = members.object("Value") != nullptr;
    const bool has_list = members.array("AttributeValueList") != nullptr;
    const bool exists = members.flag("Exists", true);
    const bool says_exists = exists == members.flag("Exists", false);
    const auto op = members.text("ComparisonOperator");
    if (members.problem()) return std::unexpected(*members.problem());
    if (has_value && has_list) {
        return invalid_values(
            fmt::format("Value and AttributeValueList cannot be used together for Attribute: {}", name));
    }
    if (op && says_exists) {
        return invalid_values(
            fmt::format("Exists and ComparisonOperator cannot be used together for Attribute: {}", name));
    }
    if (!op && has_list) {
        return invalid_values(
            fmt::format("AttributeValueList can only be used with a ComparisonOperator for Attribute: {}", name));
    }
    if (op && !has_value) return read_condition(name, json);
    if (!exists && has_value)
        return invalid_values(fmt::format("Value cannot be used when Exists is false for Attribute: {}", name));
    if (!exists) return compared(name, "NULL", {});
    if (!has_value) {
        return invalid_values(fmt::format("Value must be provided when Exists is {} for Attribute: {}",
                                          says_exists ? "true" : "null", name));
    }
    const auto value = value_at(json, "Value");
    if (!value) return std::unexpected(value.error());
    const auto known = operator_called(op.value_or("EQ"));
    if (!known) return std::unexpected(known.error());
    if (auto checked = check_values(**known, {*value}); !checked) return std::unexpected(checked.error());
    return compared(name, (*known)->name, {*value});
}

using ReadOne = Result<Condition> (*)(std::string_view, const json::object&);

/// A map of conditions by attribute, each of which must hold.
Result<std::vector<Condition>> read_each(const json::object& map, std::string_view member, ReadOne read) {
    std::vector<Condition> conditions;
    for (const auto& [name, json] : map) {
        if (!json.is_object()) return serialization_error(fmt::format("{}: a condition must be a map", member));
        auto condition = read(name, json.get_object());
        if (!condition) return std::unexpected(condition.error());
        conditions.push_back(std::move(*condition));
    }
    return conditions;
}

/// Of a map and ConditionalOperator: all of the conditions, or any.
Result<std::optional<Condition>> read_joined(Members& members, std::string_view name, ReadOne read) {
    const auto* map = members.object(name);
    const auto given = members.text("ConditionalOperator");
    const auto how = members.one_of("ConditionalOperator", {"AND", "OR"});
    if (members.problem()) return std::unexpected(*members.problem());
    if (map == nullptr || map->empty()) {
        if (given) return validation_error("ConditionalOperator cannot be used without Filter or Expected");
        return std::nullopt;
    }
    if (given && map->size() < 2)
        return validation_error(
            "ConditionalOperator can only be used when Filter or Expected has two or more elements");
    auto conditions = read_each(*map, name, read);
    if (!conditions) return std::unexpected(conditions.error());
    if (conditions->size() == 1) return std::move(conditions->front());
    return joined(how == "OR" ? ConditionKind::any_of : ConditionKind::all_of, std::move(*conditions));
}

/// Adds to a number or a set; to a list, its elements.
void add(expression::Update& update, Path path, Value value) {
    if (value.type() != Type::list) {
        update.adds.push_back({.path = std::move(path), .value = std::move(value)});
        return;
    }
    const expression::Call existing{.function = "if_not_exists", .arguments = {{path}, {Value{List{}}}}};
    update.sets.push_back(
        {.path = path, .value = {expression::Call{.function = "list_append", .arguments = {{existing}, {value}}}}});
}

/// `{"Action": …, "Value": …}`
Result<void> read_update(std::string_view name, const json::object& json, expression::Update& update) {
    Members members(json);
    const auto action = members.one_of("Action", {"PUT", "ADD", "DELETE"});
    const bool has_value = members.object("Value") != nullptr;
    if (members.problem()) return std::unexpected(*members.problem());
    Path path = path_of(name);
    if (!has_value) {
        if (action != "DELETE")
            return invalid_values("Only DELETE action is allowed when no attribute value is specified");
        update.removes.push_back(std::move(path));
        return {};
    }
    auto value = value_at(json, "Value");
    if (!value) return std::unexpected(value.error());
    const auto type = value->type();
    const bool is_set = type == Type::string_set || type == Type::number_set || type == Type::binary_set;
    if (action == "DELETE") {
        if (!is_set) {
            return invalid_values(
                fmt::format("DELETE action with value is not supported for the type {}", type_name(type)));
        }
        update.deletes.push_back({.path = std::move(path), .value = std::move(*value)});
    } else if (action == "ADD") {
        if (!is_set && type != Type::number && type != Type::list)
            return invalid_values(fmt::format("ADD action is not supported for the type {}", type_name(type)));
        add(update, std::move(path), std::move(*value));
    } else {
        update.sets.push_back({.path = std::move(path), .value = {std::move(*value)}});
    }
    return {};
}

}  // namespace

Result<void> check_unmixed(const json::object& request, std::initializer_list<std::string_view> legacy,
                           std::initializer_list<std::string_view> expressions) {
    const auto given = [&](std::initializer_list<std::string_view> names) {
        std::vector<std::string_view> found;
        std::ranges::copy_if(names, std::back_inserter(found), [&](std::string_view name) {
            const auto* member = request.if_contains(name);
            return member != nullptr && !member->is_null();
        });
        return found;
    };
    const auto old = given(legacy);
    const auto current = given(expressions);
    if (old.empty() || current.empty()) return {};
    return validation_error(
        fmt::format("Can not use both expression and non-expression parameters in the same request: Non-expression "
                    "parameters: {{{}}} Expression parameters: {{{}}}",
                    fmt::join(old, ", "), fmt::join(current, ", ")));
}

Result<std::optional<std::vector<Path>>> read_attributes_to_get(Members& members) {
    const auto* names = members.array("AttributesToGet");
    if (members.problem()) return std::unexpected(*members.problem());
    if (names == nullptr) return std::nullopt;
    if (names->empty()) {
        return constraint_error("[]", "attributesToGet", "Member must have length greater than or equal to 1");
    }
    std::vector<Path> paths;
    for (const auto& name : *names) {
        if (!name.is_string()) return serialization_error("AttributesToGet must be a list of strings");
        Path path = path_of(name.get_string());
        if (std::ranges::find(paths, path) != paths.end())
            return invalid_values(fmt::format("Duplicate value in attribute name: {}", path.attribute()));
        paths.push_back(std::move(path));
    }
    return paths;
}

Result<std::optional<Condition>> read_filter(Members& members, std::string_view name) {
    return read_joined(members, name, read_condition);
}

Result<std::optional<Condition>> read_key_conditions(Members& members) {
    const auto* map = members.object("KeyConditions");
    if (members.problem()) return std::unexpected(*members.problem());
    if (map == nullptr) return std::nullopt;
    if (map->empty() || map->size() > 2) return validation_error("Conditions can be of length 1 or 2 only");
    constexpr std::array<std::string_view, 6> kOthers = {"NE", "IN", "NOT_NULL", "NULL", "CONTAINS", "NOT_CONTAINS"};
    for (const auto& each : *map) {
        const auto* json = each.value().if_object();
        const auto* op = json != nullptr ? json->if_contains("ComparisonOperator") : nullptr;
        if (op != nullptr && op->is_string() && std::ranges::find(kOthers, op->get_string()) != kOthers.end())
            return validation_error("Attempted conditional constraint is not an indexable operation");
    }
    auto conditions = read_each(*map, "KeyConditions", read_condition);
    if (!conditions) return std::unexpected(conditions.error());
    if (conditions->size() == 1) return std::move(conditions->front());
    return joined(ConditionKind::all_of, std::move(*conditions));
}

Result<std::optional<Condition>> read_expected(Members& members) {
    return read_joined(members, "Expected", read_expectation);
}

Result<std::optional<expression::Update>> read_attribute_updates(Members& members) {
    const auto* map = members.object("AttributeUpdates");
    if (members.problem()) return std::unexpected(*members.problem());
    if (map == nullptr || map->empty()) return std::nullopt;
    expression::Update update;
    for (const auto& [name, json] : *map) {
        if (!json.is_object()) return serialization_error("AttributeUpdates: an update must be a map");
        if (auto read = read_update(name, json.get_object(), update); !read) return std::unexpected(read.error());
    }
    return update;
}

}  // namespace holdpoint::tables::legacy
