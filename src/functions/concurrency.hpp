// Reserved concurrency of functions: rows of Space::functions. (AWS API, PutFunctionConcurrency)
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "base/rows.hpp"

namespace holdpoint::functions {

[[nodiscard]] std::optional<std::int64_t> reserved_concurrency(const RowReader& rows, std::string_view name);
/// InvalidParameterValueException when it is negative, or leaves less than 100 of the account's 1000 to the others.
[[nodiscard]] Result<RowWrite> reserve_concurrency(const RowReader& rows, std::string_view name, std::int64_t limit);
[[nodiscard]] RowWrite free_concurrency(std::string_view name);

}  // namespace holdpoint::functions
