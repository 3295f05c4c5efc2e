#include "approvals/domain/links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/encoding.hpp"
#include "durable/json.hpp"

namespace holdpoint::approvals {

using durable::Json;

namespace {

/// PREFIX.KEY_ID.PAYLOAD.SIGNATURE; the prefix tells what it is, and its version.
struct Kind {
    std::string_view prefix;
    std::string_view purpose;
    std::string_view name;
};
constexpr Kind kLink{.prefix = "hplink1", .purpose = "holdpoint one-click link 1", .name = "link"};
constexpr Kind kToken{.prefix = "hptoken1", .purpose = "holdpoint bearer token 1", .name = "token"};
constexpr Kind kSession{.prefix = "hpsession1", .purpose = "holdpoint session 1", .name = "session"};
constexpr Kind kPendingSignIn{.prefix = "hpsignin1", .purpose = "holdpoint pending sign-in 1", .name = "sign-in"};
constexpr std::size_t kTokenMax = 16'384;
/// Of the 4,096 bytes that browsers take (RFC 6265, section 6.1), what name, attributes and CSRF token leave.
constexpr std::size_t kSessionMax = 3'900;

std::unexpected<TokenRefusal> refuse(TokenProblem problem, std::string message) {
    return std::unexpected(TokenRefusal{.problem = problem, .message = std::move(message)});
}

std::unexpected<TokenRefusal> malformed(const Kind& kind) {
    return refuse(TokenProblem::malformed,
                  fmt::format("This {} is not whole, or is none: it was cut or changed on its way.", kind.name));
}

std::optional<std::array<std::string_view, 4>> parts_of(std::string_view token) {
    std::array<std::string_view, 4> parts;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::size_t end = token.find('.');
        if ((end == std::string_view::npos) != (i + 1 == parts.size())) return std::nullopt;
        parts[i] = token.substr(0, end);
        token.remove_prefix(end == std::string_view::npos ? token.size() : end + 1);
    }
    return parts;
}

template <class Claims>
std::string make(const Kind& kind, const KeyRing& keys, const Claims& claims) {
    const std::string& id = keys.newest_id();
    const std::string payload = base64url_encode(durable::to_json(claims).dump());
    return fmt::format("{}.{}.{}.{}", kind.prefix, id, payload, keys.sign(kind.purpose, id, payload));
}

/// The signature is looked at before what it signs.
template <class Claims>
std::expected<Claims, TokenRefusal> read(const Kind& kind, const KeyRing& keys, std::string_view token, TimePoint now) {
    const auto parts = token.size() > kTokenMax ? std::nullopt : parts_of(token);
    if (!parts) return malformed(kind);
    const auto [prefix, key_id, payload, signature] = *parts;
    for (const Kind& other : {kLink, kToken, kSession, kPendingSignIn}) {
        if (prefix != other.prefix || prefix == kind.prefix) continue;
        return refuse(TokenProblem::malformed,
                      fmt::format("This is a {}, where a {} is expected.", other.name, kind.name));
    }
    if (prefix != kind.prefix) return malformed(kind);
    if (!keys.has(key_id)) {
        return refuse(
            TokenProblem::unknown_key,
            fmt::format("This {} was signed with a key that is not used any more; ask for a new one.", kind.name));
    }
    if (!keys.verify(kind.purpose, key_id, payload, signature)) {
        return refuse(TokenProblem::wrong_signature,
                      fmt::format("This {} was changed after it was signed.", kind.name));
    }
    Claims claims;
    try {
        claims = durable::from_json<Claims>(Json::parse(base64url_decode(payload).value_or("")));
    } catch (const durable::SerdesError&) {
        return malformed(kind);
    }
    if (to_epoch_ms(now) / 1000 >= claims.expires) {
        return refuse(TokenProblem::expired, fmt::format("This {} has expired; ask for a new one.", kind.name));
    }
    return claims;
}

}  // namespace

std::string make_credential_id(std::int64_t expires, Random& random) {
    return fmt::format("{}-{}", expires, to_hex(random.bytes(8)));
}

std::optional<std::int64_t> expiry_of_credential(std::string_view id) {
    const std::string_view digits = id.substr(0, id.find('-'));
    std::int64_t expires = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), expires);
    const bool whole = error == std::errc{} && end == digits.data() + digits.size();
    return whole && digits.size() < id.size() && expires > 0 ? std::optional(expires) : std::nullopt;
}

bool is_credential_id(std::string_view id) {
    constexpr std::size_t kRandomMax = 64;
    constexpr std::string_view kHex = "0123456789abcdef";
    constexpr std::string_view kUuid = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    const auto is_hex = [&](char c) { return kHex.find(c) != std::string_view::npos; };
    if (id.size() == kUuid.size() &&
        std::ranges::equal(id, kUuid, [&](char c, char form) { return form == '-' ? c == '-' : is_hex(c); }))
        return true;
    if (!expiry_of_credential(id)) return false;
    const std::string_view random = id.substr(id.find('-') + 1);
    return !random.empty() && random.size() <= kRandomMax && std::ranges::all_of(random, is_hex);
}

std::int64_t expires_of_link(TimePoint deadline) {
    return to_epoch_ms(deadline + kLinkOutlivesDeadline) / 1000;
}

SessionClaims session_of(const TokenClaims& claims) {
    return {.person = claims.person,
            .groups = claims.groups,
            .proof = "token",
            .only_approval = {},
            .csrf_token = {},
            .expires = claims.expires,
            .credential = claims.token_id,
            .issued = claims.issued.value_or(0)};
}

bool fits_into_cookie(const KeyRing& keys, const TokenClaims& claims) {
    return make_session(keys, session_of(claims)).size() <= kSessionMax;
}

std::string credential_of(const LinkClaims& claims) {
    if (claims.link_id) return *claims.link_id;
    return fmt::format("{}-{}", claims.expires, to_hex(sha256(durable::to_json(claims).dump())).substr(0, 16));
}

std::string make_link(const KeyRing& keys, const LinkClaims& claims) {
    return make(kLink, keys, claims);
}

std::expected<LinkClaims, TokenRefusal> read_link(const KeyRing& keys, std::string_view link, TimePoint now) {
    return read<LinkClaims>(kLink, keys, link, now);
}

std::string make_token(const KeyRing& keys, const TokenClaims& claims) {
    return make(kToken, keys, claims);
}

std::expected<TokenClaims, TokenRefusal> read_token(const KeyRing& keys, std::string_view token, TimePoint now) {
    return read<TokenClaims>(kToken, keys, token, now);
}

std::string make_pending_sign_in(const KeyRing& keys, const PendingSignIn& pending) {
    return make(kPendingSignIn, keys, pending);
}

std::expected<PendingSignIn, TokenRefusal> read_pending_sign_in(const KeyRing& keys, std::string_view pending,
                                                                TimePoint now) {
    auto begun = read<PendingSignIn>(kPendingSignIn, keys, pending, now);
    if (begun && !keys.has(begun->key_id)) return malformed(kPendingSignIn);
    return begun;
}

std::string make_session(const KeyRing& keys, const SessionClaims& claims) {
    return make(kSession, keys, claims);
}

std::expected<SessionClaims, TokenRefusal> read_session(const KeyRing& keys, std::string_view session, TimePoint now) {
    return read<SessionClaims>(kSession, keys, session, now);
}

}  // namespace holdpoint::approvals
