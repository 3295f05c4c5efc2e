#include "identity/policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cctype>

namespace holdpoint::identity {

namespace json = boost::json;

namespace {

std::unexpected<Error> malformed(std::string message) {
    return fail("MalformedPolicyDocument", 400, std::move(message));
}

constexpr std::array<std::string_view, 10> kOperators = {
    "StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "ArnEquals",
    "ArnNotEquals", "ArnLike",         "ArnNotLike", "Bool",          "Null"};

/// `*` is any text, `?` any one character.
bool matches(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
            ++p;
            ++t;
        } else if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

bool any_matches(const std::vector<std::string>& patterns, std::string_view text) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const std::string& pattern) { return matches(pattern, text); });
}

bool any_action_matches(const std::vector<std::string>& patterns, std::string_view action) {
    const std::string wanted = lower(action);
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const std::string& pattern) { return matches(lower(pattern), wanted); });
}

/// A text or a list of texts.
Result<std::vector<std::string>> read_texts(std::string_view name, const json::value& value) {
    std::vector<std::string> texts;
    const auto add = [&](const json::value& one) {
        if (one.is_bool()) texts.emplace_back(one.get_bool() ? "true" : "false");
        if (one.is_string()) texts.emplace_back(one.get_string());
        return one.is_string() || one.is_bool();
    };
    bool good = true;
    if (const json::array* list = value.if_array()) {
        for (const json::value& one : *list) good = add(one) && good;
    } else {
        good = add(value);
    }
    if (!good || texts.empty()) return malformed(fmt::format("{} must be a text or a list of texts.", name));
    for (const std::string& text : texts) {
        if (text.find("${") != std::string::npos) {
            return malformed(fmt::format("{}: policy variables ({}) are not supported.", name, text));
        }
    }
    return texts;
}

Result<void> read_conditions(const json::value& value, Statement& statement) {
    if (!value.is_object()) return malformed("Condition must be an object.");
    for (const auto& [name, tests] : value.get_object()) {
        std::string_view base = name;
        if (base.ends_with("IfExists")) base.remove_suffix(8);
        if (std::find(kOperators.begin(), kOperators.end(), base) == kOperators.end() || !tests.is_object()) {
            return malformed(
                fmt::format("Condition operator '{}' is not supported; these are: {}, and their IfExists forms.",
                            std::string_view(name), fmt::join(kOperators, ", ")));
        }
        for (const auto& [key, values] : tests.get_object()) {
            auto texts = read_texts(key, values);
            if (!texts) return std::unexpected(texts.error());
            statement.conditions[std::string(name)][std::string(key)] = std::move(*texts);
        }
    }
    return {};
}

Result<Statement> read_statement(const json::value& value) {
    const json::object* object = value.if_object();
    if (object == nullptr) return malformed("Statement must be an object or a list of objects.");
    Statement statement;
    bool has_effect = false;
    for (const auto& [name, member] : *object) {
        if (name == "Sid") continue;
        if (name == "Effect") {
            has_effect = member == "Allow" || member == "Deny";
            statement.effect = member == "Deny" ? Effect::deny : Effect::allow;
        } else if (name == "Condition") {
            if (auto ok = read_conditions(member, statement); !ok) return std::unexpected(ok.error());
        } else {
            std::vector<std::string>* target = name == "Action"        ? &statement.actions
                                               : name == "NotAction"   ? &statement.not_actions
                                               : name == "Resource"    ? &statement.resources
                                               : name == "NotResource" ? &statement.not_resources
                                                                       : nullptr;
            if (target == nullptr) {
                return malformed(fmt::format("Statement element '{}' is not supported.", std::string_view(name)));
            }
            auto texts = read_texts(name, member);
            if (!texts) return std::unexpected(texts.error());
            *target = std::move(*texts);
        }
    }
    if (!has_effect) return malformed("Statement needs an Effect of Allow or Deny.");
    if (statement.actions.empty() == statement.not_actions.empty()) {
        return malformed("Statement needs either Action or NotAction.");
    }
    if (statement.resources.empty() == statement.not_resources.empty()) {
        return malformed("Statement needs either Resource or NotResource.");
    }
    return statement;
}

bool holds(std::string_view name, std::string_view key, const std::vector<std::string>& expected,
           const Access& access) {
    const bool if_exists = name.ends_with("IfExists");
    if (if_exists) name.remove_suffix(8);
    const auto found = access.context.find(std::string(key));
    const bool exists = found != access.context.end();
    if (name == "Null") return expected.front() == (exists ? "false" : "true");
    const bool negated = name.find("Not") != std::string_view::npos;
    if (!exists) return if_exists || negated;
    const std::string& value = found->second;
    bool match = false;
    if (name == "Bool") {
        match = std::any_of(expected.begin(), expected.end(),
                            [&](const std::string& text) { return lower(text) == lower(value); });
    } else if (name.starts_with("String") && name.ends_with("Equals")) {
        match = std::find(expected.begin(), expected.end(), value) != expected.end();
    } else {
        match = any_matches(expected, value);
    }
    return match != negated;
}

bool applies(const Statement& statement, const Access& access) {
    const bool action = statement.actions.empty() ? !any_action_matches(statement.not_actions, access.action)
                                                  : any_action_matches(statement.actions, access.action);
    if (!action) return false;
    const bool resource = statement.resources.empty() ? !any_matches(statement.not_resources, access.resource)
                                                      : any_matches(statement.resources, access.resource);
    if (!resource) return false;
    for (const auto& [name, tests] : statement.conditions) {
        for (const auto& [key, expected] : tests) {
            if (!holds(name, key, expected, access)) return false;
        }
    }
    return true;
}

}  // namespace

Result<Policy> parse_policy(std::string_view document) {
    boost::system::error_code problem;
    const json::value value = json::parse(document, problem);
    const json::object* object = problem ? nullptr : value.if_object();
    if (object == nullptr) return malformed("A policy must be a JSON object.");
    for (const auto& [name, member] : *object) {
        if (name != "Version" && name != "Id" && name != "Statement") {
            return malformed(fmt::format("Policy element '{}' is not supported.", std::string_view(name)));
        }
    }
    const json::value* statements = object->if_contains("Statement");
    if (statements == nullptr) return malformed("A policy needs a Statement.");
    Policy policy;
    const json::array one = {*statements};
    for (const json::value& statement : statements->is_array() ? statements->get_array() : one) {
        auto read = read_statement(statement);
        if (!read) return std::unexpected(read.error());
        policy.push_back(std::move(*read));
    }
    return policy;
}

Verdict evaluate(const std::vector<Policy>& policies, const Access& access) {
    Verdict verdict = Verdict::implicitly_denied;
    for (const Policy& policy : policies) {
        for (const Statement& statement : policy) {
            if (!applies(statement, access)) continue;
            if (statement.effect == Effect::deny) return Verdict::explicitly_denied;
            verdict = Verdict::allowed;
        }
    }
    return verdict;
}

std::string refusal_text(std::string_view caller_arn, const Access& access, Verdict verdict) {
    const std::string reason =
        verdict == Verdict::explicitly_denied
            ? "with an explicit deny in an identity-based policy"
            : fmt::format("because no identity-based policy allows the {} action", access.action);
    return fmt::format("User: {} is not authorized to perform: {} on resource: {} {}", caller_arn, access.action,
                       access.resource, reason);
}

}  // namespace holdpoint::identity
