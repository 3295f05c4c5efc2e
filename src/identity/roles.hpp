// Roles: what a function may do, as rows of Space::roles. (IAM user guide, "IAM roles")
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/rows.hpp"
#include "identity/policy.hpp"

namespace holdpoint::identity {

struct Role {
    std::string name;
    /// Inline policies: name and document (JSON text).
    std::vector<std::pair<std::string, std::string>> policies;
    friend bool operator==(const Role&, const Role&) = default;
};

/// MalformedPolicyDocument, naming role and policy, when a document cannot be evaluated.
[[nodiscard]] Result<RowWrite> put_role(const Role& role);
[[nodiscard]] RowWrite erase_role(std::string_view name);

/// The policies of roles, ready to evaluate, all of them kept until a role changes. From any thread.
class PolicyCache {
public:
    using Policies = std::shared_ptr<const std::vector<Policy>>;
    /// Nothing unless they were read at this version of the roles (store::Store::changes).
    [[nodiscard]] Policies kept(const std::string& name, std::uint64_t version);
    /// `rows` were taken after `version` was asked. A role that is not there has none, so that it allows nothing.
    [[nodiscard]] Policies read(const RowReader& rows, const std::string& name, std::uint64_t version);

private:
    std::mutex mutex_;
    std::uint64_t version_ = 0;
    std::map<std::string, Policies, std::less<>> of_roles_;  // as they are at this version
};

/// arn:aws:iam::<account>:role/<name>
[[nodiscard]] std::string role_arn(std::string_view account, std::string_view name);
/// The name in a role's ARN, with its path, which no role of this server has; empty when it is no such ARN.
[[nodiscard]] std::string_view role_name_of(std::string_view arn);

}  // namespace holdpoint::identity
