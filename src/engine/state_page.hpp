// State pages: what replay needs of an execution, in pages of bounded size.
#pragma once

#include <string_view>

#include "core/execution.hpp"
#include "engine/executions.hpp"

namespace holdpoint::engine {

/// Operations after the one with id `marker` (empty: from the start), at most `items_max` and about `bytes_max` as
/// JSON, but at least one. The marker stays good while operations are added.
[[nodiscard]] StatePage page_of(const core::Execution& execution, std::string_view marker, std::size_t items_max,
                                std::size_t bytes_max);

}  // namespace holdpoint::engine
