// Table definition: the parts of a table's definition as CreateTable and UpdateTable read and check them.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tables/members.hpp"
#include "tables/table.hpp"

namespace holdpoint::tables {

inline constexpr std::size_t kGlobalIndexesMax = 20;

/// AttributeDefinitions: the attributes of keys, with their types.
using Definitions = std::map<std::string, Type>;

/// The name of a table or an index; `member` is where it stands.
[[nodiscard]] Result<void> check_name(std::string_view name, std::string_view member);
[[nodiscard]] Result<Definitions> read_definitions(const json::array& elements);
[[nodiscard]] Result<KeySchema> read_key_schema(const json::array& elements, const Definitions& definitions);
/// The ProvisionedThroughput of a table or a global index, which fits the billing mode.
[[nodiscard]] Result<Throughput> read_throughput(Members& members, bool provisioned);
/// A secondary index of `table`, whose key and billing mode are known.
[[nodiscard]] Result<Index> read_index(const json::value& element, bool global, const Table& table,
                                       const Definitions& definitions);
/// What the table's indexes include is no more than they may together.
[[nodiscard]] Result<void> check_included(const Table& table);
/// Every attribute that is defined is one of the table's keys or its indexes'.
[[nodiscard]] Result<void> check_definitions_used(const Table& table, const Definitions& definitions);

}  // namespace holdpoint::tables
