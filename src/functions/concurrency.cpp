#include "functions/concurrency.hpp"

#include <fmt/format.h>

#include <limits>

#include "base/text.hpp"
#include "base/violations.hpp"
#include "functions/keys.hpp"
#include "functions/registry.hpp"

namespace holdpoint::functions {

namespace {

/// (AWS Lambda, Quotas: concurrent executions, and what stays for functions without a reservation)
constexpr std::int64_t kAccountLimit = 1000;
constexpr std::int64_t kUnreservedMin = 100;

}  // namespace

std::optional<std::int64_t> reserved_concurrency(const RowReader& rows, std::string_view name) {
    const auto row = rows.get(Space::functions, row_prefix(name, kConcurrencyRow));
    if (!row) return std::nullopt;
    return read_number<std::int64_t>(*row).value_or(0);
}

Result<RowWrite> reserve_concurrency(const RowReader& rows, std::string_view name, std::int64_t limit) {
    Violations violations;
    violations.range("reservedConcurrentExecutions", limit, 0, std::numeric_limits<std::int64_t>::max());
    if (auto ok = violations.result(); !ok) return std::unexpected(ok.error());
    std::int64_t others = 0;
    for (const Function& function : list_functions(rows, {}, SIZE_MAX)) {
        if (function.name != name) others += reserved_concurrency(rows, function.name).value_or(0);
    }
    if (limit > kAccountLimit - kUnreservedMin - others) {
        return fail("InvalidParameterValueException", 400,
                    fmt::format("Specified ReservedConcurrentExecutions for function decreases account's "
                                "UnreservedConcurrentExecution below its minimum value of [{}].",
                                kUnreservedMin));
    }
    return RowWrite{Space::functions, row_prefix(name, kConcurrencyRow), std::to_string(limit)};
}

RowWrite free_concurrency(std::string_view name) {
    return {Space::functions, row_prefix(name, kConcurrencyRow), std::nullopt};
}

}  // namespace holdpoint::functions
