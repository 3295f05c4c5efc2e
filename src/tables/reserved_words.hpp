// Reserved words: names that an expression must write with a `#placeholder`.
#pragma once

#include <string_view>

namespace holdpoint::tables {

/// Compares without regard to case. (DynamoDB, Reserved words)
[[nodiscard]] bool is_reserved_word(std::string_view word);

}  // namespace holdpoint::tables
