// People: when two names are one person, and whether there are people enough.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "approvals/domain/names.hpp"

namespace holdpoint::approvals {

/// Without white space at its ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// What a person is compared by: the name's key (names.hpp). So nobody passes as another by writing "Ann@x" for
/// "ann@X".
[[nodiscard]] std::string person_key(std::string_view person);
[[nodiscard]] bool is_same_person(std::string_view a, std::string_view b);

/// How many people are needed somewhere, and who could be taken.
struct Need {
    std::int64_t count = 0;
    std::optional<std::set<std::string>> people = {};  // nothing: nobody knows them all, so there may be enough
};

/// The first need that cannot be met together with those before it, where nobody is taken twice.
[[nodiscard]] std::optional<std::size_t> first_unmet(const std::vector<Need>& needs);

}  // namespace holdpoint::approvals
