#include "identity/policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.hpp"
#include "identity/sigv4_parts.hpp"

namespace holdpoint::identity {

namespace json = boost::json;

namespace {

template <class T>
using Read = std::expected<T, PolicyProblem>;

std::unexpected<PolicyProblem> wrong(std::string path, std::string message) {
    return std::unexpected(PolicyProblem{.path = std::move(path), .message = std::move(message)});
}

bool any_matches(const std::vector<std::string>& patterns, std::string_view text) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const std::string& pattern) { return matches_pattern(pattern, text); });
}

/// A text or a list of texts.
Read<std::vector<std::string>> read_texts(const std::string& path, const json::value& value) {
    std::vector<std::string> texts;
    const auto add = [&](const json::value& one) {
        if (one.is_bool()) texts.emplace_back(one.get_bool() ? "true" : "false");
        if (one.is_int64()) texts.push_back(std::to_string(one.get_int64()));
        if (one.is_string()) texts.emplace_back(one.get_string());
        return one.is_string() || one.is_bool() || one.is_int64();
    };
    bool good = true;
    if (const json::array* list = value.if_array()) {
        for (const json::value& one : *list) good = add(one) && good;
    } else {
        good = add(value);
    }
    if (!good || texts.empty()) return wrong(path, "must be a text or a list of texts");
    for (const std::string& text : texts) {
        if (text.find("${") != std::string::npos) {
            return wrong(path, fmt::format("policy variables ({}) are not supported", text));
        }
    }
    return texts;
}

Read<void> read_conditions(const std::string& path, const json::value& value, Statement& statement) {
    if (!value.is_object()) return wrong(path, "must be an object");
    for (const auto& [name, tests] : value.get_object()) {
        const std::string at = fmt::format("{}.{}", path, std::string_view(name));
        if (!tests.is_object()) return wrong(at, "must be an object of condition keys and their values");
        for (const auto& [key, values] : tests.get_object()) {
            auto texts = read_texts(fmt::format("{}.{}", at, std::string_view(key)), values);
            if (!texts) return std::unexpected(texts.error());
            auto condition = read_condition(name, key, std::move(*texts));
            if (!condition) return wrong(at, condition.error());
            statement.conditions.push_back(std::move(*condition));
        }
    }
    return {};
}

/// `service:Name` with wildcards, or `*` alone.
Read<void> check_actions(const std::string& path, const std::vector<std::string>& actions) {
    for (const std::string& action : actions) {
        const std::size_t colon = action.find(':');
        if (action != "*" && (colon == std::string::npos || colon == 0 || colon + 1 == action.size())) {
            return wrong(path, fmt::format("'{}' is no action: expected service:Name, such as sns:Publish", action));
        }
    }
    return {};
}

Read<void> read_member(const std::string& path, std::string_view name, const json::value& value, Statement& statement) {
    if (name == "Sid") return {};
    if (name == "Condition") return read_conditions(path, value, statement);
    if (name == "Effect") {
        if (value != "Allow" && value != "Deny") return wrong(path, "must be Allow or Deny");
        statement.effect = value == "Deny" ? Effect::deny : Effect::allow;
        return {};
    }
    std::vector<std::string>* target = name == "Action"        ? &statement.actions
                                       : name == "NotAction"   ? &statement.not_actions
                                       : name == "Resource"    ? &statement.resources
                                       : name == "NotResource" ? &statement.not_resources
                                                               : nullptr;
    if (target == nullptr) return wrong(path, fmt::format("'{}' is not supported", name));
    auto texts = read_texts(path, value);
    if (!texts) return std::unexpected(texts.error());
    *target = std::move(*texts);
    if (!name.ends_with("Action")) return {};
    auto good = check_actions(path, *target);
    for (std::string& action : *target) action = lower_case(action);
    return good;
}

Read<Statement> read_statement(const std::string& path, const json::value& value) {
    const json::object* object = value.if_object();
    if (object == nullptr) return wrong(path, "must be an object");
    Statement statement;
    for (const auto& [name, member] : *object) {
        const std::string at = fmt::format("{}.{}", path, std::string_view(name));
        if (auto ok = read_member(at, name, member, statement); !ok) return std::unexpected(ok.error());
    }
    if (!object->contains("Effect")) return wrong(path, "needs an Effect of Allow or Deny");
    if (statement.actions.empty() == statement.not_actions.empty()) {
        return wrong(path, "needs either Action or NotAction");
    }
    if (statement.resources.empty() == statement.not_resources.empty()) {
        return wrong(path, "needs either Resource or NotResource");
    }
    return statement;
}

/// `action`: that of the access, in lower case as those of statements are.
bool applies(const Statement& statement, const std::string& action, const Access& access) {
    const bool fits = statement.actions.empty() ? !any_matches(statement.not_actions, action)
                                                : any_matches(statement.actions, action);
    if (!fits) return false;
    const bool resource = statement.resources.empty() ? !any_matches(statement.not_resources, access.resource)
                                                      : any_matches(statement.resources, access.resource);
    if (!resource) return false;
    return std::all_of(statement.conditions.begin(), statement.conditions.end(),
                       [&](const Condition& condition) { return holds(condition, access.context); });
}

}  // namespace

std::expected<Policy, PolicyProblem> read_policy(std::string_view document) {
    boost::system::error_code problem;
    const json::value value = json::parse(document, problem);
    const json::object* object = problem ? nullptr : value.if_object();
    if (object == nullptr) return wrong({}, "a policy must be a JSON object");
    for (const auto& [name, member] : *object) {
        if (name != "Version" && name != "Id" && name != "Statement") {
            return wrong(std::string(name), fmt::format("'{}' is not supported", std::string_view(name)));
        }
    }
    if (const json::value* version = object->if_contains("Version");
        version != nullptr && *version != "2012-10-17" && *version != "2008-10-17") {
        return wrong("Version", "must be 2012-10-17");
    }
    const json::value* statements = object->if_contains("Statement");
    if (statements == nullptr) return wrong({}, "a policy needs a Statement");
    Policy policy;
    const json::array one = {*statements};
    const json::array& all = statements->is_array() ? statements->get_array() : one;
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto read = read_statement(statements->is_array() ? fmt::format("Statement[{}]", i) : "Statement", all[i]);
        if (!read) return std::unexpected(read.error());
        policy.push_back(std::move(*read));
    }
    return policy;
}

Result<Policy> parse_policy(std::string_view document) {
    auto policy = read_policy(document);
    if (policy) return std::move(*policy);
    const PolicyProblem& problem = policy.error();
    return fail("MalformedPolicyDocument", 400,
                problem.path.empty() ? problem.message : fmt::format("{}: {}", problem.path, problem.message));
}

Verdict evaluate(const std::vector<Policy>& policies, const Access& access) {
    Verdict verdict = Verdict::implicitly_denied;
    const std::string action = lower_case(access.action);
    for (const Policy& policy : policies) {
        for (const Statement& statement : policy) {
            if (!applies(statement, action, access)) continue;
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
