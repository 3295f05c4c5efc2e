#include "tables/expression/reader.hpp"

#include <fmt/format.h>

#include <array>

#include "tables/errors.hpp"
#include "tables/reserved_words.hpp"

namespace holdpoint::tables::expression {
namespace {

constexpr std::size_t kIndexDigitsMax = 8;

std::string upper(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return result;
}

/// Words of the grammar itself: an attribute's name can never be one, not even to be told that it is reserved.
bool is_grammar_word(std::string_view word) {
    constexpr std::array<std::string_view, 5> kWords = {"AND", "OR", "NOT", "BETWEEN", "IN"};
    return std::ranges::find(kWords, upper(word)) != kWords.end();
}

}  // namespace

std::string_view symbol(Comparator comparator) {
    switch (comparator) {
        case Comparator::equal:
            return "=";
        case Comparator::not_equal:
            return "<>";
        case Comparator::less:
            return "<";
        case Comparator::less_or_equal:
            return "<=";
        case Comparator::greater:
            return ">";
        case Comparator::greater_or_equal:
            return ">=";
    }
    std::unreachable();
}

std::vector<Path> Update::targets() const {
    std::vector<Path> paths;
    paths.reserve(sets.size() + removes.size() + adds.size() + deletes.size());
    for (const auto& action : sets) paths.push_back(action.path);
    paths.insert(paths.end(), removes.begin(), removes.end());
    for (const auto& action : adds) paths.push_back(action.path);
    for (const auto& action : deletes) paths.push_back(action.path);
    return paths;
}

Reader::Reader(std::string_view parameter, std::string_view text, Bindings& bindings)
    : parameter_(parameter), text_(text), bindings_(bindings), tokens_(tokenize(text)) {}

Result<void> Reader::check_size() const {
    if (text_.size() > kExpressionBytesMax) {
        return invalid(
            fmt::format("Expression size has exceeded the maximum allowed size; expression size: {}", text_.size()));
    }
    if (at_end()) return invalid("The expression can not be empty;");
    return {};
}

const Token& Reader::peek(std::size_t ahead) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

Token Reader::take() {
    const Token token = peek();
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
}

bool Reader::at_symbol(std::string_view symbol) const {
    return peek().kind == TokenKind::symbol && peek().text == symbol;
}

bool Reader::take_symbol(std::string_view symbol) {
    if (!at_symbol(symbol)) return false;
    take();
    return true;
}

std::size_t Reader::after_parentheses() const {
    int open = 0;
    for (std::size_t ahead = 0; peek(ahead).kind != TokenKind::end; ++ahead) {
        const auto& token = peek(ahead);
        if (token.kind != TokenKind::symbol) continue;
        if (token.text == "(") ++open;
        if (token.text == ")" && --open == 0) return ahead + 1;
    }
    return 0;
}

bool Reader::at_keyword(std::string_view upper_word, std::size_t ahead) const {
    return peek(ahead).kind == TokenKind::name && upper(peek(ahead).text) == upper_word;
}

bool Reader::take_keyword(std::string_view upper_word) {
    if (!at_keyword(upper_word)) return false;
    take();
    return true;
}

Result<std::string> Reader::name_step() {
    if (peek().kind == TokenKind::name_ref) {
        const auto token = take();
        const auto* name = bindings_.name(token.text);
        if (name != nullptr) return *name;
        note(fmt::format("An expression attribute name used in the document path is not defined; attribute name: {}",
                         token.text));
        return std::string(token.text);
    }
    if (peek().kind != TokenKind::name || is_grammar_word(peek().text)) return syntax_error();
    const auto token = take();
    if (is_reserved_word(token.text))
        note(fmt::format("Attribute name is a reserved keyword; reserved keyword: {}", token.text));
    return std::string(token.text);
}

Result<std::size_t> Reader::index_step() {
    if (peek().kind != TokenKind::number) return syntax_error();
    const auto token = take();
    std::size_t index = 0;
    if (token.text.size() > kIndexDigitsMax) {
        note(fmt::format("List index is not within the allowable range; index: [{}]", token.text));
    } else {
        for (const char c : token.text) index = index * 10 + static_cast<std::size_t>(c - '0');
    }
    if (!take_symbol("]")) return syntax_error();
    return index;
}

Result<Path> Reader::path() {
    Path path;
    auto first = name_step();
    if (!first) return std::unexpected(first.error());
    path.steps.emplace_back(std::move(*first));
    while (true) {
        if (take_symbol(".")) {
            auto name = name_step();
            if (!name) return std::unexpected(name.error());
            path.steps.emplace_back(std::move(*name));
        } else if (take_symbol("[")) {
            auto index = index_step();
            if (!index) return std::unexpected(index.error());
            path.steps.emplace_back(*index);
        } else {
            break;
        }
    }
    if (path.steps.size() > static_cast<std::size_t>(kNestingMax)) {
        note(fmt::format("The document path has too many nesting elements; nesting: {}", path.steps.size()));
    }
    return path;
}

Result<Operand> Reader::operand() {
    if (too_deep()) return operators_error();
    const Level level(*this);
    if (peek().kind == TokenKind::value_ref) {
        const auto token = take();
        const auto* value = bindings_.value(token.text);
        if (value != nullptr) return Operand{*value};
        note(fmt::format("An expression attribute value used in expression is not defined; attribute value: {}",
                         token.text));
        return Operand{Value{Null{}}};
    }
    if (take_symbol("(")) {
        const bool again = at_symbol("(");
        auto inner = operand();
        if (!inner) return inner;
        if (!take_symbol(")")) return syntax_error();
        if (again) note("The expression has redundant parentheses;");
        return inner;
    }
    const bool calls = peek().kind == TokenKind::name && !is_grammar_word(peek().text) &&
                       peek(1).kind == TokenKind::symbol && peek(1).text == "(";
    if (!calls) {
        auto path = this->path();
        if (!path) return std::unexpected(path.error());
        return Operand{std::move(*path)};
    }
    count_operator();
    Call call{.function = std::string(take().text), .arguments = {}};
    take();
    do {
        auto argument = operand();
        if (!argument) return argument;
        call.arguments.push_back(std::move(*argument));
    } while (take_symbol(","));
    if (!take_symbol(")")) return syntax_error();
    return Operand{std::move(call)};
}

std::unexpected<Error> Reader::syntax_error() const {
    const auto first = at_ > 0 ? tokens_[at_ - 1].begin : peek().begin;
    const auto last = peek(1).kind == TokenKind::end ? peek().end : peek(1).end;
    return invalid(
        fmt::format("Syntax error; token: \"{}\", near: \"{}\"", peek().text, text_.substr(first, last - first)));
}

std::unexpected<Error> Reader::invalid(std::string_view what) const {
    return validation_error(fmt::format("Invalid {}: {}", parameter_, what));
}

void Reader::note(std::string_view what) {
    if (!noted_) noted_ = invalid(what).error();
}

void Reader::count_operator() {
    if (++operators_ == kOperatorsMax + 1) noted_ = noted_ ? noted_ : operators_error().error();
}

std::unexpected<Error> Reader::operators_error() const {
    return invalid(fmt::format("The expression contains too many operators; operator count: {}", kOperatorsMax + 1));
}

Result<void> Reader::finish() const {
    if (!at_end()) return syntax_error();
    if (noted_) return std::unexpected(*noted_);
    return {};
}

std::string wrong_operand_type(std::string_view function, std::string_view type) {
    return fmt::format("Incorrect operand type for operator or function; operator or function: {}, operand type: {}",
                       function, type);
}

std::string wrong_operand_count(std::string_view function, std::size_t count) {
    return fmt::format(
        "Incorrect number of operands for operator or function; operator or function: {}, number of operands: {}",
        function, count);
}

std::string needs_path(std::string_view function) {
    return fmt::format("Operator or function requires a document path; operator or function: {}", function);
}

std::string misplaced_function(std::string_view function) {
    return fmt::format("The function is not allowed to be used this way in an expression; function: {}", function);
}

}  // namespace holdpoint::tables::expression
