#include "approvals/web/oidc/web_keys.hpp"

#include "approvals/domain/signing.hpp"

namespace holdpoint::approvals::oidc {

using durable::Json;

namespace {

constexpr std::size_t kKeysMax = 64;

std::string text_of(const Json& object, std::string_view name) {
    const Json* member = object.find(name);
    const auto* text = member == nullptr ? nullptr : member->get_if<std::string>();
    return text == nullptr ? std::string() : *text;
}

std::optional<PublicKey> key_of(const Json& object) {
    const auto number = [&](std::string_view name) { return base64url_decode(text_of(object, name)).value_or(""); };
    const std::string kind = text_of(object, "kty");
    if (kind == "RSA") return PublicKey::rsa(number("n"), number("e"));
    if (kind == "EC" && text_of(object, "crv") == "P-256") return PublicKey::p256(number("x"), number("y"));
    return std::nullopt;
}

}  // namespace

std::optional<SignatureAlgorithm> find_algorithm(std::string_view name) {
    if (name == "RS256") return SignatureAlgorithm::rs256;
    if (name == "PS256") return SignatureAlgorithm::ps256;
    if (name == "ES256") return SignatureAlgorithm::es256;
    return std::nullopt;
}

std::vector<WebKey> read_web_keys(const Json& set) {
    std::vector<WebKey> keys;
    const Json* members = set.find("keys");
    const auto* list = members == nullptr ? nullptr : members->get_if<Json::Array>();
    if (list == nullptr) return keys;
    for (const Json& each : *list) {
        const std::string use = text_of(each, "use");
        if (keys.size() == kKeysMax || (!use.empty() && use != "sig")) continue;
        if (auto key = key_of(each))
            keys.push_back({.id = text_of(each, "kid"), .algorithm = text_of(each, "alg"), .key = std::move(*key)});
    }
    return keys;
}

}  // namespace holdpoint::approvals::oidc
