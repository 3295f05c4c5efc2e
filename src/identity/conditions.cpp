#include "identity/conditions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <compare>
#include <optional>

#include "base/clock.hpp"
#include "base/ip.hpp"
#include "base/text.hpp"
#include "identity/sigv4_parts.hpp"

namespace holdpoint::identity {

namespace {

struct Operator {
    std::string_view name;
    Comparison comparison;
    bool negated = false;
};

constexpr std::array kOperators = {
    Operator{"StringEquals", Comparison::string_equals},
    Operator{"StringNotEquals", Comparison::string_equals, true},
    Operator{"StringEqualsIgnoreCase", Comparison::string_equals_ignore_case},
    Operator{"StringNotEqualsIgnoreCase", Comparison::string_equals_ignore_case, true},
    Operator{"StringLike", Comparison::string_like},
    Operator{"StringNotLike", Comparison::string_like, true},
    // The two are the same in IAM: both match the six parts of an ARN, wildcards included.
    Operator{"ArnEquals", Comparison::arn_like},
    Operator{"ArnLike", Comparison::arn_like},
    Operator{"ArnNotEquals", Comparison::arn_like, true},
    Operator{"ArnNotLike", Comparison::arn_like, true},
    Operator{"Bool", Comparison::boolean},
    Operator{"Null", Comparison::null},
    Operator{"IpAddress", Comparison::ip_address},
    Operator{"NotIpAddress", Comparison::ip_address, true},
    Operator{"NumericEquals", Comparison::numeric_equals},
    Operator{"NumericNotEquals", Comparison::numeric_equals, true},
    Operator{"NumericLessThan", Comparison::numeric_less},
    Operator{"NumericLessThanEquals", Comparison::numeric_less_equals},
    Operator{"NumericGreaterThan", Comparison::numeric_greater},
    Operator{"NumericGreaterThanEquals", Comparison::numeric_greater_equals},
    Operator{"DateEquals", Comparison::date_equals},
    Operator{"DateNotEquals", Comparison::date_equals, true},
    Operator{"DateLessThan", Comparison::date_less},
    Operator{"DateLessThanEquals", Comparison::date_less_equals},
    Operator{"DateGreaterThan", Comparison::date_greater},
    Operator{"DateGreaterThanEquals", Comparison::date_greater_equals},
};

constexpr std::array<std::string_view, 12> kKeys = {
    "aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalType",   "aws:userid",
    "aws:SourceAccount",    "aws:SourceIp",     "aws:SecureTransport", "aws:CurrentTime",
    "aws:EpochTime",        "aws:UserAgent",    "aws:RequestedRegion", "dynamodb:LeadingKeys"};
constexpr std::string_view kManyValued = "dynamodb:LeadingKeys";

bool is_in(std::string_view address, std::string_view network) {
    const auto one = IpAddress::read(address);
    const auto range = IpNetwork::read(network);
    return one && range && range->contains(*one);
}

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char c) { return c < 0x80; });
}

/// ISO 8601, or seconds since the epoch, but no bare year, which would be seconds; as milliseconds.
std::optional<double> read_date(std::string_view text) {
    if (const auto seconds = read_number<std::int64_t>(text)) {
        return text.size() == 4 ? std::nullopt : std::optional(static_cast<double>(*seconds) * 1000);
    }
    const auto at = text.size() == 10 ? parse_iso8601(fmt::format("{}T00:00:00Z", text)) : parse_iso8601(text);
    if (!at) return std::nullopt;
    return static_cast<double>(to_epoch_ms(*at));
}

using Read = std::optional<double> (*)(std::string_view);
using Test = bool (*)(std::partial_ordering);

bool compare(std::string_view value, std::string_view expected, Read read, Test test) {
    const auto a = read(value);
    const auto b = read(expected);
    return a && b && test(*a <=> *b);
}

