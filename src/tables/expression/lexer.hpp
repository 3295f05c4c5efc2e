// Lexer: cuts an expression into tokens; never fails, since the parser says what it did not expect.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdpoint::tables::expression {

enum class TokenKind {
    name,       // abc, also keywords and functions
    name_ref,   // #abc
    value_ref,  // :abc
    number,     // 12, only as a list index
    symbol,     // ( ) [ ] , . = <> < <= > >= + -
    unknown,    // one character that starts nothing
    end,
};

struct Token {
    TokenKind kind = TokenKind::end;
    std::string_view text;  // a part of the expression
    std::size_t begin = 0;
    std::size_t end = 0;
};

/// The last token is always `end`. The tokens refer to `expression`.
[[nodiscard]] std::vector<Token> tokenize(std::string_view expression);

}  // namespace holdpoint::tables::expression
