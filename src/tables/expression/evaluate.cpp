#include <algorithm>
#include <compare>
#include <cstring>
#include <optional>

#include "tables/expression/condition.hpp"

namespace holdpoint::tables::expression {
namespace {

/// Units of UTF-16, which the service counts, of a text in UTF-8: one for each character, two for those of four bytes.
std::size_t utf16_size(std::string_view text) {
    const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; };
    const auto is_pair = [](char c) { return static_cast<unsigned char>(c) >= 0xf0U; };
    return static_cast<std::size_t>(std::ranges::count_if(text, begins) + std::ranges::count_if(text, is_pair));
}

std::optional<Number> size_number(const Value& value) {
    std::size_t size = 0;
    switch (value.type()) {
        case Type::string:
            size = utf16_size(*value.as<std::string>());
            break;
        case Type::binary:
            size = value.as<Binary>()->bytes.size();
            break;
        case Type::string_set:
            size = value.as<StringSet>()->members.size();
            break;
        case Type::number_set:
            size = value.as<NumberSet>()->members.size();
            break;
        case Type::binary_set:
            size = value.as<BinarySet>()->members.size();
            break;
        case Type::list:
            size = value.as<List>()->size();
            break;
        case Type::map:
            size = value.as<Map>()->size();
            break;
        case Type::number:
        case Type::null:
        case Type::boolean:
            return std::nullopt;
    }
    return Number::of(static_cast<std::int64_t>(size));
}

/// An operand's value in an item; refers to the item or the condition, or holds what was computed.
class Resolved {
public:
    Resolved(const Operand& operand, const Item& item) {
        if (const auto* path = operand.as<Path>()) {
            value_ = find(item, *path);
        } else if (const auto* constant = operand.as<Value>()) {
            value_ = constant;
        } else {
            // Parsing let through no other call than size().
            const Resolved argument(operand.as<Call>()->arguments.front(), item);
            if (argument.value_ == nullptr) return;
            if (auto size = size_number(*argument.value_)) {
                computed_ = Value{std::move(*size)};
                value_ = &computed_;
            }
        }
    }
    Resolved(const Resolved&) = delete;
    Resolved& operator=(const Resolved&) = delete;

    /// Nothing there: nullptr.
    [[nodiscard]] const Value* get() const { return value_; }

private:
    const Value* value_ = nullptr;
    Value computed_;
};

/// Nothing when the two have no order: one is missing, or their types differ or do not order.
std::optional<std::strong_ordering> order(const Value* a, const Value* b) {
    if (a == nullptr || b == nullptr || a->type() != b->type()) return std::nullopt;
    if (const auto* text = a->as<std::string>()) return *text <=> *b->as<std::string>();
    if (const auto* number = a->as<Number>()) return *number <=> *b->as<Number>();
    if (const auto* binary = a->as<Binary>()) return *binary <=> *b->as<Binary>();
    return std::nullopt;
}

bool equal(const Value* a, const Value* b) {
    return a != nullptr && b != nullptr && *a == *b;
}

bool compare(Comparator comparator, const Value* a, const Value* b) {
    if (comparator == Comparator::equal) return equal(a, b);
    if (comparator == Comparator::not_equal) return !equal(a, b);
    const auto ordered = order(a, b);
    if (!ordered) return false;
    switch (comparator) {
        case Comparator::less:
            return *ordered < 0;
        case Comparator::less_or_equal:
            return *ordered <= 0;
        case Comparator::greater:
            return *ordered > 0;
        case Comparator::greater_or_equal:
            return *ordered >= 0;
        case Comparator::equal:
        case Comparator::not_equal:
            break;
    }
    std::unreachable();
}

bool begins_with(const Value& whole, const Value& start) {
    if (whole.type() != start.type()) return false;
    if (const auto* text = whole.as<std::string>()) return text->starts_with(*start.as<std::string>());
    if (const auto* binary = whole.as<Binary>()) return binary->bytes.starts_with(start.as<Binary>()->bytes);
    return false;
}

template <class Set, class Member>
bool has_member(const Value& set, const Value& member) {
    const auto* members = set.as<Set>();
    const auto* wanted = member.as<Member>();
    return members != nullptr && wanted != nullptr && std::ranges::binary_search(members->members, *wanted);
}

/// In time that grows with both sizes, not with their product as std::string's search may: who writes waits for it.
bool has_part(std::string_view whole, std::string_view part) {
    return ::memmem(whole.data(), whole.size(), part.data(), part.size()) != nullptr;
}

bool contains(const Value& whole, const Value& part) {
    if (const auto* text = whole.as<std::string>()) {
        const auto* wanted = part.as<std::string>();
        return wanted != nullptr && has_part(*text, *wanted);
    }
    if (const auto* binary = whole.as<Binary>()) {
        const auto* wanted = part.as<Binary>();
        return wanted != nullptr && has_part(binary->bytes, wanted->bytes);
    }
    if (const auto* list = whole.as<List>()) return std::ranges::find(*list, part) != list->end();
    return has_member<StringSet, std::string>(whole, part) || has_member<NumberSet, Number>(whole, part) ||
           has_member<BinarySet, Binary>(whole, part);
}

bool evaluate_function(const Condition& condition, const Item& item) {
    const Resolved first(condition.operands[0], item);
    if (condition.function == "attribute_exists") return first.get() != nullptr;
    if (condition.function == "attribute_not_exists") return first.get() == nullptr;
    const Resolved second(condition.operands[1], item);
    if (first.get() == nullptr || second.get() == nullptr) return false;
    if (condition.function == "attribute_type")
        return type_name(first.get()->type()) == *second.get()->as<std::string>();
    if (condition.function == "begins_with") return begins_with(*first.get(), *second.get());
    return contains(*first.get(), *second.get());
}

bool evaluate_in(const Condition& condition, const Item& item) {
    const Resolved value(condition.operands[0], item);
    return std::any_of(condition.operands.begin() + 1, condition.operands.end(),
                       [&](const Operand& candidate) { return equal(value.get(), Resolved(candidate, item).get()); });
}

}  // namespace

bool evaluate(const Condition& condition, const Item& item) {
    const auto holds = [&item](const Condition& child) { return evaluate(child, item); };
    switch (condition.kind) {
        case ConditionKind::compare:
            return compare(condition.comparator, Resolved(condition.operands[0], item).get(),
                           Resolved(condition.operands[1], item).get());
        case ConditionKind::between: {
            const Resolved value(condition.operands[0], item);
            return compare(Comparator::greater_or_equal, value.get(), Resolved(condition.operands[1], item).get()) &&
                   compare(Comparator::less_or_equal, value.get(), Resolved(condition.operands[2], item).get());
        }
        case ConditionKind::in:
            return evaluate_in(condition, item);
        case ConditionKind::function:
            return evaluate_function(condition, item);
        case ConditionKind::all_of:
            return std::ranges::all_of(condition.children, holds);
        case ConditionKind::any_of:
            return std::ranges::any_of(condition.children, holds);
        case ConditionKind::negation:
            return !evaluate(condition.children.front(), item);
    }
    std::unreachable();
}

}  // namespace holdpoint::tables::expression