/// Part by part, so that a wildcard stays within its part; the last takes the rest.
bool matches_arn(std::string_view pattern, std::string_view arn) {
    for (int part = 0; part < 5; ++part) {
        const std::size_t a = pattern.find(':');
        const std::size_t b = arn.find(':');
        if (a == std::string_view::npos || b == std::string_view::npos) return false;
        if (!matches_pattern(pattern.substr(0, a), arn.substr(0, b))) return false;
        pattern.remove_prefix(a + 1);
        arn.remove_prefix(b + 1);
    }
    return matches_pattern(pattern, arn);
}

bool matches(Comparison comparison, std::string_view expected, std::string_view value) {
    switch (comparison) {
        case Comparison::string_equals:
            return expected == value;
        case Comparison::string_equals_ignore_case:
        case Comparison::boolean:
            return equal_ignoring_case(expected, value);
        case Comparison::string_like:
            return matches_pattern(expected, value);
        case Comparison::arn_like:
            return matches_arn(expected, value);
        case Comparison::ip_address:
            return is_in(value, expected);
        case Comparison::numeric_equals:
            return compare(value, expected, read_number, std::is_eq);
        case Comparison::numeric_less:
            return compare(value, expected, read_number, std::is_lt);
        case Comparison::numeric_less_equals:
            return compare(value, expected, read_number, std::is_lteq);
        case Comparison::numeric_greater:
            return compare(value, expected, read_number, std::is_gt);
        case Comparison::numeric_greater_equals:
            return compare(value, expected, read_number, std::is_gteq);
        case Comparison::date_equals:
            return compare(value, expected, read_date, std::is_eq);
        case Comparison::date_less:
            return compare(value, expected, read_date, std::is_lt);
        case Comparison::date_less_equals:
            return compare(value, expected, read_date, std::is_lteq);
        case Comparison::date_greater:
            return compare(value, expected, read_date, std::is_gt);
        case Comparison::date_greater_equals:
            return compare(value, expected, read_date, std::is_gteq);
        case Comparison::null:
            return false;  // asks whether there is a value, not which
    }
    return false;
}

bool is_finite(std::string_view text) {
    const auto number = read_number<double>(text);
    return number && std::isfinite(*number);
}

/// What a value to compare with must be; empty when it is that.
std::string_view wanted(Comparison comparison, std::string_view text) {
    switch (comparison) {
        case Comparison::string_equals:
        case Comparison::string_like:
            return {};
        case Comparison::string_equals_ignore_case:
            return is_ascii(text) ? "" : "text of ASCII alone";
        case Comparison::arn_like:
            return std::count(text.begin(), text.end(), ':') >= 5 ? ""
                                                                  : "an ARN of six parts, such as arn:aws:sns:*:*:*";
        case Comparison::boolean:
        case Comparison::null:
            return equal_ignoring_case(text, "true") || equal_ignoring_case(text, "false") ? "" : "true or false";
        case Comparison::ip_address:
            return IpNetwork::read(text) ? "" : "an address or a range, such as 192.0.2.0/24";
        case Comparison::numeric_equals:
        case Comparison::numeric_less:
        case Comparison::numeric_less_equals:
        case Comparison::numeric_greater:
        case Comparison::numeric_greater_equals:
            return is_finite(text) ? "" : "a number";
        case Comparison::date_equals:
        case Comparison::date_less:
        case Comparison::date_less_equals:
        case Comparison::date_greater:
        case Comparison::date_greater_equals:
            return read_date(text) ? "" : "a date, such as 2026-11-25T10:00:00Z, or seconds since the epoch";
    }
    return {};
}

bool passes(const Condition& condition, const std::string& value) {
    const bool match = std::any_of(condition.expected.begin(), condition.expected.end(),
                                   [&](const std::string& text) { return matches(condition.comparison, text, value); });
    return match != condition.negated;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
    if (!text.ends_with(suffix)) return false;
    text.remove_suffix(suffix.size());
    return true;
}

/// The operator without what may stand before and after it; nothing when it is not known.
const Operator* find_operator(std::string_view name, Condition& condition) {
    if (take_prefix(name, "ForAllValues:")) condition.quantifier = Quantifier::for_all_values;
    if (take_prefix(name, "ForAnyValue:")) condition.quantifier = Quantifier::for_any_value;
    condition.if_exists = take_suffix(name, "IfExists");
    const auto* known = std::ranges::find(kOperators, name, &Operator::name);
    if (known == kOperators.end()) return nullptr;
    // Whether it exists is what Null asks. (IAM user guide, "...IfExists condition operators")
    return condition.if_exists && known->comparison == Comparison::null ? nullptr : known;
}

