// Conditions of policies: their operators and keys, read when a policy is, so that nothing unknown is ever skipped.
// (IAM user guide, "IAM JSON policy elements: Condition operators" and "Condition keys")
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace holdpoint::identity {

/// What a request says about itself: the values of a condition key, none when it says nothing. Asked only for what a
/// condition names, because some cost something to find.
using RequestContext = std::function<std::vector<std::string>(std::string_view key)>;

enum class Comparison {
    string_equals,
    string_equals_ignore_case,
    string_like,
    arn_like,
    boolean,
    null,
    ip_address,
    numeric_equals,
    numeric_less,
    numeric_less_equals,
    numeric_greater,
    numeric_greater_equals,
    date_equals,
    date_less,
    date_less_equals,
    date_greater,
    date_greater_equals,
};

/// Over a key with many values: all of them must pass, or one.
enum class Quantifier { single, for_all_values, for_any_value };

struct Condition {
    Comparison comparison = Comparison::string_equals;
    bool negated = false;
    bool if_exists = false;
    Quantifier quantifier = Quantifier::single;
    std::string key;  // as in known_condition_keys()
    std::vector<std::string> expected;
};

/// Reads one test, such as "ForAllValues:StringLikeIfExists" of "dynamodb:LeadingKeys". The error says what is not
/// known and what is.
[[nodiscard]] std::expected<Condition, std::string> read_condition(std::string_view operator_name, std::string_view key,
                                                                   std::vector<std::string> expected);
/// Whether true, false and numbers may stand for the texts that an operator compares with. They may not where a text
/// would be another: an account's leading zeros are lost in a number.
[[nodiscard]] bool takes_literals(std::string_view operator_name);
[[nodiscard]] bool holds(const Condition& condition, const RequestContext& context);
[[nodiscard]] std::vector<std::string_view> known_condition_keys();

/// `*` is any text, `?` any one character (of UTF-8).
[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view text);

}  // namespace holdpoint::identity
