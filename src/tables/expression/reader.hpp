// Reader: what the parsers of all expressions share: tokens, paths, operands, and DynamoDB's way of refusing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tables/expression/ast.hpp"
#include "tables/expression/bindings.hpp"
#include "tables/expression/lexer.hpp"

namespace holdpoint::tables::expression {

inline constexpr std::size_t kExpressionBytesMax = 4096;
inline constexpr int kOperatorsMax = 300;

/// Reads one expression from left to right. A syntax error ends reading; what is well-formed but wrong (an undefined
/// placeholder, say) is noted and told only when the rest has no syntax error, as DynamoDB does it.
class Reader {
public:
    /// `parameter` is the member's name, such as "FilterExpression", for the messages.
    Reader(std::string_view parameter, std::string_view text, Bindings& bindings);

    [[nodiscard]] Result<void> check_size() const;
    [[nodiscard]] const Token& peek(std::size_t ahead = 0) const;
    Token take();
    /// How far ahead the token after the parentheses is that open here; 0 when they do not close.
    [[nodiscard]] std::size_t after_parentheses() const;
    [[nodiscard]] bool at_end() const { return peek().kind == TokenKind::end; }
    [[nodiscard]] bool at_symbol(std::string_view symbol) const;
    [[nodiscard]] bool take_symbol(std::string_view symbol);
    [[nodiscard]] bool at_keyword(std::string_view upper, std::size_t ahead = 0) const;
    [[nodiscard]] bool take_keyword(std::string_view upper);

    [[nodiscard]] Result<Path> path();
    /// A path, a value, or a function's call with its arguments; perhaps in parentheses.
    [[nodiscard]] Result<Operand> operand();

    /// "Syntax error" at the current token.
    [[nodiscard]] std::unexpected<Error> syntax_error() const;
    [[nodiscard]] std::unexpected<Error> invalid(std::string_view what) const;
    /// Keeps the first such refusal for finish().
    void note(std::string_view what);
    /// Counts an operator or a function.
    void count_operator();
    /// The whole expression was read: the noted refusal, if any.
    [[nodiscard]] Result<void> finish() const;

    /// One level deeper for as long as it lives; recursion must check too_deep() first.
    class Level {
    public:
        explicit Level(Reader& reader) : reader_(reader) { ++reader_.depth_; }
        ~Level() { --reader_.depth_; }
        Level(const Level&) = delete;
        Level& operator=(const Level&) = delete;

    private:
        Reader& reader_;
    };
    [[nodiscard]] bool too_deep() const { return depth_ > kOperatorsMax; }
    [[nodiscard]] std::unexpected<Error> operators_error() const;

    [[nodiscard]] const std::string& parameter() const { return parameter_; }

private:
    [[nodiscard]] Result<std::string> name_step();
    [[nodiscard]] Result<std::size_t> index_step();

    std::string parameter_;
    std::string_view text_;
    Bindings& bindings_;
    std::vector<Token> tokens_;
    std::size_t at_ = 0;
    int depth_ = 0;
    int operators_ = 0;
    std::optional<Error> noted_;
};

// The refusals that conditions and updates share.
[[nodiscard]] std::string wrong_operand_type(std::string_view function, std::string_view type);
[[nodiscard]] std::string wrong_operand_count(std::string_view function, std::size_t count);
[[nodiscard]] std::string needs_path(std::string_view function);
[[nodiscard]] std::string misplaced_function(std::string_view function);

}  // namespace holdpoint::tables::expression
