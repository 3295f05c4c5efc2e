// Policies: reading IAM policy documents and evaluating them. (IAM user guide, "Policy evaluation logic")
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "identity/conditions.hpp"

namespace holdpoint::identity {

enum class Effect { allow, deny };

struct Statement {
    Effect effect = Effect::allow;
    std::vector<std::string> actions;  // `service:name` in lower case, with * and ?
    std::vector<std::string> not_actions;
    std::vector<std::string> resources;  // ARNs, with * and ?
    std::vector<std::string> not_resources;
    std::vector<Condition> conditions;  // all must hold
};

using Policy = std::vector<Statement>;

/// What is wrong with a policy document, and where: "Statement[1].Condition.StringEquals".
struct PolicyProblem {
    std::string path;  // empty: the whole document
    std::string message;
};

/// Reads a policy document (JSON text). An element, a condition operator or a condition key that is not known is
/// refused, never skipped.
[[nodiscard]] std::expected<Policy, PolicyProblem> read_policy(std::string_view document);
/// The same; the error is MalformedPolicyDocument.
[[nodiscard]] Result<Policy> parse_policy(std::string_view document);

struct Access {
    std::string action;    // dynamodb:PutItem
    std::string resource;  // ARN
    RequestContext context;
};

enum class Verdict { allowed, implicitly_denied, explicitly_denied };

/// An explicit deny wins over every allow; without an allow nothing is allowed.
[[nodiscard]] Verdict evaluate(const std::vector<Policy>& policies, const Access& access);

/// AWS's refusal: "User: <arn> is not authorized to perform: <action> on resource: <resource> because no identity-based
/// policy allows the <action> action" (or "… with an explicit deny in an identity-based policy").
[[nodiscard]] std::string refusal_text(std::string_view caller_arn, const Access& access, Verdict verdict);

}  // namespace holdpoint::identity