/// How many bytes the first character has; of what is no text, each is its own.
std::size_t character_bytes(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t size = lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
    if (text.size() < size) return 1;
    const bool is_whole = std::ranges::all_of(text.substr(1, size - 1), [](char c) { return (c & 0xc0) == 0x80; });
    return is_whole ? size : 1;
}

}  // namespace

bool takes_literals(std::string_view operator_name) {
    Condition condition;
    const Operator* known = find_operator(operator_name, condition);
    if (known == nullptr) return true;  // refused by its name
    switch (known->comparison) {
        case Comparison::string_equals:
        case Comparison::string_equals_ignore_case:
        case Comparison::string_like:
        case Comparison::arn_like:
        case Comparison::ip_address:
            return false;
        default:
            return true;
    }
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '?') {
            ++p;
            t += character_bytes(text.substr(t));
        } else if (p < pattern.size() && pattern[p] == text[t] && pattern[p] != '*') {
            ++p;
            ++t;
        } else if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = resume += character_bytes(text.substr(resume));
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

std::vector<std::string_view> known_condition_keys() {
    return {kKeys.begin(), kKeys.end()};
}

std::expected<Condition, std::string> read_condition(std::string_view operator_name, std::string_view key,
                                                     std::vector<std::string> expected) {
    Condition condition;
    const Operator* known = find_operator(operator_name, condition);
    if (known == nullptr) {
        std::vector<std::string_view> names(kOperators.size());
        std::transform(kOperators.begin(), kOperators.end(), names.begin(),
                       [](const Operator& one) { return one.name; });
        return std::unexpected(fmt::format(
            "the condition operator '{}' is not supported; these are: {}; with IfExists after them (but Null), "
            "ForAllValues: or ForAnyValue: before them",
            operator_name, fmt::join(names, ", ")));
    }
    condition.comparison = known->comparison;
    condition.negated = known->negated;
    const auto same = [&](std::string_view one) { return equal_ignoring_case(one, key); };
    const auto named = std::find_if(kKeys.begin(), kKeys.end(), same);
    if (named == kKeys.end()) {
        return std::unexpected(
            fmt::format("the condition key '{}' is not supported; these are: {}", key, fmt::join(kKeys, ", ")));
    }
    condition.key = *named;
    const bool is_single = condition.quantifier == Quantifier::single;
    if (condition.key == kManyValued && is_single && condition.comparison != Comparison::null) {
        return std::unexpected(
            fmt::format("{} may have many values: write ForAllValues: or ForAnyValue: before {}", key, operator_name));
    }
    for (const std::string& text : expected) {
        if (const auto form = wanted(condition.comparison, text); !form.empty()) {
            return std::unexpected(fmt::format("'{}' is compared with {}, not with '{}'", operator_name, form, text));
        }
    }
    condition.expected = std::move(expected);
    return condition;
}

bool holds(const Condition& condition, const RequestContext& context) {
    const std::vector<std::string> values = context ? context(condition.key) : std::vector<std::string>();
    if (condition.comparison == Comparison::null) {
        return std::any_of(condition.expected.begin(), condition.expected.end(), [&](const std::string& text) {
            return equal_ignoring_case(text, "true") == values.empty();
        });
    }
    const auto one_passes = [&](const std::string& value) { return passes(condition, value); };
    switch (condition.quantifier) {
        case Quantifier::for_all_values:
            return std::all_of(values.begin(), values.end(), one_passes);
        case Quantifier::for_any_value:
            if (values.empty()) return condition.if_exists;
            return std::any_of(values.begin(), values.end(), one_passes);
        case Quantifier::single:
            if (values.empty()) return condition.if_exists || condition.negated;
            return one_passes(values.front());
    }
    return false;
}

}  // namespace holdpoint::identity
