// Revocation list: the links, tokens and sessions that were taken back, kept in the settings table.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "approvals/domain/revocations.hpp"
#include "approvals/repository/settings_item.hpp"
#include "base/clock.hpp"

namespace holdpoint::approvals {

class RevocationList {
public:
    RevocationList(aws::Client& client, std::string table, const Clock& clock)
        : item_(client, std::move(table), "revoked", "revocations"), clock_(clock) {}

    /// As the table has it, read again after a few seconds.
    [[nodiscard]] Result<Revocations> current();
    /// One link or token by its id; or all that somebody was given before now.
    [[nodiscard]] Result<void> revoke_credential(const std::string& id);
    [[nodiscard]] Result<void> revoke_person(const std::string& person);

private:
    [[nodiscard]] Result<void> changed(const std::function<Result<Revocations>(Revocations)>& add);

    SettingsItem<Revocations> item_;
    const Clock& clock_;
    std::optional<Revocations> kept_;
    Milliseconds read_at_{0};
};

}  // namespace holdpoint::approvals
