// Keys of functions' rows: the function's name, what the row is, and what tells it from others of that kind.
#pragma once

#include <string>
#include <string_view>

#include "base/rows.hpp"

namespace holdpoint::functions {

// On disk, so they stay as they are.
inline constexpr std::string_view kVersionRows = "0";  // then the version's number; that of $LATEST is 0
inline constexpr std::string_view kAliasRows = "1";    // then the alias's name
inline constexpr std::string_view kLastVersionRow = "2";
inline constexpr std::string_view kEventInvokeRows = "3";  // then the qualifier
inline constexpr std::string_view kConcurrencyRow = "4";

/// What the keys of all rows of a function begin with, and of no other's.
[[nodiscard]] inline std::string function_prefix(std::string_view name) {
    std::string key;
    append_key_part(key, name);
    return key;
}
[[nodiscard]] inline std::string row_prefix(std::string_view name, std::string_view kind) {
    std::string key = function_prefix(name);
    append_key_part(key, kind);
    return key;
}

}  // namespace holdpoint::functions
