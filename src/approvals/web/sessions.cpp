#include "approvals/web/sessions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "approvals/domain/names.hpp"
#include "base/encoding.hpp"

namespace holdpoint::approvals {

namespace {

constexpr std::string_view kCookie = "holdpoint_session";
constexpr std::string_view kLinkCookie = "holdpoint_link_";
constexpr std::size_t kLinkDigits = 16;
/// Of one browser: with them, the headers of a request stay below the 10,240 bytes that API Gateway takes.
constexpr std::size_t kLinkSessionsMax = 8;
constexpr std::chrono::hours kLongest{8};
constexpr std::size_t kCsrfBytes = 16;

/// Browsers keep no cookie of more than 4,096 bytes, its name and attributes among them. (RFC 6265, section 6.1)
constexpr std::size_t kCookieMax = 4096;

/// Without a path it goes to the addresses beside the one that gave it: the API's, wherever that is.
std::string cookie(const Sessions::CookieScope& scope, std::string_view name, std::string_view value,
                   std::int64_t max_age) {
    return fmt::format("{}={}; HttpOnly; SameSite=Strict{}{}; Max-Age={}{}", name, value,
                       scope.path.empty() ? "" : "; Path=", scope.path, max_age, scope.is_secure ? "; Secure" : "");
}

std::string ending_cookie(const HttpRequest& request, std::string_view name) {
    return cookie({.path = "", .is_secure = request.is_secure()}, name, "", 0);
}

/// Of the session of a link to this approval; of the inbox's when there is none.
std::string cookie_name(std::string_view approval_id) {
    if (approval_id.empty()) return std::string(kCookie);
    return std::string(kLinkCookie) + to_hex(sha256(approval_id)).substr(0, kLinkDigits);
}

std::string reason_of(TokenProblem problem) {
    switch (problem) {
        case TokenProblem::expired:
            return "expired";
        case TokenProblem::unknown_key:
            return "unknown_key";
        case TokenProblem::malformed:
        case TokenProblem::wrong_signature:
            return "malformed";
    }
    std::unreachable();
}

std::expected<SessionClaims, TokenRefusal> claims_of(const KeyRing& keys, const std::string& token,
                                                     const std::string& link, TimePoint now) {
    if (!link.empty()) {
        const auto read = read_link(keys, link, now);
        if (!read) return std::unexpected(read.error());
        return SessionClaims{.person = read->person,
                             .groups = {},
                             .proof = "link",
                             .only_approval = read->approval_id,
                             .csrf_token = {},
                             .expires = read->expires,
                             .credential = credential_of(*read),
                             .issued = read->issued.value_or(0)};
    }
    const auto read = read_token(keys, token, now);
    if (!read) return std::unexpected(read.error());
    return session_of(*read);
}

std::expected<Sessions::SignedIn, SignInRefusal> refuse(std::string reason, std::string message) {
    return std::unexpected(SignInRefusal{.reason = std::move(reason), .message = std::move(message)});
}

}  // namespace

Result<std::expected<Sessions::SignedIn, SignInRefusal>> Sessions::sign_in(const HttpRequest& request,
                                                                           const std::string& token,
                                                                           const std::string& link) {
    auto keys = keys_.current();
    if (!keys) return std::unexpected(keys.error());
    const TimePoint now = clock_.now();
    auto claims = claims_of(*keys, token, link, now);
    if (!claims && claims.error().problem == TokenProblem::unknown_key) {
        // Perhaps of a key that was added since they were read.
        keys = keys_.reread();
        if (!keys) return std::unexpected(keys.error());
        claims = claims_of(*keys, token, link, now);
    }
    if (!claims) {
        return refuse(reason_of(claims.error().problem), claims.error().message);
    }
    if (const auto problem = name_problem(claims->person, kPersonMax)) {
        return refuse("invalid_name",
                      fmt::format("This {} is for nobody: expected a name of 1 to {} characters, found {}.",
                                  claims->proof, kPersonMax, *problem));
    }
    const auto revoked = is_revoked(*claims);
    if (!revoked) return std::unexpected(revoked.error());
    if (*revoked) {
        return refuse("revoked", fmt::format("This {} was taken back; ask for a new one.", claims->proof));
    }
    SignedIn made = begun(request, *keys, std::move(*claims), {.path = "", .is_secure = request.is_secure()});
    if (made.cookies.back().size() <= kCookieMax) return made;
    return refuse("too_many_groups",
                  "This token is in too many groups for a browser to keep; ask for one with those alone that policies "
                  "name.");
}

Result<Sessions::SignedIn> Sessions::begin(const HttpRequest& request, SessionClaims claims, const CookieScope& scope) {
    const auto keys = keys_.current();
    if (!keys) return std::unexpected(keys.error());
    SignedIn made = begun(request, *keys, std::move(claims), scope);
    if (made.cookies.back().size() <= kCookieMax) return made;
    return fail("OidcRefused", 401,
                "groups: too many for a session; let the provider send those alone that policies name.");
}

Sessions::SignedIn Sessions::begun(const HttpRequest& request, const KeyRing& keys, SessionClaims claims,
                                   const CookieScope& scope) {
    const TimePoint now = clock_.now();
    claims.csrf_token = to_hex(random_.bytes(kCsrfBytes));
    claims.expires = std::min<std::int64_t>(claims.expires, to_epoch_ms(now + kLongest) / 1000);
    const std::string name = cookie_name(claims.only_approval);
    std::vector<std::string> cookies;
    if (!claims.only_approval.empty()) cookies = without_oldest(request, keys, name);
    cookies.push_back(cookie(scope, name, make_session(keys, claims), claims.expires - to_epoch_ms(now) / 1000));
    return {.session = session_of(claims), .cookies = std::move(cookies)};
}

std::vector<std::string> Sessions::without_oldest(const HttpRequest& request, const KeyRing& keys,
                                                  const std::string& own_name) const {
    std::vector<std::pair<std::int64_t, std::string>> others;  // by their end
    for (const auto& [name, value] : request.cookies) {
        if (!name.starts_with(kLinkCookie) || name == own_name) continue;
        const auto claims = read_session(keys, value, clock_.now());
        others.emplace_back(claims ? claims->expires : 0, name);
    }
    std::ranges::sort(others);
    std::vector<std::string> ended;
    for (std::size_t left = others.size(); left >= kLinkSessionsMax; --left)
        ended.push_back(ending_cookie(request, others[ended.size()].second));
    return ended;
}

Result<std::optional<WebSession>> Sessions::find(const HttpRequest& request) {
    const std::string_view approval_id = request.header("x-holdpoint-approval");
    const auto found = request.cookies.find(cookie_name(approval_id));
    if (found == request.cookies.end()) return std::nullopt;
    auto claims = read(found->second);
    if (!claims) return std::unexpected(claims.error());
    if (!*claims || (*claims)->only_approval != approval_id) return std::nullopt;
    const auto revoked = is_revoked(**claims);
    if (!revoked) return std::unexpected(revoked.error());
    if (*revoked) return std::nullopt;
    const auto ended = ended_.contain(**claims);
    if (!ended) return std::unexpected(ended.error());
    if (*ended) return std::nullopt;
    return session_of(**claims);
}

Result<std::optional<SessionClaims>> Sessions::read(const std::string& cookie) {
    auto keys = keys_.current();
    if (!keys) return std::unexpected(keys.error());
    auto claims = read_session(*keys, cookie, clock_.now());
    if (!claims && claims.error().problem == TokenProblem::unknown_key) {
        keys = keys_.reread();
        if (!keys) return std::unexpected(keys.error());
        claims = read_session(*keys, cookie, clock_.now());
    }
    if (!claims) return std::nullopt;
    return std::move(*claims);
}

Result<bool> Sessions::is_revoked(const SessionClaims& claims) {
    const auto revocations = revoked_.current();
    if (!revocations) return std::unexpected(revocations.error());
    return revocations->cover(claims.credential, claims.person, claims.issued);
}

Result<std::vector<std::string>> Sessions::end(const HttpRequest& request) {
    const std::string_view approval_id = request.header("x-holdpoint-approval");
    const std::string own_name = cookie_name(approval_id);
    std::vector<std::string> cookies{ending_cookie(request, own_name)};
    for (const auto& [name, value] : request.cookies) {
        const bool is_own = name == own_name;
        const bool is_links = approval_id.empty() && name.starts_with(kLinkCookie);
        if (!is_own && !is_links) continue;
        const auto claims = read(value);
        if (!claims) return std::unexpected(claims.error());
        if (*claims) {
            if (auto ended = ended_.add(**claims); !ended) return std::unexpected(ended.error());
        }
        if (is_links) cookies.push_back(ending_cookie(request, name));
    }
    return cookies;
}

WebSession Sessions::session_of(const SessionClaims& claims) {
    return {.identity = {.person = claims.person,
                         .groups = claims.groups,
                         .proof = claims.proof,
                         .credential = claims.credential,
                         .issuer = claims.issuer.value_or("")},
            .only_approval = claims.only_approval,
            .csrf_token = claims.csrf_token,
            .display_name = claims.display_name.value_or("")};
}

}  // namespace holdpoint::approvals
