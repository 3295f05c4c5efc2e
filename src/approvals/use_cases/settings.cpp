#include "approvals/use_cases/settings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "approvals/domain/names.hpp"
#include "approvals/use_cases/amount.hpp"
#include "base/text.hpp"

namespace holdpoint::approvals {

void add_once(std::vector<std::string>& names, std::string_view name) {
    const bool known = std::ranges::any_of(names, [&](const std::string& other) { return is_same_name(other, name); });
    if (!known) names.emplace_back(name);
}

std::optional<Approvers> parse_approvers(std::string_view list) {
    constexpr std::string_view kGroup = "group:";
    Approvers approvers;
    while (true) {
        const std::size_t comma = std::min(list.find(','), list.size());
        std::string_view name = trimmed(list.substr(0, comma));
        const bool is_group = name.starts_with(kGroup);
        if (is_group) name = trimmed(name.substr(kGroup.size()));
        if (name.empty()) return std::nullopt;
        add_once(is_group ? approvers.groups : approvers.people, name);
        if (comma == list.size()) return approvers;
        list.remove_prefix(comma + 1);
    }
}

void Settings::refuse(std::string_view name, std::string_view expected) {
    if (problem_) return;
    problem_ = Error{.name = "ConfigurationError",
                     .http_status = 500,
                     .message = fmt::format("The environment variable {} must be {}.", name, expected),
                     .details_json = {}};
}

std::string Settings::text(const char* name) {
    const char* value = lookup_(name);
    if (value != nullptr && *value != '\0') return value;
    refuse(name, "set");
    return {};
}

Approvers Settings::approvers(const char* name) {
    const auto approvers = parse_approvers(text(name));
    if (!approvers) refuse(name, "people and groups with commas between them: ann@example.com, group:finance");
    return approvers.value_or(Approvers{});
}

std::int64_t Settings::amount(const char* name) {
    const auto cents = parse_amount(text(name));
    if (!cents) refuse(name, fmt::format("an amount such as 100.00, at most {}", format_amount(kCentsMax)));
    return cents.value_or(0);
}

std::string Settings::currency(const char* name) {
    std::string code = text(name);
    if (!is_currency_with_cents(code)) refuse(name, "the code of a currency with cents, such as EUR");
    return code;
}

std::int64_t Settings::number(const char* name, std::int64_t min, std::int64_t max) {
    const auto number = read_number<std::int64_t>(text(name));
    if (!number || *number < min || *number > max) refuse(name, fmt::format("a whole number from {} to {}", min, max));
    return number.value_or(0);
}

}  // namespace holdpoint::approvals
