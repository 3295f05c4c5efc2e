#include "tables/members.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/violations.hpp"
#include "tables/errors.hpp"

namespace holdpoint::tables {
namespace {

std::string with_small_letter(std::string_view member) {
    std::string name(member);
    if (!name.empty() && name[0] >= 'A' && name[0] <= 'Z') name[0] = static_cast<char>(name[0] - 'A' + 'a');
    return name;
}

const json::object kNoMembers;
const json::array kNoElements;

}  // namespace

std::unexpected<Error> constraint_error(std::string_view value, std::string_view member, std::string_view constraint) {
    Violations violations;
    violations.add(with_small_letter(member), value, constraint);
    return std::unexpected(violations.result().error());
}

const json::value* Members::find(std::string_view name) const {
    if (problem_) return nullptr;
    const auto* found = request_.if_contains(name);
    return found == nullptr || found->is_null() ? nullptr : found;
}

void Members::refuse(Error error) {
    if (!problem_) problem_ = std::move(error);
}

void Members::refuse_type(std::string_view name, std::string_view expected) {
    refuse(serialization_error(fmt::format("{} must be {}", name, expected)).error());
}

void Members::refuse_null(std::string_view name) {
    refuse(missing_violation(with_small_letter(name)).error());
}

std::optional<std::string> Members::text(std::string_view name) {
    const auto* found = find(name);
    if (found == nullptr) return std::nullopt;
    if (found->is_string()) return std::string(found->get_string());
    refuse_type(name, "a string");
    return std::nullopt;
}

std::string Members::required_text(std::string_view name) {
    auto found = text(name);
    if (!found) refuse_null(name);
    return std::move(found).value_or(std::string());
}

bool Members::flag(std::string_view name, bool otherwise) {
    const auto* found = find(name);
    if (found == nullptr) return otherwise;
    if (found->is_bool()) return found->get_bool();
    refuse_type(name, "true or false");
    return otherwise;
}

std::optional<std::int64_t> Members::integer(std::string_view name, std::int64_t least, std::int64_t most) {
    const auto* found = find(name);
    if (found == nullptr) return std::nullopt;
    boost::system::error_code error;
    const auto number = found->is_number() ? found->to_number<std::int64_t>(error) : 0;
    if (!found->is_number() || error) {
        refuse_type(name, "a whole number");
        return std::nullopt;
    }
    if (number < least || number > most) {
        const auto bound = number < least ? fmt::format("greater than or equal to {}", least)
                                          : fmt::format("less than or equal to {}", most);
        refuse(constraint_error(std::to_string(number), name, "Member must have value " + bound).error());
        return std::nullopt;
    }
    return number;
}

const json::object* Members::object(std::string_view name) {
    const auto* found = find(name);
    if (found == nullptr) return nullptr;
    if (found->is_object()) return &found->get_object();
    refuse_type(name, "a map");
    return nullptr;
}

const json::array* Members::array(std::string_view name) {
    const auto* found = find(name);
    if (found == nullptr) return nullptr;
    if (found->is_array()) return &found->get_array();
    refuse_type(name, "a list");
    return nullptr;
}

const json::object& Members::required_object(std::string_view name) {
    const auto* found = object(name);
    if (found == nullptr) refuse_null(name);
    return found != nullptr ? *found : kNoMembers;
}

const json::array& Members::required_array(std::string_view name) {
    const auto* found = array(name);
    if (found == nullptr) refuse_null(name);
    return found != nullptr ? *found : kNoElements;
}

std::string Members::one_of(std::string_view name, std::initializer_list<std::string_view> allowed) {
    auto given = text(name);
    if (!given) return std::string(*allowed.begin());
    if (std::ranges::find(allowed, *given) == allowed.end()) {
        refuse(constraint_error(*given, name,
                                fmt::format("Member must satisfy enum value set: [{}]", fmt::join(allowed, ", ")))
                   .error());
    }
    return *given;
}

std::optional<Item> Members::item(std::string_view name) {
    const auto* found = object(name);
    if (found == nullptr) return std::nullopt;
    auto parsed = parse_item(*found);
    if (parsed) return std::move(*parsed);
    refuse(parsed.error());
    return std::nullopt;
}

Item Members::required_item(std::string_view name) {
    auto found = item(name);
    if (!found) refuse_null(name);
    return std::move(found).value_or(Item());
}

void Members::refuse_legacy(std::initializer_list<std::string_view> names, std::string_view instead) {
    for (const auto name : names) {
        if (find(name) == nullptr) continue;
        refuse(validation_error(
                   fmt::format("{} is a legacy parameter that this action does not have; use {}", name, instead))
                   .error());
    }
}

}  // namespace holdpoint::tables
