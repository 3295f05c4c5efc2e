#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "tables/expression/condition.hpp"
#include "tables/expression/reader.hpp"

namespace holdpoint::tables::expression {
namespace {

constexpr std::size_t kInValuesMax = 100;

bool is_ordered(Type type) {
    return type == Type::string || type == Type::number || type == Type::binary;
}
bool has_size(Type type) {
    return type != Type::number && type != Type::boolean && type != Type::null;
}

std::optional<Comparator> comparator_of(const Token& token) {
    if (token.kind != TokenKind::symbol) return std::nullopt;
    for (const auto each : {Comparator::equal, Comparator::not_equal, Comparator::less, Comparator::less_or_equal,
                            Comparator::greater, Comparator::greater_or_equal}) {
        if (token.text == symbol(each)) return each;
    }
    return std::nullopt;
}

struct Signature {
    std::string_view name;
    std::size_t arguments;
};
constexpr std::array<Signature, 5> kPredicates = {
    {{"attribute_exists", 1}, {"attribute_not_exists", 1}, {"attribute_type", 2}, {"begins_with", 2}, {"contains", 2}}};

const Signature* predicate(std::string_view name) {
    const auto found = std::ranges::find(kPredicates, name, &Signature::name);
    return found == kPredicates.end() ? nullptr : &*found;
}

/// A condition, and whether it stood in parentheses of its own.
struct Parsed {
    Condition condition;
    bool parenthesised = false;
};

class ConditionParser {
public:
    explicit ConditionParser(Reader& reader) : reader_(reader) {}

    Result<Parsed> any_of() { return chain("OR", ConditionKind::any_of, &ConditionParser::all_of); }

private:
    Result<Parsed> all_of() { return chain("AND", ConditionKind::all_of, &ConditionParser::negation); }

    Result<Parsed> chain(std::string_view keyword, ConditionKind kind, Result<Parsed> (ConditionParser::*next)()) {
        auto first = (this->*next)();
        if (!first || !reader_.at_keyword(keyword)) return first;
        Condition chained{.kind = kind, .comparator = {}, .function = {}, .operands = {}, .children = {}};
        chained.children.push_back(std::move(first->condition));
        while (reader_.take_keyword(keyword)) {
            reader_.count_operator();
            auto other = (this->*next)();
            if (!other) return other;
            chained.children.push_back(std::move(other->condition));
        }
        return Parsed{.condition = std::move(chained), .parenthesised = false};
    }

    Result<Parsed> negation() {
        if (reader_.too_deep()) return reader_.operators_error();
        const Reader::Level level(reader_);
        if (!reader_.take_keyword("NOT")) return primary();
        reader_.count_operator();
        auto negated = negation();
        if (!negated) return negated;
        Condition condition{
            .kind = ConditionKind::negation, .comparator = {}, .function = {}, .operands = {}, .children = {}};
        condition.children.push_back(std::move(negated->condition));
        return Parsed{.condition = std::move(condition), .parenthesised = false};
    }

    Result<Parsed> primary() {
        if (!at_operand() && reader_.take_symbol("(")) {
            auto inner = any_of();
            if (!inner) return inner;
            if (!reader_.take_symbol(")")) return reader_.syntax_error();
            if (inner->parenthesised) reader_.note("The expression has redundant parentheses;");
            inner->parenthesised = true;
            return inner;
        }
        auto left = reader_.operand();
        if (!left) return std::unexpected(left.error());
        auto condition = after_operand(std::move(*left));
        if (!condition) return std::unexpected(condition.error());
        return Parsed{.condition = std::move(*condition), .parenthesised = false};
    }

    /// Whether parentheses here are those of an operand: what compares it comes after them.
    [[nodiscard]] bool at_operand() const {
        if (!reader_.at_symbol("(")) return true;
        const auto next = reader_.after_parentheses();
        return next > 0 && (comparator_of(reader_.peek(next)) || reader_.at_keyword("BETWEEN", next) ||
                            reader_.at_keyword("IN", next));
    }

