// Schema: what may stand in a resource's properties, and the check of a value against it.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stacks/node.hpp"
#include "stacks/problems.hpp"

namespace holdpoint::stacks {

enum class Shape {
    text,
    integer,
    boolean,
    texts,     // a list of texts
    text_map,  // names to texts
    object,    // members as `members` says
    objects,   // a list of such objects
    document,  // any value: a policy
};

struct Property {
    std::string_view name;
    Shape shape = Shape::text;
    bool required = false;
    /// It means nothing on one machine: accepted, noted, and left out.
    bool aws_only = false;
    std::span<const Property> members = {};                         // object, objects
    std::span<const std::string_view> allowed = {};                 // text: one of these; empty: any
    std::int64_t least = std::numeric_limits<std::int64_t>::min();  // integer
    std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

/// A property that means something on AWS only.
[[nodiscard]] constexpr Property aws_only(std::string_view name) {
    return {.name = name, .shape = Shape::document, .aws_only = true};
}

/// Checks resolved values, and turns them into JSON of the shapes that the schema says.
class Checker {
public:
    /// `notes` gets "<resource>.<property>" for everything that means something on AWS only.
    Checker(std::string resource, Problems& problems, std::vector<std::string>& notes)
        : resource_(std::move(resource)), problems_(problems), notes_(notes) {}

    /// `inner` is the path inside the resource's properties ("" for the whole).
    [[nodiscard]] boost::json::object check(const Node& node, std::span<const Property> members,
                                            const std::string& inner);

private:
    [[nodiscard]] boost::json::value check_value(const Node& node, const Property& property, const std::string& inner);
    [[nodiscard]] boost::json::value check_scalar(const Node& node, const Property& property, const std::string& inner);
    [[nodiscard]] boost::json::value check_list(const Node& node, const Property& property, const std::string& inner);
    boost::json::value refuse(const Node& node, const std::string& inner, std::string message);
    [[nodiscard]] std::string path(const std::string& inner) const;

    std::string resource_;
    Problems& problems_;
    std::vector<std::string>& notes_;
};

}  // namespace holdpoint::stacks
