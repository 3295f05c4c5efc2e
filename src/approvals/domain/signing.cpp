#include "approvals/domain/signing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "base/encoding.hpp"

namespace holdpoint::approvals {

namespace {

constexpr std::size_t kIdMax = 32;
constexpr std::size_t kSecretMin = 32;

bool is_id(std::string_view id) {
    return !id.empty() && id.size() <= kIdMax && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

std::unexpected<Error> invalid(std::string message) {
    return fail("InvalidKeyRing", 400, std::move(message));
}

}  // namespace

Result<KeyRing> KeyRing::make(std::vector<SigningKey> keys) {
    if (keys.empty()) return invalid("keys: expected at least one, found none.");
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (!is_id(keys[i].id)) {
            return invalid(fmt::format("keys[{}].id: expected 1 to {} letters, digits, - and _, found something else.",
                                       i, kIdMax));
        }
        if (keys[i].secret.size() < kSecretMin) {
            return invalid(fmt::format("keys[{}].secret: expected at least {} bytes, found {}.", i, kSecretMin,
                                       keys[i].secret.size()));
        }
        for (std::size_t j = 0; j < i; ++j) {
            if (keys[j].id == keys[i].id) return invalid(fmt::format("keys[{}].id: {} is there twice.", i, keys[i].id));
        }
    }
    return KeyRing(std::move(keys));
}

const SigningKey* KeyRing::find(std::string_view id) const {
    const auto key = std::find_if(keys_.begin(), keys_.end(), [&](const SigningKey& each) { return each.id == id; });
    return key == keys_.end() ? nullptr : &*key;
}

std::string KeyRing::sign(std::string_view purpose, std::string_view id, std::string_view text) const {
    const SigningKey* key = find(id);
    if (key == nullptr) throw std::invalid_argument("a key ring has no key of this id");
    // Lengths before texts: no two purposes and texts read the same.
    return base64url_encode(
        hmac_sha256(key->secret, fmt::format("{}:{};{}:{};{}", purpose.size(), purpose, id.size(), id, text)));
}

bool KeyRing::verify(std::string_view purpose, std::string_view id, std::string_view text,
                     std::string_view signature) const {
    // As text: decoding would ignore the last bits of the last character.
    return has(id) && equal_constant_time(sign(purpose, id, text), signature);
}

std::string base64url_encode(std::string_view bytes) {
    std::string text = base64_encode(bytes);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    while (text.ends_with('=')) text.pop_back();
    return text;
}

std::optional<std::string> base64url_decode(std::string_view text) {
    std::string padded(text);
    std::replace(padded.begin(), padded.end(), '-', '+');
    std::replace(padded.begin(), padded.end(), '_', '/');
    padded.append((4 - padded.size() % 4) % 4, '=');
    auto bytes = base64_decode(padded);
    // Each text of bytes has one form; +, / and stray last bits have none.
    if (!bytes || base64url_encode(*bytes) != text) return std::nullopt;
    return bytes;
}

}  // namespace holdpoint::approvals
