// Node: a value of a template, with the line it stands on.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace holdpoint::stacks {

enum class Kind {
    null,
    boolean,
    integer,
    number,
    text,
    list,
    map,
    absent,   // AWS::NoValue: as if it were not written
    unknown,  // it could not be resolved, and the problem has been told
};

struct Node {
    Kind kind = Kind::null;
    int line = 0;
    std::string text;                                        // scalars: as written; booleans: true or false
    std::vector<Node> elements = {};                         // list
    std::vector<std::pair<std::string, Node>> members = {};  // map, in the template's order

    [[nodiscard]] bool is_map() const { return kind == Kind::map; }
    [[nodiscard]] bool is_list() const { return kind == Kind::list; }
    [[nodiscard]] bool is_text() const { return kind == Kind::text; }
    /// Text, a number or a boolean: CloudFormation takes each of them where it wants a text.
    [[nodiscard]] bool is_scalar() const {
        return kind == Kind::text || kind == Kind::integer || kind == Kind::number || kind == Kind::boolean;
    }
    [[nodiscard]] const Node* find(std::string_view key) const;
    [[nodiscard]] Node* find(std::string_view key);
    /// The single member of an intrinsic function (`Ref`, `Fn::Sub`, `Condition`, …); nothing for other values.
    [[nodiscard]] const std::pair<std::string, Node>* intrinsic() const;

    [[nodiscard]] static Node make_text(std::string text, int line);
    [[nodiscard]] static Node make_map(std::vector<std::pair<std::string, Node>> members, int line);
    [[nodiscard]] static Node make_list(std::vector<Node> elements, int line);
};

/// Unresolved parts become null.
[[nodiscard]] boost::json::value to_json(const Node& node);
/// "a text", "a list", … for messages.
[[nodiscard]] std::string_view describe(Kind kind);

/// Reads YAML (or JSON, which is YAML). Short forms of intrinsic functions become their long forms (`!Ref x` is
/// `{Ref: x}`, `!GetAtt a.b` is `{Fn::GetAtt: [a, b]}`). ValidationError with everything that cannot be read.
[[nodiscard]] Result<Node> read_yaml(std::string_view text);

}  // namespace holdpoint::stacks
