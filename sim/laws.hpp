// Laws: what must hold at the end of every simulated world, whatever happened in it.
#pragma once

#include <string>
#include <vector>

#include "base/rows.hpp"
#include "sim/ledger.hpp"

namespace holdpoint::sim {

/// `names` are the executions that were to be started. Answers what is broken, for people.
[[nodiscard]] std::vector<std::string> broken_laws(const RowReader& rows, const Ledger& ledger,
                                                   const std::vector<std::string>& names);
/// Numbers of the executions that have not ended yet.
[[nodiscard]] std::vector<std::uint64_t> running_executions(const RowReader& rows);

}  // namespace holdpoint::sim
