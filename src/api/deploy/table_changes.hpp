// Table changes: what makes a table that is there the one that a template wants.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "stacks/plan.hpp"
#include "tables/table.hpp"

namespace holdpoint::api {

/// The table as the template wants it, made where there is nothing.
[[nodiscard]] Result<tables::Table> wanted_table(const stacks::TablePlan& plan, const stacks::Target& target,
                                                 TimePoint now, Random& random);

/// What makes `known` the wanted one; nothing when it is.
[[nodiscard]] Result<std::vector<RowWrite>> change_table(const RowReader& rows, const stacks::TablePlan& plan,
                                                         const tables::Table& known, const tables::Table& wanted);

/// Gives the tables of a plan that are there the indexes that they get, and takes none away: what a deployment begins
/// with, so that its functions run when their indexes can be read. (CloudFormation changes a table before what refers
/// to it.)
[[nodiscard]] std::vector<RowWrite> add_indexes(const RowReader& rows, const stacks::Plan& plan,
                                                const stacks::Target& target, TimePoint now, Random& random);

}  // namespace holdpoint::api
