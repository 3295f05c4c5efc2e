// Requests: what the page asks for, taken apart. INVALID_REQUEST says what was wrong, where, and what was expected.
#pragma once

#include <map>
#include <string>

#include "approvals/domain/deciding.hpp"
#include "approvals/domain/validation.hpp"

namespace holdpoint::approvals {

/// One of the two is there.
struct SignInRequest {
    std::string token;
    std::string link;
};
[[nodiscard]] Result<SignInRequest> read_sign_in(const std::string& body);

/// A page of the inbox.
struct InboxRequest {
    ListRequest list;
    std::string text;   // to be found, as the key of a name (names.hpp); empty: anything
    bool mine = false;  // only what the viewer may decide
};
[[nodiscard]] Result<InboxRequest> read_inbox_request(const std::map<std::string, std::string>& query);
/// Whether the text is in the document's name or id, or in the requester, compared as names are.
[[nodiscard]] bool matches(const InboxRequest& request, const ApprovalRequest& approval);

/// Who rejects, or wants changes, says why.
[[nodiscard]] Result<Ballot> read_ballot(const std::string& body, const Identity& voter);

/// What the signed-in requester changes of their document.
[[nodiscard]] Result<Amendment> read_document_change(const std::string& body, const Identity& requester);

}  // namespace holdpoint::approvals
