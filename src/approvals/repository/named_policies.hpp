// Named policies: the policy file of a stack, kept in its settings table.
#pragma once

#include <cstdint>
#include <string>

#include "approvals/domain/policy.hpp"
#include "aws/client.hpp"

namespace holdpoint::approvals {

struct StoredPolicies {
    PolicyFile file;
    std::int64_t revision = 0;  // grows with each change; 0: nothing is stored
};

class NamedPolicies {
public:
    NamedPolicies(aws::Client& client, std::string table) : client_(client), table_(std::move(table)) {}

    /// NoSettingsTable in a stack of before there was one.
    [[nodiscard]] Result<StoredPolicies> read();
    /// Puts a file in the place of the one that was read; false when somebody else wrote since.
    [[nodiscard]] Result<bool> put(const PolicyFile& file, const StoredPolicies& read);

private:
    aws::Client& client_;
    std::string table_;
};

}  // namespace holdpoint::approvals
