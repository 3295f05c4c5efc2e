#include "base/seal.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "base/encoding.hpp"
#include "base/owned.hpp"
#include "base/private_file.hpp"

namespace holdpoint {

namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
/// A control character, "HP", and the version.
constexpr std::string_view kMark = "\x01HP\x01";

EVP_CIPHER_CTX* cipher() {
    // Made once for each thread: to make one costs more than to seal a row.
    thread_local const Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> context(EVP_CIPHER_CTX_new());
    return context.get();
}

const EVP_CIPHER* aes() {
    static const EVP_CIPHER* const kind = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    return kind;
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

void require(bool done) {
    if (!done) throw std::runtime_error("OpenSSL could not seal");
}

std::optional<std::string> from_hex(std::string_view text) {
    if (text.size() != 2 * kKeyBytes) return std::nullopt;
    const auto digit = [](char c) {
        const auto found = std::string_view("0123456789abcdef").find(static_cast<char>(std::tolower(c)));
        return found == std::string_view::npos ? -1 : static_cast<int>(found);
    };
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = digit(text[i]);
        const int low = digit(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes += static_cast<char>(high * 16 + low);
    }
    return bytes;
}

}  // namespace

SealKey::SealKey(std::string_view bytes) : bytes_(bytes) {
    if (bytes_.size() != kKeyBytes) throw SealError("a key has 32 bytes");
}

SealKey SealKey::parse(std::string_view text, std::string_view where) {
    const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    auto bytes = from_hex(text);
    if (!bytes) bytes = base64_decode(text);
    if (bytes && bytes->size() == kKeyBytes) return SealKey(*bytes);
    throw SealError(std::string(where) +
                    " holds no master key: expected 32 bytes as 64 hexadecimal digits or in base64, such as "
                    "`openssl rand -hex 32` makes");
}

SealKey SealKey::read(const std::string& path) {
    const auto text = read_private_file(path);
    // Somebody's key, which must not be repeated: this goes into logs.
    if (!text && from_hex(path))
        throw SealError("expected a master key's file, found a key itself in place of its path");
    if (!text) throw SealError("there is no master key file " + path + ": make one with `openssl rand -hex 32`");
    return parse(*text, path);
}

std::optional<SealKey> SealKey::from_environment() {
    const auto variable = [](const char* name) {
        const char* value = std::getenv(name);
        return std::string(value == nullptr ? "" : value);
    };
    if (const auto text = variable("HOLDPOINT_MASTER_KEY"); !text.empty()) return parse(text, "HOLDPOINT_MASTER_KEY");
    if (const auto path = variable("HOLDPOINT_MASTER_KEY_FILE"); !path.empty()) return read(path);
    return std::nullopt;
}

SealKey SealKey::make() {
    std::string bytes(kKeyBytes, '\0');
    require(RAND_bytes(bytes_of(bytes), static_cast<int>(bytes.size())) == 1);
    return SealKey(bytes);
}

std::string SealKey::seal(std::string_view plain, std::string_view context) const {
    const std::size_t start = kMark.size() + kNonceBytes;
    std::string envelope(kMark);
    envelope.resize(start + plain.size() + kTagBytes);
    unsigned char* nonce = bytes_of(envelope) + kMark.size();
    unsigned char* out = bytes_of(envelope) + start;
    EVP_CIPHER_CTX* with = cipher();
    int size = 0;
    require(RAND_bytes(nonce, kNonceBytes) == 1);
    require(EVP_EncryptInit_ex2(with, aes(), bytes_of(bytes_), nonce, nullptr) == 1);
    require(EVP_EncryptUpdate(with, nullptr, &size, bytes_of(context), static_cast<int>(context.size())) == 1);
    require(EVP_EncryptUpdate(with, out, &size, bytes_of(plain), static_cast<int>(plain.size())) == 1);
    require(EVP_EncryptFinal_ex(with, out + plain.size(), &size) == 1);
    require(EVP_CIPHER_CTX_ctrl(with, EVP_CTRL_AEAD_GET_TAG, kTagBytes, out + plain.size()) == 1);
    return envelope;
}

std::optional<std::string> SealKey::open(std::string_view envelope, std::string_view context) const {
    const std::size_t start = kMark.size() + kNonceBytes;
    if (!is_sealed(envelope)) return std::nullopt;
    const std::string_view sealed = envelope.substr(start, envelope.size() - start - kTagBytes);
    std::string tag(envelope.substr(envelope.size() - kTagBytes));
    std::string plain(sealed.size(), '\0');
    EVP_CIPHER_CTX* with = cipher();
    int size = 0;
    require(EVP_DecryptInit_ex2(with, aes(), bytes_of(bytes_), bytes_of(envelope) + kMark.size(), nullptr) == 1);
    require(EVP_DecryptUpdate(with, nullptr, &size, bytes_of(context), static_cast<int>(context.size())) == 1);
    require(EVP_DecryptUpdate(with, bytes_of(plain), &size, bytes_of(sealed), static_cast<int>(sealed.size())) == 1);
    require(EVP_CIPHER_CTX_ctrl(with, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1);
    unsigned char none[kTagBytes];
    if (EVP_DecryptFinal_ex(with, none, &size) != 1) return std::nullopt;
    return plain;
}

bool is_sealed(std::string_view bytes) {
    return bytes.starts_with(kMark) && bytes.size() >= kMark.size() + kNonceBytes + kTagBytes;
}

}  // namespace holdpoint
