// Spelling: members of an object that were meant to be others.
#pragma once

#include <initializer_list>
#include <string_view>

#include "base/result.hpp"
#include "durable/json.hpp"

namespace holdpoint::approvals {

/// Refuses a member that is unknown and called almost like a known one that is not there; any other is left alone,
/// because callers pass data of their own. Case, "-" and "_" do not count, and of the rest two letters may be more,
/// less, others or swapped with their neighbours, one in a short name. A name that is the same but for case, "-" and
/// "_" is refused beside the known one, too: nobody knows which of them is meant.
[[nodiscard]] Result<void> check_spelling(const durable::Json& object, std::initializer_list<std::string_view> known,
                                          std::string_view error_name);

}  // namespace holdpoint::approvals
