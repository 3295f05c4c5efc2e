// Tokens: ClientRequestToken of TransactWriteItems, remembered for ten minutes.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/rows.hpp"
#include "tables/value.hpp"

namespace holdpoint::tables {

/// How long a repeated request is recognised. (DynamoDB, TransactWriteItems: idempotency)
inline constexpr std::chrono::minutes kTokenLifetime{10};

/// The same for requests that differ in the order of members and in white space only.
[[nodiscard]] std::string digest_of(const json::array& transact_items);
/// The digest that a token of the last ten minutes was used with.
[[nodiscard]] std::optional<std::string> find_token(const RowReader& rows, std::string_view token, TimePoint now);
[[nodiscard]] std::vector<RowWrite> save_token(const RowReader& rows, std::string_view token, std::string_view digest,
                                               TimePoint now);
/// Writes that forget tokens that are too old, at most `limit` of them.
[[nodiscard]] std::vector<RowWrite> old_tokens(const RowReader& rows, TimePoint now, std::size_t limit);

}  // namespace holdpoint::tables
