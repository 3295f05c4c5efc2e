// Signer: somebody who signs tokens as providers of OpenID Connect do.
#pragma once

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>

#include "approvals/domain/signing.hpp"
#include "durable/json.hpp"

namespace holdpoint::approvals::testing {

using durable::Json;

inline Json text(std::string_view value) {
    return Json(Json::Data(std::string(value)));
}

class Signer {
public:
    static Signer es256() { return Signer("ES256", EVP_EC_gen("P-256")); }
    static Signer rsa(const std::string& algorithm) { return Signer(algorithm, EVP_RSA_gen(2048)); }

    std::string sign(const std::string& text) const {
        EVP_MD_CTX* context = EVP_MD_CTX_new();
        EVP_PKEY_CTX* options = nullptr;
        EVP_DigestSignInit(context, &options, EVP_sha256(), nullptr, key_.get());
        if (algorithm_ == "PS256") {
            EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
            EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST);
        }
        std::string signature(600, '\0');
        std::size_t size = signature.size();
        auto* to = reinterpret_cast<unsigned char*>(signature.data());
        EVP_DigestSign(context, to, &size, reinterpret_cast<const unsigned char*>(text.data()), text.size());
        EVP_MD_CTX_free(context);
        signature.resize(size);
        return algorithm_ == "ES256" ? raw(signature) : signature;
    }

    /// A whole token; `header` replaces what it says of itself.
    std::string token(const Json::Object& claims, const std::string& header = {}) const {
        const std::string says = header.empty() ? R"({"alg":")" + algorithm_ + R"(","kid":")" + id + R"("})" : header;
        const std::string signed_text =
            base64url_encode(says) + "." + base64url_encode(Json(Json::Data(claims)).dump());
        return signed_text + "." + base64url_encode(sign(signed_text));
    }

    Json web_key() const {
        if (algorithm_ == "ES256") {
            return Json(Json::Data(Json::Object{{"kty", text("EC")},
                                                {"crv", text("P-256")},
                                                {"kid", text(id)},
                                                {"use", text("sig")},
                                                {"x", text(parameter(OSSL_PKEY_PARAM_EC_PUB_X, 32))},
                                                {"y", text(parameter(OSSL_PKEY_PARAM_EC_PUB_Y, 32))}}));
        }
        return Json(Json::Data(Json::Object{{"kty", text("RSA")},
                                            {"kid", text(id)},
                                            {"n", text(parameter(OSSL_PKEY_PARAM_RSA_N, 0))},
                                            {"e", text(parameter(OSSL_PKEY_PARAM_RSA_E, 0))}}));
    }

    std::string id = "key-1";

private:
    Signer(std::string algorithm, EVP_PKEY* key) : algorithm_(std::move(algorithm)), key_(key, EVP_PKEY_free) {}

    std::string parameter(const char* name, int size) const {
        BIGNUM* value = nullptr;
        EVP_PKEY_get_bn_param(key_.get(), name, &value);
        std::string bytes(static_cast<std::size_t>(size > 0 ? size : BN_num_bytes(value)), '\0');
        BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
        BN_free(value);
        return base64url_encode(bytes);
    }

    static std::string raw(const std::string& der) {
        const auto* from = reinterpret_cast<const unsigned char*>(der.data());
        ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &from, static_cast<long>(der.size()));
        std::string bytes(64, '\0');
        BN_bn2binpad(ECDSA_SIG_get0_r(pair), reinterpret_cast<unsigned char*>(bytes.data()), 32);
        BN_bn2binpad(ECDSA_SIG_get0_s(pair), reinterpret_cast<unsigned char*>(bytes.data()) + 32, 32);
        ECDSA_SIG_free(pair);
        return bytes;
    }

    std::string algorithm_;
    std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace holdpoint::approvals::testing
