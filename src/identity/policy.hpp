// Policies: reading IAM policy documents and evaluating them. (IAM user guide, "Policy evaluation logic")
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace holdpoint::identity {

enum class Effect { allow, deny };

struct Statement {
    Effect effect = Effect::allow;
    std::vector<std::string> actions;  // `service:Name`, with * and ?
    std::vector<std::string> not_actions;
    std::vector<std::string> resources;  // ARNs, with * and ?
    std::vector<std::string> not_resources;
    /// operator -> key -> values: StringEquals, StringLike, ArnEquals, ArnLike, Bool, Null and their Not… and IfExists
    /// forms.
    std::map<std::string, std::map<std::string, std::vector<std::string>>> conditions;
};

using Policy = std::vector<Statement>;

/// Reads a policy document (JSON text). MalformedPolicyDocument naming what is wrong; an unknown condition operator or
/// element is refused, never skipped.
[[nodiscard]] Result<Policy> parse_policy(std::string_view document);

struct Access {
    std::string action;                          // dynamodb:PutItem
    std::string resource;                        // ARN
    std::map<std::string, std::string> context;  // condition keys, such as aws:PrincipalAccount
};

enum class Verdict { allowed, implicitly_denied, explicitly_denied };

/// An explicit deny wins over every allow; without an allow nothing is allowed.
[[nodiscard]] Verdict evaluate(const std::vector<Policy>& policies, const Access& access);

/// AWS's refusal: "User: <arn> is not authorized to perform: <action> on resource: <resource> because no identity-based
/// policy allows the <action> action" (or "… with an explicit deny in an identity-based policy").
[[nodiscard]] std::string refusal_text(std::string_view caller_arn, const Access& access, Verdict verdict);

}  // namespace holdpoint::identity
