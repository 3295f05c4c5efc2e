// Whatever the policies: the verdict is that of a small model, which tries every split of a text for a wildcard.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json.hpp>

#include "identity/policy.hpp"

namespace holdpoint::identity {
namespace {

namespace json = boost::json;

/// The model's own idea of a pattern: by recursion over its first character.
bool fits(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) return text.empty();
    if (pattern.front() == '*') {
        for (std::size_t taken = 0; taken <= text.size(); ++taken) {
            if (fits(pattern.substr(1), text.substr(taken))) return true;
        }
        return false;
    }
    if (text.empty()) return false;
    return (pattern.front() == '?' || pattern.front() == text.front()) && fits(pattern.substr(1), text.substr(1));
}

struct ModelStatement {
    bool allows = true;
    bool not_action = false;
    bool not_resource = false;
    std::vector<std::string> actions;
    std::vector<std::string> resources;
    bool has_condition = false;
    bool not_equals = false;
    std::vector<std::string> users;
};

bool any_fits(const std::vector<std::string>& patterns, const std::string& text) {
    for (const auto& pattern : patterns) {
        if (fits(pattern, text)) return true;
    }
    return false;
}

bool says_something(const ModelStatement& statement, const std::string& action, const std::string& resource,
                    const std::string& user) {
    if (any_fits(statement.actions, action) == statement.not_action) return false;
    if (any_fits(statement.resources, resource) == statement.not_resource) return false;
    if (!statement.has_condition) return true;
    const bool equal = std::find(statement.users.begin(), statement.users.end(), user) != statement.users.end();
    return equal != statement.not_equals;
}

json::object to_json(const ModelStatement& statement) {
    json::object object{{"Effect", statement.allows ? "Allow" : "Deny"}};
    object[statement.not_action ? "NotAction" : "Action"] = json::value_from(statement.actions);
    object[statement.not_resource ? "NotResource" : "Resource"] = json::value_from(statement.resources);
    if (statement.has_condition) {
        object["Condition"] = {{statement.not_equals ? "StringNotEquals" : "StringEquals",
                                {{"aws:userid", json::value_from(statement.users)}}}};
    }
    return object;
}

/// Short texts over few letters, so that they meet.
rc::Gen<std::string> some_text(const std::string& letters) {
    return rc::gen::resize(5, rc::gen::container<std::string>(rc::gen::elementOf(letters)));
}
rc::Gen<std::vector<std::string>> some_texts(const std::string& before, const std::string& letters) {
    return rc::gen::map(
        rc::gen::resize(
            3, rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(rc::gen::nonEmpty(some_text(letters))))),
        [before](std::vector<std::string> texts) {
            for (auto& text : texts) text.insert(0, before);
            return texts;
        });
}

rc::Gen<ModelStatement> some_statement() {
    return rc::gen::build<ModelStatement>(
        rc::gen::set(&ModelStatement::allows), rc::gen::set(&ModelStatement::not_action),
        rc::gen::set(&ModelStatement::not_resource), rc::gen::set(&ModelStatement::actions, some_texts("s:", "ab*?")),
        rc::gen::set(&ModelStatement::resources, some_texts("arn:a:s:r:1:", "ab*?")),
        rc::gen::set(&ModelStatement::has_condition), rc::gen::set(&ModelStatement::not_equals),
        rc::gen::set(&ModelStatement::users, some_texts("", "ab")));
}

RC_GTEST_PROP(Policies, AreEvaluatedAsASmallModelSays, ()) {
    const auto statements = *rc::gen::resize(4, rc::gen::container<std::vector<ModelStatement>>(some_statement()));
    const std::string action = "s:" + *some_text("ab");
    const std::string resource = "arn:a:s:r:1:" + *some_text("ab");
    const std::string user = *some_text("ab");
    bool allowed = false;
    bool denied = false;
    std::vector<Policy> policies;
    for (const auto& statement : statements) {
        if (says_something(statement, action, resource, user)) (statement.allows ? allowed : denied) = true;
        const auto policy = parse_policy(json::serialize(json::object{{"Statement", to_json(statement)}}));
        RC_ASSERT(policy.has_value());
        policies.push_back(*policy);
    }
    const auto verdict = evaluate(policies, {.action = action, .resource = resource, .context = [&](std::string_view) {
                                                 return std::vector<std::string>{user};
                                             }});
    RC_ASSERT(verdict == (denied    ? Verdict::explicitly_denied
                          : allowed ? Verdict::allowed
                                    : Verdict::implicitly_denied));
}

}  // namespace
}  // namespace holdpoint::identity
