// What expressions mean once they are parsed: conditions and updates as values, names and placeholders resolved.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tables/expression/path.hpp"

namespace holdpoint::tables::expression {

struct Operand;

/// A function that gives a value (size, if_not_exists, list_append), or the operators + and -.
struct Call {
    std::string function;
    std::vector<Operand> arguments;
};

struct Operand {
    std::variant<Path, Value, Call> node;

    template <class T>
    [[nodiscard]] const T* as() const {
        return std::get_if<T>(&node);
    }
};

enum class Comparator { equal, not_equal, less, less_or_equal, greater, greater_or_equal };
[[nodiscard]] std::string_view symbol(Comparator comparator);

enum class ConditionKind { compare, between, in, function, all_of, any_of, negation };

struct Condition {
    ConditionKind kind = ConditionKind::compare;
    Comparator comparator = Comparator::equal;  // compare
    std::string function;                       // function
    std::vector<Operand> operands;              // compare: 2, between: 3, in: 1 and the candidates, function: arguments
    std::vector<Condition> children;            // all_of, any_of: 2 or more; negation: 1
};

struct SetAction {
    Path path;
    Operand value;
};
/// ADD or DELETE.
struct ValueAction {
    Path path;
    Value value;
};

struct Update {
    std::vector<SetAction> sets;
    std::vector<Path> removes;
    std::vector<ValueAction> adds;
    std::vector<ValueAction> deletes;

    /// Every path that the update may change.
    [[nodiscard]] std::vector<Path> targets() const;
};

}  // namespace holdpoint::tables::expression
