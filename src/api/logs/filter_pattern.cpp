#include "api/logs/filter_pattern.hpp"

#include <algorithm>

namespace holdpoint::api::logs {
namespace {

std::unexpected<Error> invalid(std::string message) {
    return fail("InvalidParameterException", 400, std::move(message));
}

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// `term` stands in `message` with no letter or digit joined to its ends.
bool contains_term(std::string_view message, std::string_view term) {
    for (auto at = message.find(term); at != std::string_view::npos; at = message.find(term, at + 1)) {
        const auto end = at + term.size();
        const bool joined_before = at > 0 && is_word(message[at - 1]) && is_word(term.front());
        const bool joined_after = end < message.size() && is_word(message[end]) && is_word(term.back());
        if (!joined_before && !joined_after) return true;
    }
    return false;
}

/// Takes one term, quoted or bare, off the front of `text`.
Result<std::string> take_term(std::string_view& text) {
    std::string term;
    if (!text.empty() && text.front() == '"') {
        for (std::size_t i = 1; i < text.size(); ++i) {
            if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) {
                term += text[++i];
            } else if (text[i] == '"') {
                text.remove_prefix(i + 1);
                if (term.empty()) return invalid("Invalid filter pattern: a quoted phrase is empty");
                return term;
            } else {
                term += text[i];
            }
        }
        return invalid("Invalid filter pattern: a quoted phrase has no closing quotation mark");
    }
    const auto end = std::min(text.find_first_of(" \t\n\""), text.size());
    term = text.substr(0, end);
    text.remove_prefix(end);
    if (term.empty()) return invalid("Invalid filter pattern: '?' or '-' stands before no term");
    return term;
}

}  // namespace

Result<FilterPattern> FilterPattern::parse(std::string_view text) {
    constexpr std::string_view kSpace = " \t\n";
    FilterPattern result;
    const auto start = text.find_first_not_of(kSpace);
    if (start == std::string_view::npos) return result;
    text.remove_prefix(start);
    if (text.front() == '{') {
        auto json = JsonPattern::parse(text);
        if (!json) return std::unexpected(json.error());
        result.pattern_ = std::move(*json);
        return result;
    }
    if (text.front() == '[')
        return invalid(
            "Invalid filter pattern: patterns of space-delimited fields, [a, b], are not supported by this server");
    if (text.front() == '%')
        return invalid("Invalid filter pattern: regular expressions, %…%, are not supported by this server");
    Terms terms;
    while (!text.empty()) {
        auto* target = &terms.required;
        if (text.front() == '?') target = &terms.optional;
        if (text.front() == '-') target = &terms.excluded;
        if (target != &terms.required) text.remove_prefix(1);
        auto term = take_term(text);
        if (!term) return std::unexpected(term.error());
        target->push_back(std::move(*term));
        text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
    }
    result.pattern_ = std::move(terms);
    return result;
}

bool FilterPattern::matches(std::string_view message) const {
    if (const auto* json = std::get_if<JsonPattern>(&pattern_)) return json->matches(message);
    const auto& terms = std::get<Terms>(pattern_);
    const auto found = [message](const std::string& term) { return contains_term(message, term); };
    if (std::ranges::any_of(terms.excluded, found)) return false;
    if (!terms.required.empty() || terms.optional.empty()) return std::ranges::all_of(terms.required, found);
    return std::ranges::any_of(terms.optional, found);
}

}  // namespace holdpoint::api::logs
