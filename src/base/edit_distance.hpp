// How much two names differ, for messages that say what was meant.
#pragma once

#include <cstddef>
#include <string_view>

namespace holdpoint {

/// How many letters are more, less, others or swapped with their neighbours. (Optimal string alignment)
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace holdpoint
