// Texts: what was shown and the policy, in full, beside their digests in an audit record. They are personal fields, so
// they may be erased.
#pragma once

#include <string>
#include <vector>

#include "approvals/domain/audit.hpp"

namespace holdpoint::approvals {

/// Adds to the event that a request was made the policy, and what is shown, where the event's other members do not give
/// that: a document with fields or a link.
void tell_texts(const ApprovalRequest& approval, AuditEvent& event);

/// Whether a record has the digest alone of what was shown or of the policy, as those of earlier versions have.
[[nodiscard]] bool lacks_text(const AuditRecord& record);

/// The fields of a record which hold one of these names, as a whole, among others.
[[nodiscard]] std::vector<std::string> texts_naming(const AuditRecord& record, const std::vector<std::string>& people);

}  // namespace holdpoint::approvals
