// Agreements: holds a request's record against its chain while people may be deciding it.
#pragma once

#include <string>
#include <vector>

#include "approvals/repository/repository.hpp"

namespace holdpoint::approvals {

/// What a request's record says otherwise than its chain (domain/agreement.hpp). Where the two differ they are read
/// anew, because a decision may have come between. Nothing is wrong with a record that the table has forgotten.
[[nodiscard]] Result<std::vector<std::string>> check_agreement(Repository& repository, const std::string& approval_id);

}  // namespace holdpoint::approvals
