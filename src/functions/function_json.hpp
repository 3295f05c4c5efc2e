// The stored form of functions and aliases: JSON text.
#pragma once

#include <string>
#include <string_view>

#include "functions/function.hpp"
#include "functions/registry.hpp"

namespace holdpoint::functions {

[[nodiscard]] std::string encode(const Function& function);
[[nodiscard]] std::string encode(const Alias& alias);
// Each throws std::runtime_error or a JSON exception when the row is damaged.
[[nodiscard]] Function decode_function(std::string_view text);
[[nodiscard]] Alias decode_alias(std::string_view text);

}  // namespace holdpoint::functions
