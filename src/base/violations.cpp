#include "base/violations.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/encoding.hpp"

namespace holdpoint {

namespace {

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

constexpr std::size_t kQuotedBytesMax = 256;

}  // namespace

std::size_t characters_of(std::string_view text) {
    const auto begins_one = [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; };
    return static_cast<std::size_t>(std::ranges::count_if(text, begins_one));
}

void Violations::missing(std::string_view member) {
    texts_.push_back(fmt::format("Value null at '{}' failed to satisfy constraint: Member must not be null", member));
}

void Violations::length(std::string_view member, std::string_view value, std::size_t min, std::size_t max) {
    constexpr std::size_t kCharacterBytesMax = 4;
    if (value.size() / kCharacterBytesMax >= min && value.size() <= max) return;  // as most are, without counting
    const std::size_t length = characters_of(value);
    if (length < min) {
        add(member, value, fmt::format("Member must have length greater than or equal to {}", min));
    } else if (length > max) {
        add(member, value, fmt::format("Member must have length less than or equal to {}", max));
    }
}

void Violations::range(std::string_view member, std::int64_t value, std::int64_t min, std::int64_t max) {
    if (value < min) {
        add(member, std::to_string(value), fmt::format("Member must have value greater than or equal to {}", min));
    } else if (value > max) {
        add(member, std::to_string(value), fmt::format("Member must have value less than or equal to {}", max));
    }
}

void Violations::pattern(std::string_view member, std::string_view value, bool fits, std::string_view pattern) {
    if (!fits) add(member, value, fmt::format("Member must satisfy regular expression pattern: {}", pattern));
}

void Violations::one_of(std::string_view member, std::string_view value, std::span<const std::string_view> names) {
    if (std::ranges::find(names, value) != names.end()) return;
    add(member, value, fmt::format("Member must satisfy enum value set: [{}]", fmt::join(names, ", ")));
}

void Violations::add(std::string_view member, std::string_view value, std::string_view rule) {
    texts_.push_back(fmt::format("Value '{}' at '{}' failed to satisfy constraint: {}",
                                 as_utf8(value.substr(0, kQuotedBytesMax)), member, rule));
}

Result<void> Violations::result() const {
    if (texts_.empty()) return {};
    return fail("ValidationException", 400,
                fmt::format("{} validation error{} detected: {}", texts_.size(), texts_.size() == 1 ? "" : "s",
                            fmt::join(texts_, "; ")));
}

std::unexpected<Error> pattern_violation(std::string_view member, std::string_view value, std::string_view pattern) {
    Violations violations;
    violations.pattern(member, value, false, pattern);
    return std::unexpected(violations.result().error());
}

std::unexpected<Error> missing_violation(std::string_view member) {
    Violations violations;
    violations.missing(member);
    return std::unexpected(violations.result().error());
}

bool is_word(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
}

bool is_base64(std::string_view text) {
    const std::size_t end = text.find('=');
    const std::string_view padding = end == std::string_view::npos ? std::string_view() : text.substr(end);
    text = text.substr(0, end);
    return !text.empty() &&
           std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '+' || c == '/'; }) &&
           (padding.empty() || padding == "=" || padding == "==");
}

}  // namespace holdpoint
