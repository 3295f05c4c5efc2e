// JSON filter patterns: { ($.level = "ERROR" || $.status >= 500) && $.path != /health* }.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace holdpoint::api::logs {

/// A condition on one property, or a combination of patterns.
struct JsonCondition {
    enum class Kind {
        all,
        any,
        equal,
        not_equal,
        less,
        less_or_equal,
        greater,
        greater_or_equal,
        is_null,
        is_true,
        is_false,
        exists,
        not_exists
    };
    Kind kind = Kind::all;
    std::vector<JsonCondition> parts;  // of all and any
    std::vector<std::string> path;     // property names and array indexes, in order
    std::string text;                  // the literal; `*` at either end stands for anything unless it was quoted away
    bool is_number = false;            // the literal is a bare number
    double number = 0;
};

class JsonPattern {
public:
    /// `text` starts with `{`. InvalidParameterException says what was expected and where.
    [[nodiscard]] static Result<JsonPattern> parse(std::string_view text);
    /// False for a message that is not a JSON object; a property that is absent matches NOT EXISTS alone.
    [[nodiscard]] bool matches(std::string_view message) const;

private:
    JsonCondition condition_;
};

}  // namespace holdpoint::api::logs
