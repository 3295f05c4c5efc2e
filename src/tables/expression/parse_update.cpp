#include <fmt/format.h>

#include <set>

#include "tables/errors.hpp"
#include "tables/expression/reader.hpp"
#include "tables/expression/update.hpp"

namespace holdpoint::tables::expression {
namespace {

constexpr const char* kParameter = "UpdateExpression";

/// The long names that ADD and DELETE use for types in their refusals.
std::string_view long_type_name(Type type) {
    switch (type) {
        case Type::string:
            return "STRING";
        case Type::number:
            return "NUMBER";
        case Type::binary:
            return "BINARY";
        case Type::string_set:
            return "STRING_SET";
        case Type::number_set:
            return "NUMBER_SET";
        case Type::binary_set:
            return "BINARY_SET";
        case Type::list:
            return "LIST";
        case Type::map:
            return "MAP";
        case Type::null:
            return "NULL";
        case Type::boolean:
            return "BOOLEAN";
    }
    std::unreachable();
}

bool is_set(Type type) {
    return type == Type::string_set || type == Type::number_set || type == Type::binary_set;
}

class UpdateParser {
public:
    explicit UpdateParser(Reader& reader) : reader_(reader) {}

    Result<Update> parse() {
        std::set<std::string_view> seen;
        while (!reader_.at_end()) {
            const auto section = take_section();
            if (section.empty()) return reader_.syntax_error();
            if (!seen.insert(section).second) {
                reader_.note(fmt::format("The \"{}\" section can only be used once in an update expression;", section));
            }
            do {
                if (auto read = action(section); !read) return std::unexpected(read.error());
            } while (reader_.take_symbol(","));
        }
        return std::move(update_);
    }

private:
    std::string_view take_section() {
        for (const std::string_view section : {"SET", "REMOVE", "ADD", "DELETE"}) {
            if (reader_.take_keyword(section)) return section;
        }
        return {};
    }

    Result<void> action(std::string_view section) {
        auto path = reader_.path();
        if (!path) return std::unexpected(path.error());
        if (section == "SET") return set_action(std::move(*path));
        if (section == "REMOVE") {
            update_.removes.push_back(std::move(*path));
            return {};
        }
        return value_action(section, std::move(*path));
    }

    Result<void> set_action(Path path) {
        if (!reader_.take_symbol("=")) return reader_.syntax_error();
        auto value = sum();
        if (!value) return std::unexpected(value.error());
        check_operand(*value, true);
        update_.sets.push_back({.path = std::move(path), .value = std::move(*value)});
        return {};
    }

    /// `a`, `a + b` or `a - b`, each perhaps in parentheses.
    Result<Operand> sum() {
        auto left = term();
        if (!left || (!reader_.at_symbol("+") && !reader_.at_symbol("-"))) return left;
        reader_.count_operator();
        Call call{.function = std::string(reader_.take().text), .arguments = {}};
        auto right = term();
        if (!right) return right;
        call.arguments.push_back(std::move(*left));
        call.arguments.push_back(std::move(*right));
        return Operand{std::move(call)};
    }

    Result<Operand> term() {
        if (reader_.too_deep()) return reader_.operators_error();
        const Reader::Level level(reader_);
        if (!reader_.take_symbol("(")) return reader_.operand();
        const bool again = reader_.at_symbol("(");
        auto inner = sum();
        if (!inner) return inner;
        if (!reader_.take_symbol(")")) return reader_.syntax_error();
        const auto* call = inner->as<Call>();
        if (again && (call == nullptr || call->arguments.size() < 2))
            reader_.note("The expression has redundant parentheses;");
        return inner;
    }

    Result<void> value_action(std::string_view section, Path path) {
        if (reader_.peek().kind != TokenKind::value_ref) return reader_.syntax_error();
        auto operand = reader_.operand();
        if (!operand) return std::unexpected(operand.error());
        const auto& value = *operand->as<Value>();
        const bool add = section == "ADD";
        if (!is_set(value.type()) && !(add && value.type() == Type::number)) {
            reader_.note(
                fmt::format("Incorrect operand type for operator or function; operator: {}, operand type: {}, typeSet: "
                            "ALLOWED_FOR_{}_OPERAND",
                            section, long_type_name(value.type()), section));
        }
        (add ? update_.adds : update_.deletes).push_back({.path = std::move(path), .value = value});
        return {};
    }

    void check_operand(const Operand& operand, bool outermost) {
        const auto* call = operand.as<Call>();
        if (call == nullptr) return;
        if (call->function == "+" || call->function == "-") {
            check_constants(*call, Type::number);
        } else if (call->function == "if_not_exists") {
            if (call->arguments.size() != 2)
                return reader_.note(wrong_operand_count("if_not_exists", call->arguments.size()));
            if (call->arguments[0].as<Path>() == nullptr) return reader_.note(needs_path("if_not_exists"));
        } else if (call->function == "list_append") {
            if (!outermost) return reader_.note(misplaced_function("list_append"));
            if (call->arguments.size() != 2)
                return reader_.note(wrong_operand_count("list_append", call->arguments.size()));
            check_constants(*call, Type::list);
        } else if (is_condition_function(call->function)) {
            return reader_.note(
                fmt::format("The function is not allowed in an update expression; function: {}", call->function));
        } else {
            return reader_.note(fmt::format("Invalid function name; function: {}", call->function));
        }
        for (const auto& argument : call->arguments) check_operand(argument, false);
    }

    static bool is_condition_function(std::string_view name) {
        return name == "attribute_exists" || name == "attribute_not_exists" || name == "attribute_type" ||
               name == "begins_with" || name == "contains" || name == "size";
    }

    /// Constants of the wrong type are refused before the item is read.
    void check_constants(const Call& call, Type wanted) {
        for (const auto& argument : call.arguments) {
            const auto* value = argument.as<Value>();
            if (value != nullptr && value->type() != wanted)
                reader_.note(wrong_operand_type(call.function, type_name(value->type())));
        }
    }

    Reader& reader_;
    Update update_;
};

}  // namespace

Result<Update> parse_update(std::string_view text, Bindings& bindings) {
    Reader reader(kParameter, text, bindings);
    if (auto checked = reader.check_size(); !checked) return std::unexpected(checked.error());
    auto update = UpdateParser(reader).parse();
    if (!update) return update;
    if (auto finished = reader.finish(); !finished) return std::unexpected(finished.error());
    if (auto apart = check_apart(update->targets(), kParameter); !apart) return std::unexpected(apart.error());
    return update;
}

}  // namespace holdpoint::tables::expression
