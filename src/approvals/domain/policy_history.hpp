// Policy history: what became of named policies, as a chain of the audit trail. So an auditor sees who changed which
// policy and when, and a version that was ever stored cannot come back with other content.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "approvals/domain/audit.hpp"
#include "approvals/domain/policy.hpp"
#include "base/clock.hpp"

namespace holdpoint::approvals {

struct PolicyVersion {
    std::string name;
    std::int64_t version = 1;
    std::string digest;  // SHA-256 of its canonical JSON, hex: whoever is in its groups, it is the same
    friend bool operator==(const PolicyVersion&, const PolicyVersion&) = default;
};
BOOST_DESCRIBE_STRUCT(PolicyVersion, (), (name, version, digest))

[[nodiscard]] PolicyVersion version_of(const Policy& policy);

/// The record of a file that takes the place of the stored one (docs/audit.md).
[[nodiscard]] AuditEvent policies_put(const PolicyFile& stored, const PolicyFile& file, TimePoint at);
/// Every version that the chain says was stored.
[[nodiscard]] std::vector<PolicyVersion> versions_in(const std::vector<AuditRecord>& chain);
/// Whether every version of the file that was stored before has the content that it had. InvalidPolicy.
[[nodiscard]] Result<void> check_history(const PolicyFile& file, const std::vector<PolicyVersion>& known);

}  // namespace holdpoint::approvals
