#include "approvals/domain/spelling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "approvals/domain/reading.hpp"
#include "base/edit_distance.hpp"

namespace holdpoint::approvals {

using durable::Json;

namespace {

/// Longer names are no misspellings; nothing is compared that somebody made long.
constexpr std::size_t kNameMax = 32;
constexpr std::size_t kShortName = 5;

std::string letters_of(std::string_view name) {
    std::string letters;
    for (const char c : name) {
        if (c != '-' && c != '_') letters += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return letters;
}

bool is_meant(std::string_view name, std::string_view known, bool is_there) {
    const std::string wanted = letters_of(known);
    const std::string given = letters_of(name);
    if (given == wanted) return true;
    if (is_there) return false;
    // One letter less and three more, but the likeliest slip of all.
    if (wanted == "policy" && given == "policies") return true;
    const std::size_t max = wanted.size() <= kShortName ? 1 : 2;
    return given.size() <= wanted.size() + max && wanted.size() <= given.size() + max &&
           edit_distance(given, wanted) <= max;
}

}  // namespace

Result<void> check_spelling(const Json& object, const std::vector<std::string_view>& known,
                            std::string_view error_name) {
    const auto* members = object.get_if<Json::Object>();
    if (members == nullptr) return {};
    std::set<std::string_view> met;
    for (const auto& [name, value] : *members) {
        if (std::ranges::find(known, name) != known.end()) {
            if (met.insert(name).second) continue;
            return fail(error_name, 400, fmt::format("{}: stands twice; expected one.", name));
        }
        if (name.size() > kNameMax) continue;
        const auto meant = std::ranges::find_if(
            known, [&](std::string_view member) { return is_meant(name, member, object.find(member) != nullptr); });
        if (meant == known.end()) continue;
        return fail(error_name, 400, fmt::format("{}: no such member; did you mean {}?", name, *meant));
    }
    return {};
}

}  // namespace holdpoint::approvals