    Result<Condition> after_operand(Operand left) {
        if (const auto comparator = comparator_of(reader_.peek())) {
            reader_.take();
            return comparison(std::move(left), *comparator);
        }
        if (reader_.take_keyword("BETWEEN")) return between(std::move(left));
        if (reader_.take_keyword("IN")) return in(std::move(left));
        const auto* call = left.as<Call>();
        if (call == nullptr) return reader_.syntax_error();
        check_predicate(*call);
        return Condition{.kind = ConditionKind::function,
                         .comparator = {},
                         .function = call->function,
                         .operands = call->arguments,
                         .children = {}};
    }

    Result<Condition> comparison(Operand left, Comparator comparator) {
        reader_.count_operator();
        auto right = reader_.operand();
        if (!right) return std::unexpected(right.error());
        Condition condition{
            .kind = ConditionKind::compare, .comparator = comparator, .function = {}, .operands = {}, .children = {}};
        condition.operands.push_back(std::move(left));
        condition.operands.push_back(std::move(*right));
        check_values(condition.operands);
        const bool orders = comparator != Comparator::equal && comparator != Comparator::not_equal;
        if (orders) check_ordered(symbol(comparator), condition.operands);
        check_distinct(symbol(comparator), condition.operands);
        return condition;
    }

    Result<Condition> between(Operand value) {
        reader_.count_operator();
        auto low = reader_.operand();
        if (!low) return std::unexpected(low.error());
        if (!reader_.take_keyword("AND")) return reader_.syntax_error();
        auto high = reader_.operand();
        if (!high) return std::unexpected(high.error());
        Condition condition{
            .kind = ConditionKind::between, .comparator = {}, .function = {}, .operands = {}, .children = {}};
        condition.operands.push_back(std::move(value));
        condition.operands.push_back(std::move(*low));
        condition.operands.push_back(std::move(*high));
        check_values(condition.operands);
        check_bounds(condition.operands[1], condition.operands[2]);
        check_ordered("BETWEEN", condition.operands);
        check_distinct("BETWEEN", condition.operands);
        return condition;
    }

    Result<Condition> in(Operand value) {
        reader_.count_operator();
        Condition condition{
            .kind = ConditionKind::in, .comparator = {}, .function = {}, .operands = {}, .children = {}};
        condition.operands.push_back(std::move(value));
        if (!reader_.take_symbol("(")) return reader_.syntax_error();
        do {
            auto candidate = reader_.operand();
            if (!candidate) return std::unexpected(candidate.error());
            condition.operands.push_back(std::move(*candidate));
        } while (reader_.take_symbol(","));
        if (!reader_.take_symbol(")")) return reader_.syntax_error();
        if (const auto values = condition.operands.size() - 1; values > kInValuesMax) {
            reader_.note(
                fmt::format("The IN operator is provided with too many operands; number of operands: {}", values));
        }
        check_values(condition.operands);
        check_distinct("IN", condition.operands);
        return condition;
    }

    /// What stands for a value must be one: a path, a placeholder, or size().
    void check_values(const std::vector<Operand>& operands) {
        for (const auto& operand : operands) {
            if (const auto* call = operand.as<Call>()) check_value_call(*call);
        }
    }

    void check_value_call(const Call& call) {
        if (predicate(call.function) != nullptr) return reader_.note(misplaced_function(call.function));
        if (call.function == "if_not_exists" || call.function == "list_append") {
            return reader_.note(
                fmt::format("The function is not allowed in a condition expression; function: {}", call.function));
        }
        if (call.function != "size")
            return reader_.note(fmt::format("Invalid function name; function: {}", call.function));
        if (call.arguments.size() != 1) return reader_.note(wrong_operand_count("size", call.arguments.size()));
        const auto& argument = call.arguments[0];
        if (const auto* inner = argument.as<Call>()) return reader_.note(misplaced_function(inner->function));
        const auto* value = argument.as<Value>();
        if (value != nullptr && !has_size(value->type()))
            reader_.note(wrong_operand_type("size", type_name(value->type())));
    }

