// Amending: the requester changes the document of a request that is not decided yet. The votes on it so far do not
// count any more.
#pragma once

#include <boost/describe.hpp>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "approvals/domain/audit.hpp"
#include "approvals/domain/deciding.hpp"

namespace holdpoint::approvals {

inline constexpr std::size_t kFieldsMax = 50;
/// Each amendment starts the votes anew, and a record holds only so much.
inline constexpr std::size_t kVersionsMax = 50;

/// What somebody wants to be different; the rest stays.
struct Amendment {
    Identity requester;
    std::optional<std::string> document_name;
    std::optional<std::string> link;                                         // empty: it goes away
    std::vector<std::pair<std::string, std::optional<std::string>>> fields;  // nothing: it goes away
    std::string shown_digest;                                                // of what they changed; may be empty
    friend bool operator==(const Amendment&, const Amendment&) = default;
};
BOOST_DESCRIBE_STRUCT(Amendment, (), (requester, document_name, link, fields, shown_digest))

struct Amended {
    ApprovalRequest approval;
    AuditEvent event;
};

/// The record with the next version of its document; nothing when it says all this already. Older versions are kept so
/// that who saw one is told what changed, as far as there is room. DOCUMENT_FIXED where the submission said that the
/// document is not amendable: whoever submitted it carries out what it said then.
[[nodiscard]] std::expected<std::optional<Amended>, Refusal> amend(const ApprovalRequest& approval,
                                                                   const Amendment& amendment, TimePoint now);

}  // namespace holdpoint::approvals
