#include "tables/expression/lexer.hpp"

#include <algorithm>

namespace holdpoint::tables::expression {
namespace {

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_word(char c) {
    return is_letter(c) || is_digit(c) || c == '_';
}

std::size_t while_true(std::string_view text, std::size_t from, bool (*test)(char)) {
    while (from < text.size() && test(text[from])) ++from;
    return from;
}

/// Bytes of the UTF-8 character that starts here, so that a message never shows half of one.
std::size_t character_end(std::string_view text, std::size_t from) {
    return while_true(text, from + 1, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; });
}

Token token_at(std::string_view text, std::size_t at) {
    const char c = text[at];
    TokenKind kind = TokenKind::unknown;
    std::size_t end = character_end(text, at);
    if (is_letter(c)) {
        kind = TokenKind::name;
        end = while_true(text, at, is_word);
    } else if (is_digit(c)) {
        kind = TokenKind::number;
        end = while_true(text, at, is_digit);
    } else if (c == '#' || c == ':') {
        const auto word_end = while_true(text, at + 1, is_word);
        if (word_end > at + 1) {
            kind = c == '#' ? TokenKind::name_ref : TokenKind::value_ref;
            end = word_end;
        }
    } else if (std::string_view("()[],.=<>+-").contains(c)) {
        kind = TokenKind::symbol;
        const auto pair = text.substr(at, 2);
        if (pair == "<>" || pair == "<=" || pair == ">=") end = at + 2;
    }
    return {.kind = kind, .text = text.substr(at, end - at), .begin = at, .end = end};
}

}  // namespace

std::vector<Token> tokenize(std::string_view expression) {
    std::vector<Token> tokens;
    std::size_t at = 0;
    while ((at = while_true(expression, at, is_space)) < expression.size()) {
        tokens.push_back(token_at(expression, at));
        at = tokens.back().end;
    }
    tokens.push_back({.kind = TokenKind::end, .text = "<EOF>", .begin = expression.size(), .end = expression.size()});
    return tokens;
}

}  // namespace holdpoint::tables::expression