    void check_predicate(const Call& call) {
        const auto* signature = predicate(call.function);
        if (signature == nullptr) {
            if (call.function == "size") return reader_.note(misplaced_function(call.function));
            return check_value_call(call);
        }
        if (call.arguments.size() != signature->arguments)
            return reader_.note(wrong_operand_count(call.function, call.arguments.size()));
        check_values(call.arguments);
        if (signature->arguments == 1) {
            if (call.arguments[0].as<Path>() == nullptr) reader_.note(needs_path(call.function));
        } else if (call.function == "attribute_type") {
            check_attribute_type(call.arguments[1]);
        } else {
            if (call.function == "begins_with") {
                for (const auto& argument : call.arguments) {
                    const auto* value = argument.as<Value>();
                    const auto* call_inside = argument.as<Call>();
                    if (call_inside != nullptr && call_inside->function == "size")
                        reader_.note(wrong_operand_type("begins_with", type_name(Type::number)));
                    if (value != nullptr && value->type() != Type::string && value->type() != Type::binary)
                        reader_.note(wrong_operand_type("begins_with", type_name(value->type())));
                }
            }
            check_distinct(call.function, call.arguments);
        }
    }

    void check_attribute_type(const Operand& operand) {
        const auto* value = operand.as<Value>();
        if (value == nullptr) {
            return reader_.note(
                "Operator or function requires an expression attribute value; operator or function: attribute_type");
        }
        const auto* name = value->as<std::string>();
        if (name == nullptr) return reader_.note(wrong_operand_type("attribute_type", type_name(value->type())));
        for (int type = 0; type <= static_cast<int>(Type::boolean); ++type) {
            if (type_name(static_cast<Type>(type)) == *name) return;
        }
        reader_.note(fmt::format(
            "Invalid attribute type name found; type: {}, valid types: {{B,NULL,SS,BOOL,L,BS,N,NS,S,M}}", *name));
    }

    void check_ordered(std::string_view name, const std::vector<Operand>& operands) {
        for (const auto& operand : operands) {
            const auto* value = operand.as<Value>();
            if (value != nullptr && !is_ordered(value->type()))
                reader_.note(wrong_operand_type(name, type_name(value->type())));
        }
    }

    void check_bounds(const Operand& low_operand, const Operand& high_operand) {
        const auto* low = low_operand.as<Value>();
        const auto* high = high_operand.as<Value>();
        if (low == nullptr || high == nullptr) return;
        const auto bounds =
            fmt::format("lower bound operand: AttributeValue: {}, upper bound operand: AttributeValue: {}",
                        display(*low), display(*high));
        if (low->type() != high->type()) {
            return reader_.note(
                fmt::format("The BETWEEN operator requires same data type for lower and upper bounds; {}", bounds));
        }
        // Both ordered and of one type: the condition "high < low" on constants.
        Condition descends{.kind = ConditionKind::compare,
                           .comparator = Comparator::less,
                           .function = {},
                           .operands = {high_operand, low_operand},
                           .children = {}};
        if (evaluate(descends, {})) {
            reader_.note(fmt::format(
                "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; {}", bounds));
        }
    }

    void check_distinct(std::string_view name, const std::vector<Operand>& operands) {
        const auto* first = operands.front().as<Path>();
        if (first == nullptr) return;
        for (std::size_t i = 1; i < operands.size(); ++i) {
            const auto* other = operands[i].as<Path>();
            if (other == nullptr || *other != *first) continue;
            return reader_.note(
                fmt::format("The first operand must be distinct from the remaining operands for this operator or "
                            "function; operator: {}, first operand: {}",
                            name, first->str()));
        }
    }

    Reader& reader_;
};

void collect(const Operand& operand, std::vector<Path>& paths) {
    if (const auto* path = operand.as<Path>()) paths.push_back(*path);
    if (const auto* call = operand.as<Call>()) {
        for (const auto& argument : call->arguments) collect(argument, paths);
    }
}

void collect(const Condition& condition, std::vector<Path>& paths) {
    for (const auto& operand : condition.operands) collect(operand, paths);
    for (const auto& child : condition.children) collect(child, paths);
}

}  // namespace

Result<Condition> parse_condition(std::string_view parameter, std::string_view text, Bindings& bindings) {
    Reader reader(parameter, text, bindings);
    if (auto checked = reader.check_size(); !checked) return std::unexpected(checked.error());
    auto parsed = ConditionParser(reader).any_of();
    if (!parsed) return std::unexpected(parsed.error());
    if (auto finished = reader.finish(); !finished) return std::unexpected(finished.error());
    return std::move(parsed->condition);
}

std::vector<Path> paths_of(const Condition& condition) {
    std::vector<Path> paths;
    collect(condition, paths);
    return paths;
}

}  // namespace holdpoint::tables::expression
