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

/// A text or a list of texts; true, false and numbers count where that is what is compared.
Read<std::vector<std::string>> read_texts(const std::string& path, const json::value& value, bool or_literals) {
    std::vector<std::string> texts;
    const auto add = [&](const json::value& one) {
        if (one.is_string()) texts.emplace_back(one.get_string());
        if (one.is_string() || !or_literals) return one.is_string();
        if (one.is_bool()) texts.emplace_back(one.get_bool() ? "true" : "false");
        if (one.is_int64()) texts.push_back(std::to_string(one.get_int64()));
        return one.is_bool() || one.is_int64();
    };
    bool good = true;
    if (const json::array* list = value.if_array()) {
        for (const json::value& one : *list) good = add(one) && good;
    } else {
        good = add(value);
    }
    if (!good || texts.empty()) {
        return wrong(path, fmt::format("must be a text or a list of texts, but is {}", json::serialize(value)));
    }
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
            auto texts = read_texts(fmt::format("{}.{}", at, std::string_view(key)), values, takes_literals(name));
            if (!texts) return std::unexpected(texts.error());
            auto condition = read_condition(name, key, std::move(*texts));
            if (!condition) return wrong(at, condition.error());
            statement.conditions.push_back(std::move(*condition));
        }
    }
    return {};
}

bool is_made_of(std::string_view text, std::string_view others) {
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || others.contains(c);
    });
}

/// `service:Name` with wildcards in the name, or `*` alone.
Read<void> check_action(const std::string& path, std::string_view action) {
    const std::size_t colon = std::min(action.find(':'), action.size());
    const std::string_view name = action.substr(std::min(colon + 1, action.size()));
    if (action == "*" || (is_made_of(action.substr(0, colon), "-") && is_made_of(name, "*?"))) return {};
    return wrong(path, fmt::format("'{}' is no action: expected * or service:Name, such as sns:Publish", action));
}

/// What is no ARN is no resource of anything, so that a Deny of it would deny nothing.
Read<void> check_resource(const std::string& path, std::string_view resource) {
    if (resource == "*" || (resource.starts_with("arn:") && std::ranges::count(resource, ':') >= 5)) return {};
    return wrong(path, fmt::format("'{}' is no resource: expected * or an ARN of six parts, such as "
                                   "arn:aws:sns:*:*:topic",
                                   resource));
}

Read<void> read_member(const std::string& path, std::string_view name, const json::value& value, Statement& statement) {
    if (name == "Sid") return value.is_string() ? Read<void>() : wrong(path, "must be a text");
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
    auto texts = read_texts(path, value, false);
    if (!texts) return std::unexpected(texts.error());
    *target = std::move(*texts);
    const bool is_action = name.ends_with("Action");
    for (std::string& text : *target) {
        if (auto ok = is_action ? check_action(path, text) : check_resource(path, text); !ok) return ok;
        if (is_action) text = lower_case(text);
    }
    return {};
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
    if (all.empty()) return wrong("Statement", "must have a statement, but is empty");
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
