// Named policies: the policy file of a stack, kept in its settings table.
#pragma once

#include <cstdint>
#include <string>

#include "approvals/domain/policy.hpp"
#include "approvals/repository/repository.hpp"
#include "approvals/repository/settings_item.hpp"

namespace holdpoint::approvals {

struct StoredPolicies {
    PolicyFile file;
    std::int64_t revision = 0;  // grows with each change; 0: nothing is stored
};

class NamedPolicies {
public:
    NamedPolicies(aws::Client& client, std::string table) : item_(client, std::move(table), "policies", "file") {}

    /// NoSettingsTable in a stack of before there was one.
    [[nodiscard]] Result<StoredPolicies> read();
    /// Puts a file in the place of the one that was read, and the record of it into the trail (policies_put), together
    /// or not at all; false when somebody else wrote since.
    [[nodiscard]] Result<bool> put(const PolicyFile& file, const StoredPolicies& read, Repository& repository,
                                   const AuditEvent& event);

private:
    SettingsItem<std::string> item_;  // JSON text
};

}  // namespace holdpoint::approvals
