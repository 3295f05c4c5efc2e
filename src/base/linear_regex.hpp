// Linear regex: regular expressions that somebody else wrote, or for text of any length.
#pragma once

#include <regex>
#include <string>

namespace holdpoint {

/// libstdc++'s usual matcher calls itself for each character, so that a long text overflows the stack, and may try for
/// ever; the one that this chooses does neither. It knows no back references: std::regex_error, error_complexity.
[[nodiscard]] inline std::regex linear_regex(const std::string& pattern) {
    auto flags = std::regex::ECMAScript;
#ifdef __GLIBCXX__
    flags |= std::regex_constants::__polynomial;
#endif
    return std::regex(pattern, flags);
}

}  // namespace holdpoint
