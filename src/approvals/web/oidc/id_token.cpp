#include "approvals/web/oidc/id_token.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "approvals/domain/signing.hpp"
#include "base/encoding.hpp"

namespace holdpoint::approvals::oidc {

using durable::Json;

namespace {

constexpr std::size_t kTokenMax = 64UL * 1024;
constexpr std::int64_t kSkewSeconds = 60;
constexpr std::size_t kGroupsMax = 200;
constexpr std::size_t kGroupMax = 256;

std::unexpected<Error> refuse(std::string message) {
    return fail("OidcRefused", 401, std::move(message));
}

std::optional<Json> object_of(std::string_view encoded) {
    try {
        Json json = Json::parse(base64url_decode(encoded).value_or(""));
        if (json.get_if<Json::Object>() != nullptr) return json;
    } catch (const durable::SerdesError&) {
        return std::nullopt;
    }
    return std::nullopt;
}

/// Seconds since the epoch, which may have a fraction; nothing when it is missing or no time.
std::optional<double> time_claim(const Json& claims, std::string_view name) {
    const Json* claim = claims.find(name);
    if (claim == nullptr) return std::nullopt;
    if (const auto* whole = claim->get_if<std::int64_t>()) return static_cast<double>(*whole);
    const auto* number = claim->get_if<double>();
    return number != nullptr && std::isfinite(*number) ? std::optional(*number) : std::nullopt;
}

std::vector<std::string> texts_of(const Json* value) {
    std::vector<std::string> texts;
    if (value == nullptr) return texts;
    if (const auto* one = value->get_if<std::string>()) texts.push_back(*one);
    const auto* list = value->get_if<Json::Array>();
    for (const Json& each : list == nullptr ? Json::Array() : *list) {
        if (const auto* text = each.get_if<std::string>()) texts.push_back(*text);
    }
    return texts;
}

Result<void> check_audience(const Json& claims, const std::string& client_id) {
    const std::vector<std::string> audience = texts_of(claims.find("aud"));
    if (std::ranges::find(audience, client_id) == audience.end())
        return refuse("aud: the ID token is for another application.");
    const Json* party = claims.find("azp");
    if (party == nullptr && audience.size() > 1) return refuse("azp: is missing from an ID token for several.");
    if (party != nullptr && text_claim(claims, "azp") != client_id)
        return refuse("azp: the ID token was given to another application.");
    return {};
}

Result<void> check_times(const Json& claims, TimePoint now) {
    const double seconds = static_cast<double>(to_epoch_ms(now)) / 1000;
    const auto expires = time_claim(claims, "exp");
    const auto issued = time_claim(claims, "iat");
    if (!expires) return refuse("exp: the ID token does not say when it expires.");
    if (!issued) return refuse("iat: the ID token does not say when it was made.");
    if (seconds >= *expires + kSkewSeconds) return refuse("exp: the ID token has expired.");
    if (*issued > seconds + kSkewSeconds) return refuse("iat: the ID token is from the future; compare the clocks.");
    if (claims.find("nbf") == nullptr) return {};
    const auto begins = time_claim(claims, "nbf");
    if (!begins || *begins > seconds + kSkewSeconds) return refuse("nbf: the ID token is not good yet.");
    return {};
}

}  // namespace

Result<IdToken> read_id_token(std::string_view token) {
    const std::size_t first = token.find('.');
    const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (token.size() > kTokenMax || second == std::string_view::npos ||
        token.find('.', second + 1) != std::string_view::npos) {
        return refuse("The ID token is no signed token of three parts.");
    }
    const auto header = object_of(token.substr(0, first));
    auto claims = object_of(token.substr(first + 1, second - first - 1));
    const auto signature = base64url_decode(token.substr(second + 1));
    if (!header || !claims || !signature) return refuse("The ID token is no signed token of three parts.");
    IdToken read{.algorithm = text_claim(*header, "alg"),
                 .key_id = text_claim(*header, "kid"),
                 .signed_text = std::string(token.substr(0, second)),
                 .signature = *signature,
                 .claims = std::move(*claims)};
    if (!find_algorithm(read.algorithm))
        return refuse(fmt::format("alg: expected RS256, PS256 or ES256, found {}.",
                                  read.algorithm.empty() ? "nothing" : as_utf8(read.algorithm.substr(0, 16))));
    if (header->find("crit") != nullptr) return refuse("crit: the ID token needs what is not known here.");
    return read;
}

const WebKey* find_key(const std::vector<WebKey>& keys, const IdToken& token) {
    const WebKey* found = nullptr;
    for (const WebKey& key : keys) {
        if (!key.algorithm.empty() && key.algorithm != token.algorithm) continue;
        if (!token.key_id.empty() && key.id == token.key_id) return &key;
        if (!token.key_id.empty()) continue;
        if (found != nullptr) return nullptr;  // which of them?
        found = &key;
    }
    return found;
}

bool is_signed_by(const IdToken& token, const WebKey& key) {
    const auto algorithm = find_algorithm(token.algorithm);
    return algorithm && key.key.verifies(*algorithm, token.signed_text, token.signature);
}

Result<void> check_claims(const Json& claims, const Expectation& expected, TimePoint now) {
    if (text_claim(claims, "iss") != expected.issuer) return refuse("iss: the ID token is from another issuer.");
    if (auto ok = check_audience(claims, expected.client_id); !ok) return ok;
    if (auto ok = check_times(claims, now); !ok) return ok;
    if (expected.nonce.empty() || !equal_constant_time(text_claim(claims, "nonce"), expected.nonce))
        return refuse("nonce: the ID token is for another sign-in.");
    constexpr std::size_t kSubjectMax = 255;
    const std::string subject = text_claim(claims, "sub");
    if (subject.empty() || subject.size() > kSubjectMax) return refuse("sub: the ID token names nobody.");
    return {};
}

std::string text_claim(const Json& claims, std::string_view name) {
    const Json* claim = claims.find(name);
    const auto* text = claim == nullptr ? nullptr : claim->get_if<std::string>();
    return text == nullptr ? std::string() : *text;
}

std::vector<std::string> list_claim(const Json& claims, std::string_view name) {
    const Json* claim = claims.find(name);
    const std::size_t dot = name.find('.');
    if (claim == nullptr && dot != std::string_view::npos) {
        const Json* outer = claims.find(name.substr(0, dot));
        return outer == nullptr ? std::vector<std::string>() : list_claim(*outer, name.substr(dot + 1));
    }
    std::vector<std::string> texts = texts_of(claim);
    std::erase_if(texts, [](const std::string& text) { return text.empty() || text.size() > kGroupMax; });
    if (texts.size() > kGroupsMax) texts.resize(kGroupsMax);
    return texts;
}

bool flag_claim(const Json& claims, std::string_view name) {
    const Json* claim = claims.find(name);
    const auto* flag = claim == nullptr ? nullptr : claim->get_if<bool>();
    return flag != nullptr ? *flag : text_claim(claims, name) == "true";
}

}  // namespace holdpoint::approvals::oidc
