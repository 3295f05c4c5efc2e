// Signing keys: the secrets behind links, tokens and sessions, kept in the settings table. The first one is made when
// it is first needed.
#pragma once

#include <optional>
#include <string>

#include "approvals/domain/signing.hpp"
#include "approvals/repository/settings_item.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"

namespace holdpoint::approvals {

/// A key as the table has it.
struct StoredKey {
    std::string id;
    std::string secret;  // base64
};
BOOST_DESCRIBE_STRUCT(StoredKey, (), (id, secret))

class SigningKeys {
public:
    SigningKeys(aws::Client& client, std::string table, const Clock& clock, Random& random)
        : item_(client, std::move(table), "signing-keys", "keys"), clock_(clock), random_(random) {}

    /// As the table has them, read again after a few seconds.
    [[nodiscard]] Result<KeyRing> current();
    /// Reads them now, at most once a second: somebody came with what no current key signed.
    [[nodiscard]] Result<KeyRing> reread();
    /// Adds a key, which signs from now on. What older keys signed stays good, until they are dropped.
    [[nodiscard]] Result<KeyRing> rotate(bool drop_older);

private:
    using StoredKeys = std::vector<StoredKey>;  // newest first
    [[nodiscard]] StoredKey make_key();
    [[nodiscard]] Result<KeyRing> kept(const Result<StoredKeys>& stored);

    SettingsItem<StoredKeys> item_;
    const Clock& clock_;
    Random& random_;
    std::optional<KeyRing> ring_;
    Milliseconds read_at_{0};
};

}  // namespace holdpoint::approvals
