// Filter patterns: which log events FilterLogEvents returns. (CloudWatch Logs user guide, "Filter pattern syntax")
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/logs/json_pattern.hpp"
#include "base/result.hpp"

namespace holdpoint::api::logs {

/// One compiled pattern: terms ("quoted phrases" too), ?optional and -excluded ones, or a JSON pattern in braces.
class FilterPattern {
public:
    /// InvalidParameterException for what cannot be read, and for patterns of space-delimited fields ([…]) and regular
    /// expressions (%…%), which this server does not have.
    [[nodiscard]] static Result<FilterPattern> parse(std::string_view text);

    /// A term matches whole words, case-sensitively. Optional terms count only when no other term is required, as on
    /// AWS.
    [[nodiscard]] bool matches(std::string_view message) const;

private:
    struct Terms {
        std::vector<std::string> required;
        std::vector<std::string> optional;
        std::vector<std::string> excluded;
    };
    std::variant<Terms, JsonPattern> pattern_;
};

}  // namespace holdpoint::api::logs
