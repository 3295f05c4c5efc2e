// Public keys: whether a signature is by whoever holds the private one. (RFC 7518, sections 3.3 to 3.5)
#pragma once

#include <memory>
#include <optional>
#include <string_view>

namespace holdpoint {

enum class SignatureAlgorithm { rs256, ps256, es256 };

class PublicKey {
public:
    /// Both as big-endian numbers. Nothing for less than 2,048 bits or more than 8,192.
    [[nodiscard]] static std::optional<PublicKey> rsa(std::string_view modulus, std::string_view exponent);
    /// A point of the curve P-256, 32 bytes each; nothing for what is none.
    [[nodiscard]] static std::optional<PublicKey> p256(std::string_view x, std::string_view y);

    /// False for a signature of another kind of key. One by ES256 is r and s, 32 bytes each.
    [[nodiscard]] bool verifies(SignatureAlgorithm algorithm, std::string_view text, std::string_view signature) const;

private:
    enum class Kind { rsa, p256 };
    PublicKey(Kind kind, std::shared_ptr<void> key) : kind_(kind), key_(std::move(key)) {}

    Kind kind_;
    std::shared_ptr<void> key_;  // EVP_PKEY
};

}  // namespace holdpoint
