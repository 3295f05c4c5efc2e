// Web keys: the public keys by which a provider's tokens are checked. (RFC 7517)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/public_key.hpp"
#include "durable/json.hpp"

namespace holdpoint::approvals::oidc {

struct WebKey {
    std::string id;         // kid; empty: it has none
    std::string algorithm;  // alg; empty: any that its kind can do
    PublicKey key;
};

/// Nothing for an algorithm that is not RS256, PS256 or ES256: none and the HMAC ones among them.
[[nodiscard]] std::optional<SignatureAlgorithm> find_algorithm(std::string_view name);

/// Those of a JWK set that can check signatures here; others are left out.
[[nodiscard]] std::vector<WebKey> read_web_keys(const durable::Json& set);

}  // namespace holdpoint::approvals::oidc
