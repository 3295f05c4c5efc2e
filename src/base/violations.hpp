// Violations: what a request has against the service's model, in the words that AWS has for it, whatever the member.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace holdpoint {

/// Collected, because AWS tells all of them at once. A member is called by its path, such as `updates.1.member.id`.
class Violations {
public:
    void missing(std::string_view member);
    /// In characters, not bytes.
    void length(std::string_view member, std::string_view value, std::size_t min, std::size_t max);
    void range(std::string_view member, std::int64_t value, std::int64_t min, std::int64_t max);
    /// A violation unless it `fits`.
    void pattern(std::string_view member, std::string_view value, bool fits, std::string_view pattern);
    void one_of(std::string_view member, std::string_view value, std::span<const std::string_view> names);
    void add(std::string_view member, std::string_view value, std::string_view rule);

    /// ValidationException that lists every violation.
    [[nodiscard]] Result<void> result() const;

private:
    std::vector<std::string> texts_;
};

/// For a member that has one rule to break.
[[nodiscard]] std::unexpected<Error> pattern_violation(std::string_view member, std::string_view value,
                                                       std::string_view pattern);
[[nodiscard]] std::unexpected<Error> missing_violation(std::string_view member);

/// As AWS counts them: one for each that Unicode has, however many bytes it takes. (Smithy 2.0, "length trait")
[[nodiscard]] std::size_t characters_of(std::string_view text);

// The characters of the model's commonest patterns.

[[nodiscard]] bool is_word(std::string_view text);    // [a-zA-Z0-9-_]+, or empty
[[nodiscard]] bool is_base64(std::string_view text);  // [A-Za-z0-9+/]+={0,2}

inline constexpr std::string_view kWordPattern = "[a-zA-Z0-9-_]+";
inline constexpr std::string_view kBase64Pattern = "[A-Za-z0-9+/]+={0,2}";

}  // namespace holdpoint
