// Signing: a ring of secret keys, of which the newest signs and all verify. (HMAC-SHA-256, RFC 2104)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace holdpoint::approvals {

struct SigningKey {
    std::string id;      // 1 to 32 letters, digits, - and _; it can be read in what is signed
    std::string secret;  // at least 32 bytes
};

class KeyRing {
public:
    /// Newest first. Fails with InvalidKeyRing; no message shows a secret.
    [[nodiscard]] static Result<KeyRing> make(std::vector<SigningKey> keys);

    [[nodiscard]] const std::string& newest_id() const { return keys_.front().id; }
    [[nodiscard]] bool has(std::string_view id) const { return find(id) != nullptr; }
    /// By the key of that id, which must be there; base64url. What is signed for one purpose is worth nothing for
    /// another.
    [[nodiscard]] std::string sign(std::string_view purpose, std::string_view id, std::string_view text) const;
    /// In time that does not tell how much of a signature is right; false when there is no such key.
    [[nodiscard]] bool verify(std::string_view purpose, std::string_view id, std::string_view text,
                              std::string_view signature) const;

private:
    explicit KeyRing(std::vector<SigningKey> keys) : keys_(std::move(keys)) {}
    [[nodiscard]] const SigningKey* find(std::string_view id) const;

    std::vector<SigningKey> keys_;
};

/// RFC 4648 section 5, without padding.
[[nodiscard]] std::string base64url_encode(std::string_view bytes);
/// Nothing when `text` is not what base64url_encode makes of some bytes.
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace holdpoint::approvals
