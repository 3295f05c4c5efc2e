// Spelling: members of an object that were meant to be others.
#pragma once

#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "durable/json.hpp"

namespace holdpoint::approvals {

/// The members of a struct that is read from an object, by the names that it has there, and `more` that the object may
/// have: so none of them is forgotten when it is made.
template <class Struct>
[[nodiscard]] std::vector<std::string_view> members_of(std::initializer_list<std::string_view> more = {}) {
    std::vector<std::string_view> names(more);
    boost::mp11::mp_for_each<boost::describe::describe_members<Struct, boost::describe::mod_public>>(
        [&](auto member) { names.emplace_back(member.name); });
    return names;
}

/// Refuses a member that is unknown and called almost like a known one that is not there; any other is left alone,
/// because callers pass data of their own. Case, "-" and "_" do not count, and of the rest two letters may be more,
/// less, others or swapped with their neighbours, one in a short name. A name that is the same but for case, "-" and
/// "_" is refused beside the known one, too, and so is a known one that is there twice: nobody knows which is meant.
[[nodiscard]] Result<void> check_spelling(const durable::Json& object, const std::vector<std::string_view>& known,
                                          std::string_view error_name);

}  // namespace holdpoint::approvals
