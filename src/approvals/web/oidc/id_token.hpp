// ID tokens: what a provider of OpenID Connect says of somebody, signed. (OpenID Connect Core 1.0, section 3.1.3.7;
// RFC 7515, RFC 7519)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "approvals/web/oidc/web_keys.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "durable/json.hpp"

namespace holdpoint::approvals::oidc {

/// A signed token in its parts; nothing in it is proven yet.
struct IdToken {
    std::string algorithm;
    std::string key_id;       // may be empty
    std::string signed_text;  // header and payload as they came
    std::string signature;
    durable::Json claims;
};
/// OidcRefused for what is no signed token, or has a signature that is not taken here.
[[nodiscard]] Result<IdToken> read_id_token(std::string_view token);

/// Whether there is a key for this token's kid and algorithm; a token without a kid needs a set with one fitting key.
[[nodiscard]] const WebKey* find_key(const std::vector<WebKey>& keys, const IdToken& token);
[[nodiscard]] bool is_signed_by(const IdToken& token, const WebKey& key);

struct Expectation {
    std::string issuer;
    std::string client_id;
    std::string nonce;
};
/// What makes the claims worth nothing here, with a few seconds' patience for clocks; OidcRefused says which.
[[nodiscard]] Result<void> check_claims(const durable::Json& claims, const Expectation& expected, TimePoint now);

/// A claim as text; empty when it is missing or something else.
[[nodiscard]] std::string text_claim(const durable::Json& claims, std::string_view name);
/// A list of texts, or one text; "a.b" reaches into an object where no claim has that whole name.
[[nodiscard]] std::vector<std::string> list_claim(const durable::Json& claims, std::string_view name);
/// True, or the text "true", which some providers send.
[[nodiscard]] bool flag_claim(const durable::Json& claims, std::string_view name);

}  // namespace holdpoint::approvals::oidc
