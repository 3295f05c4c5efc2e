// Path: where in a document something is (`a.b[1]`), how paths relate, and how they are followed.
#pragma once

#include <span>
#include <string>
#include <variant>
#include <vector>

#include "tables/value.hpp"

namespace holdpoint::tables::expression {

/// A map's member, or a list's index.
using PathStep = std::variant<std::string, std::size_t>;

struct Path {
    std::vector<PathStep> steps;  // the first is an attribute's name

    [[nodiscard]] const std::string& attribute() const { return std::get<std::string>(steps.front()); }
    /// As DynamoDB's messages show it: `[a, b, [1]]`.
    [[nodiscard]] std::string str() const;
    friend bool operator==(const Path&, const Path&) = default;
    friend auto operator<=>(const Path&, const Path&) = default;
};

enum class PathRelation {
    apart,
    overlap,   // one is the other, or a part of it
    conflict,  // they part at a place that would have to be both a map and a list
};
[[nodiscard]] PathRelation relate(const Path& a, const Path& b);
/// ValidationException for the first two paths that are not apart; `expression` names the parameter.
[[nodiscard]] Result<void> check_apart(std::span<const Path> paths, std::string_view expression);

/// What is there; nullptr when nothing is.
[[nodiscard]] const Value* find(const Item& item, const Path& path);

/// The parts of `item` at these paths, in the item's own shape; parts of lists close ranks.
[[nodiscard]] Item project(const Item& item, std::span<const Path> paths);

}  // namespace holdpoint::tables::expression
