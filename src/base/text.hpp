// Text as other programs write it: numbers, the case of letters, queries, what markup escapes.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace holdpoint {

/// The number that the whole text is; nothing when it is none, or does not fit. `form`: what std::from_chars takes, a
/// base or std::chars_format.
template <class Number, class... Form>
[[nodiscard]] std::optional<Number> read_number(std::string_view text, Form... form) {
    Number number{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number, form...);
    return problem == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

/// With a to z for A to Z, whatever the locale says.
[[nodiscard]] std::string lower_case(std::string_view text);
/// Whether both are the same but for A to Z and a to z.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);

/// The names and values of `a=1&b=2`, decoded, in order; a name without `=` has an empty value.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> decode_query(std::string_view query);

/// Text as the content of XML or HTML, or as a double-quoted attribute's value; characters that XML 1.0 cannot hold
/// become U+FFFD.
[[nodiscard]] std::string xml_escape(std::string_view text);

}  // namespace holdpoint
