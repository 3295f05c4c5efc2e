// References: which names a value of a template refers to, and in which order resources must therefore be made.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "stacks/node.hpp"
#include "stacks/problems.hpp"

namespace holdpoint::stacks {

/// A part of Fn::Sub's text: literal text, or the name between `${` and `}`.
struct SubPart {
    bool is_name = false;
    std::string text;
    friend bool operator==(const SubPart&, const SubPart&) = default;
};
/// ValidationError when a `${` has no `}`. `${!x}` is the text `${x}`.
[[nodiscard]] Result<std::vector<SubPart>> split_sub(std::string_view text);

/// Every name in Ref, Fn::GetAtt and Fn::Sub: parameters, pseudo parameters and resources.
[[nodiscard]] std::set<std::string> references(const Node& node);

/// The resources' names so that each stands after those it needs (by reference or DependsOn), else in the template's
/// order. A circle goes to the problems, naming everything in it.
[[nodiscard]] std::vector<std::string> creation_order(const Node& resources, Problems& problems);

}  // namespace holdpoint::stacks
