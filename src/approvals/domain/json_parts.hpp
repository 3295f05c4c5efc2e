// JSON parts: reads a document whose lists may be longer than memory should hold: element after element.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace holdpoint::approvals {

/// Lists that are members of the outermost object, by name, and who takes their elements, each as it is written.
struct TakenList {
    std::string_view name;
    std::function<void(const std::string& element)> take;
};

/// What is left of a document without the elements of these lists. Together they are JSON when the document is, and
/// written as we write JSON when it is.
[[nodiscard]] std::string take_lists(std::istream& document, const std::vector<TakenList>& lists);
/// The same of a document that is one line of several.
[[nodiscard]] std::string take_lists_of_line(std::istream& lines, const std::vector<TakenList>& lists);

}  // namespace holdpoint::approvals
