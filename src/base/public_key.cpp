#include "base/public_key.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <string>

#include "base/owned.hpp"

namespace holdpoint {

namespace {

constexpr std::size_t kCoordinate = 32;
constexpr int kModulusBitsMin = 2048;
constexpr int kModulusBitsMax = 8192;
constexpr std::size_t kExponentMax = 8;

using Number = Owned<BIGNUM, BN_free>;
using Builder = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Parameters = Owned<OSSL_PARAM, OSSL_PARAM_free>;
using Making = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using Verification = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using Pair = Owned<ECDSA_SIG, ECDSA_SIG_free>;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

Number number_of(std::string_view bytes) {
    return Number(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

/// nullptr when OpenSSL does not take it for a public key.
std::shared_ptr<void> make_key(const char* type, OSSL_PARAM_BLD* builder) {
    const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
    const Making making(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!parameters || !making || EVP_PKEY_fromdata_init(making.get()) != 1 ||
        EVP_PKEY_fromdata(making.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
        return nullptr;
    }
    std::shared_ptr<void> owned(key, [](void* each) { EVP_PKEY_free(static_cast<EVP_PKEY*>(each)); });
    const Making checking(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    return checking && EVP_PKEY_public_check(checking.get()) == 1 ? owned : nullptr;
}

/// DER, as OpenSSL wants it; empty when it is no pair of 32 bytes each.
std::string in_der(std::string_view signature) {
    if (signature.size() != 2 * kCoordinate) return {};
    const Pair pair(ECDSA_SIG_new());
    Number r = number_of(signature.substr(0, kCoordinate));
    Number s = number_of(signature.substr(kCoordinate));
    if (!pair || !r || !s) return {};
    if (ECDSA_SIG_set0(pair.get(), r.release(), s.release()) != 1) return {};  // it fails for nothing but nullptr
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(pair.get(), &der);
    std::string text = size > 0 ? std::string(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)) : "";
    OPENSSL_free(der);
    return text;
}

}  // namespace

std::optional<PublicKey> PublicKey::rsa(std::string_view modulus, std::string_view exponent) {
    if (exponent.empty() || exponent.size() > kExponentMax || modulus.size() > kModulusBitsMax / 8 + 1)
        return std::nullopt;
    const Number n = number_of(modulus);
    const Number e = number_of(exponent);
    const Builder builder(OSSL_PARAM_BLD_new());
    if (!n || !e || !builder || BN_num_bits(n.get()) < kModulusBitsMin || BN_num_bits(n.get()) > kModulusBitsMax ||
        BN_is_odd(n.get()) == 0 || BN_is_odd(e.get()) == 0 || BN_is_one(e.get()) == 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
        return std::nullopt;
    }
    auto key = make_key("RSA", builder.get());
    return key ? std::optional(PublicKey(Kind::rsa, std::move(key))) : std::nullopt;
}

std::optional<PublicKey> PublicKey::p256(std::string_view x, std::string_view y) {
    if (x.size() != kCoordinate || y.size() != kCoordinate) return std::nullopt;
    const std::string point = std::string(1, '\x04').append(x).append(y);
    const Builder builder(OSSL_PARAM_BLD_new());
    if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
        return std::nullopt;
    }
    auto key = make_key("EC", builder.get());
    return key ? std::optional(PublicKey(Kind::p256, std::move(key))) : std::nullopt;
}

bool PublicKey::verifies(SignatureAlgorithm algorithm, std::string_view text, std::string_view signature) const {
    const bool needs_rsa = algorithm != SignatureAlgorithm::es256;
    if (needs_rsa != (kind_ == Kind::rsa)) return false;
    const std::string given = needs_rsa ? std::string(signature) : in_der(signature);
    const Verification verification(EVP_MD_CTX_new());
    EVP_PKEY_CTX* options = nullptr;
    if (given.empty() || !verification ||
        EVP_DigestVerifyInit(verification.get(), &options, EVP_sha256(), nullptr, static_cast<EVP_PKEY*>(key_.get())) !=
            1) {
        return false;
    }
    if (algorithm == SignatureAlgorithm::ps256 &&
        (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
         EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1)) {
        return false;
    }
    return EVP_DigestVerify(verification.get(), bytes_of(given), given.size(), bytes_of(text), text.size()) == 1;
}

}  // namespace holdpoint
