#include "tables/key_condition.hpp"

#include <fmt/format.h>

#include "tables/errors.hpp"
#include "tables/keys.hpp"

namespace holdpoint::tables {
namespace {

using expression::Comparator;
using expression::Condition;
using expression::ConditionKind;
using expression::Operand;
using expression::Path;

/// One condition on one key attribute.
struct KeyTest {
    enum class Kind { equal, less, less_or_equal, greater, greater_or_equal, between, begins_with };
    std::string attribute;
    Kind kind = Kind::equal;
    Value value;
    Value upper;  // between
};

std::unexpected<Error> invalid_operator(std::string_view name) {
    return validation_error(fmt::format("Invalid operator used in KeyConditionExpression: {}", name));
}

std::unexpected<Error> nested() {
    return validation_error("KeyConditionExpressions cannot contain nested operations");
}

std::unexpected<Error> not_supported() {
    return validation_error("Query key condition not supported");
}

/// The attribute on which an operand stands.
Result<std::string> attribute_of(const Operand& operand) {
    if (operand.as<expression::Call>() != nullptr) return nested();
    const auto* path = operand.as<Path>();
    if (path == nullptr)
        return validation_error("Invalid condition in KeyConditionExpression: No key attribute specified");
    if (path->steps.size() > 1)
        return validation_error("KeyConditionExpressions cannot have conditions on nested attributes");
    return path->attribute();
}

Result<Value> value_of(const Operand& operand) {
    if (const auto* value = operand.as<Value>()) return *value;
    if (operand.as<expression::Call>() != nullptr) return nested();
    return validation_error(
        "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition");
}

Result<KeyTest::Kind> kind_of(Comparator comparator, bool swapped) {
    switch (comparator) {
        case Comparator::equal:
            return KeyTest::Kind::equal;
        case Comparator::not_equal:
            return invalid_operator("<>");
        case Comparator::less:
            return swapped ? KeyTest::Kind::greater : KeyTest::Kind::less;
        case Comparator::less_or_equal:
            return swapped ? KeyTest::Kind::greater_or_equal : KeyTest::Kind::less_or_equal;
        case Comparator::greater:
            return swapped ? KeyTest::Kind::less : KeyTest::Kind::greater;
        case Comparator::greater_or_equal:
            return swapped ? KeyTest::Kind::less_or_equal : KeyTest::Kind::greater_or_equal;
    }
    std::unreachable();
}

Result<KeyTest> read_comparison(const Condition& condition) {
    // `:value < key` means `key > :value`.
    const bool swapped = condition.operands[0].as<Value>() != nullptr && condition.operands[1].as<Path>() != nullptr;
    const auto& left = condition.operands[swapped ? 1 : 0];
    const auto& right = condition.operands[swapped ? 0 : 1];
    auto kind = kind_of(condition.comparator, swapped);
    if (!kind) return std::unexpected(kind.error());
    auto attribute = attribute_of(left);
    if (!attribute) return std::unexpected(attribute.error());
    auto value = value_of(right);
    if (!value) return std::unexpected(value.error());
    return KeyTest{.attribute = *attribute, .kind = *kind, .value = std::move(*value), .upper = {}};
}

Result<KeyTest> read_between(const Condition& condition) {
    auto attribute = attribute_of(condition.operands[0]);
    if (!attribute) return std::unexpected(attribute.error());
    auto low = value_of(condition.operands[1]);
    if (!low) return std::unexpected(low.error());
    auto high = value_of(condition.operands[2]);
    if (!high) return std::unexpected(high.error());
    return KeyTest{
        .attribute = *attribute, .kind = KeyTest::Kind::between, .value = std::move(*low), .upper = std::move(*high)};
}

Result<KeyTest> read_function(const Condition& condition) {
    if (condition.function != "begins_with") return invalid_operator(condition.function);
    auto attribute = attribute_of(condition.operands[0]);
    if (!attribute) return std::unexpected(attribute.error());
    auto value = value_of(condition.operands[1]);
    if (!value) return std::unexpected(value.error());
    return KeyTest{
        .attribute = *attribute, .kind = KeyTest::Kind::begins_with, .value = std::move(*value), .upper = {}};
}

Result<void> collect(const Condition& condition, std::vector<KeyTest>& tests) {
    Result<KeyTest> test;
    switch (condition.kind) {
        case ConditionKind::all_of:
            for (const auto& child : condition.children) {
                if (auto collected = collect(child, tests); !collected) return collected;
            }
            return {};
        case ConditionKind::any_of:
            return invalid_operator("OR");
        case ConditionKind::negation:
            return invalid_operator("NOT");
        case ConditionKind::in:
            return invalid_operator("IN");
        case ConditionKind::compare:
            test = read_comparison(condition);
            break;
        case ConditionKind::between:
            test = read_between(condition);
            break;
        case ConditionKind::function:
            test = read_function(condition);
            break;
    }
    if (!test) return std::unexpected(test.error());
    tests.push_back(std::move(*test));
    return {};
}

Result<void> check_value(const Value& value, const KeyAttribute& attribute) {
    if (value.type() != attribute.type) return invalid_values("Condition parameter type does not match schema type");
    const auto* text = value.as<std::string>();
    const auto* binary = value.as<Binary>();
    if ((text != nullptr && text->empty()) || (binary != nullptr && binary->bytes.empty())) {
        return validation_error(
            fmt::format("One or more parameter values are not valid. The AttributeValue for a key attribute cannot "
                        "contain an empty {} value. Key: {}",
                        text != nullptr ? "string" : "binary", attribute.name));
    }
    return {};
}

std::string with(std::string key, const Value& value) {
    append_key_value(key, value);
    return key;
}

KeyRange sort_range(const KeyTest& test, const std::string& partition) {
    const auto at = with(partition, test.value);
    const auto whole_end = prefix_end(partition);
    switch (test.kind) {
        case KeyTest::Kind::equal:
            return {.from = at, .to = prefix_end(at)};
        case KeyTest::Kind::less:
            return {.from = partition, .to = at};
        case KeyTest::Kind::less_or_equal:
            return {.from = partition, .to = prefix_end(at)};
        case KeyTest::Kind::greater:
            return {.from = prefix_end(at), .to = whole_end};
        case KeyTest::Kind::greater_or_equal:
            return {.from = at, .to = whole_end};
        case KeyTest::Kind::between:
            return {.from = at, .to = prefix_end(with(partition, test.upper))};
        case KeyTest::Kind::begins_with: {
            std::string beginning = partition;
            append_key_beginning(beginning, test.value);
            return {.from = beginning, .to = prefix_end(beginning)};
        }
    }
    std::unreachable();
}

const KeyTest* find_test(const std::vector<KeyTest>& tests, std::string_view attribute) {
    const auto found = std::ranges::find(tests, attribute, &KeyTest::attribute);
    return found == tests.end() ? nullptr : &*found;
}

}  // namespace

Result<KeyRange> key_range(const Condition& condition, const KeySchema& key, std::string_view prefix) {
    std::vector<KeyTest> tests;
    if (auto collected = collect(condition, tests); !collected) return std::unexpected(collected.error());
    if (tests.size() > 2) return validation_error("Conditions can be of length 1 or 2 only");
    if (tests.size() == 2 && tests[0].attribute == tests[1].attribute)
        return validation_error("KeyConditionExpressions must only contain one condition per key");
    const auto* partition = find_test(tests, key.partition.name);
    if (partition == nullptr)
        return validation_error(fmt::format("Query condition missed key schema element: {}", key.partition.name));
    if (partition->kind != KeyTest::Kind::equal) return not_supported();
    if (auto checked = check_value(partition->value, key.partition); !checked) return std::unexpected(checked.error());
    const auto below = with(std::string(prefix), partition->value);
    if (tests.size() == 1) return KeyRange{.from = below, .to = prefix_end(below)};
    if (!key.sort) return not_supported();
    const auto* sort = find_test(tests, key.sort->name);
    if (sort == nullptr)
        return validation_error(fmt::format("Query condition missed key schema element: {}", key.sort->name));
    const bool between = sort->kind == KeyTest::Kind::between;
    if (auto checked = check_value(sort->value, *key.sort); !checked) return std::unexpected(checked.error());
    if (between) {
        if (auto checked = check_value(sort->upper, *key.sort); !checked) return std::unexpected(checked.error());
    }
    return sort_range(*sort, below);
}

}  // namespace holdpoint::tables
