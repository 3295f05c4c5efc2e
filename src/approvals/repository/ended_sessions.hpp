// Ended sessions: those that somebody signed out of, each an item of the settings table until it had ended by itself.
// A cookie cannot be taken back from whoever copied it; this is why a copy is good for nothing.
#pragma once

#include <string>
#include <utility>

#include "approvals/domain/links.hpp"
#include "approvals/repository/table.hpp"

namespace holdpoint::approvals {

class EndedSessions {
public:
    EndedSessions(aws::Client& client, std::string table) : table_(client, std::move(table)) {}

    /// As the table has it now: whoever signs out is signed out at once, everywhere.
    [[nodiscard]] Result<bool> contain(const SessionClaims& session);
    [[nodiscard]] Result<void> add(const SessionClaims& session);

private:
    Table table_;
};

}  // namespace holdpoint::approvals
