// Signing keys: the secrets behind links, tokens and sessions, kept in the settings table. The first one is made when
// it is first needed.
#pragma once

#include <optional>
#include <string>

#include "approvals/domain/signing.hpp"
#include "aws/client.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"

namespace holdpoint::approvals {

class SigningKeys {
public:
    SigningKeys(aws::Client& client, std::string table, const Clock& clock, Random& random)
        : client_(client), table_(std::move(table)), clock_(clock), random_(random) {}

    /// As the table has them, read again after a few seconds.
    [[nodiscard]] Result<KeyRing> current();
    /// Reads them now, at most once a second: somebody came with what no current key signed.
    [[nodiscard]] Result<KeyRing> reread();
    /// Adds a key, which signs from now on. What older keys signed stays good, until they are dropped.
    [[nodiscard]] Result<KeyRing> rotate(bool drop_older);

private:
    struct Stored {
        std::vector<SigningKey> keys;  // newest first
        std::int64_t revision = 0;     // 0: nothing is stored
    };
    [[nodiscard]] Result<Stored> read();
    /// False when somebody else wrote since it was read.
    [[nodiscard]] Result<bool> write(const Stored& stored);
    [[nodiscard]] SigningKey make_key();
    [[nodiscard]] Result<KeyRing> kept(Stored stored);

    aws::Client& client_;
    std::string table_;
    const Clock& clock_;
    Random& random_;
    std::optional<KeyRing> ring_;
    Milliseconds read_at_{0};
};

}  // namespace holdpoint::approvals
