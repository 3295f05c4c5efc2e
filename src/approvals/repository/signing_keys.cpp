#include "approvals/repository/signing_keys.hpp"

#include "base/encoding.hpp"

namespace holdpoint::approvals {

namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::chrono::seconds kKept{5};
constexpr std::chrono::seconds kPause{1};

}  // namespace

Result<KeyRing> SigningKeys::current() {
    if (ring_ && clock_.monotonic() - read_at_ < kKept) return *ring_;
    return reread();
}

Result<KeyRing> SigningKeys::reread() {
    if (ring_ && clock_.monotonic() - read_at_ < kPause) return *ring_;
    const auto stored = item_.read();
    if (!stored) return std::unexpected(stored.error());
    if (!stored->value.empty()) return kept(stored->value);
    return kept(item_.change([&](StoredKeys keys) -> Result<StoredKeys> {
        if (keys.empty()) keys.push_back(make_key());
        return keys;
    }));
}

Result<KeyRing> SigningKeys::rotate(bool drop_older) {
    return kept(item_.change([&](StoredKeys keys) -> Result<StoredKeys> {
        if (drop_older) keys.clear();
        keys.insert(keys.begin(), make_key());
        return keys;
    }));
}

StoredKey SigningKeys::make_key() {
    return {.id = to_hex(random_.bytes(4)), .secret = base64_encode(random_.bytes(kSecretBytes))};
}

Result<KeyRing> SigningKeys::kept(const Result<StoredKeys>& stored) {
    if (!stored) return std::unexpected(stored.error());
    std::vector<SigningKey> keys;
    for (const auto& [id, secret] : *stored) keys.push_back({.id = id, .secret = base64_decode(secret).value_or("")});
    auto ring = KeyRing::make(std::move(keys));
    if (!ring) return ring;
    ring_ = *ring;
    read_at_ = clock_.monotonic();
    return ring;
}

}  // namespace holdpoint::approvals
