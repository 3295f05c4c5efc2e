#include "approvals/web/oidc/single_sign_on.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "approvals/domain/people.hpp"
#include "base/encoding.hpp"

namespace holdpoint::approvals::oidc {

using durable::Json;

namespace {

constexpr std::string_view kCookie = "holdpoint_sign_in";
constexpr std::chrono::minutes kPatience{10};
constexpr std::chrono::hours kSession{8};
constexpr std::size_t kStateBytes = 32;
// Made of the state by a signing key, so that neither is stored nor sent before its time.
constexpr std::string_view kVerifier = "holdpoint oidc code verifier 1";
constexpr std::string_view kNonce = "holdpoint oidc nonce 1";

std::unexpected<Error> refuse(std::string message) {
    return fail("OidcRefused", 401, std::move(message));
}

std::string query_value(const HttpRequest& request, const std::string& name) {
    const auto found = request.query.find(name);
    return found == request.query.end() ? std::string() : found->second;
}

/// Those of RFC 6749, section 4.1.2.1, and OpenID Connect Core 1.0, section 3.1.2.6; whatever else an address says is
/// not repeated.
std::string known_error(const std::string& error) {
    constexpr std::array kErrors{"access_denied",    "invalid_request",           "unauthorized_client",
                                 "server_error",     "unsupported_response_type", "invalid_scope",
                                 "login_required",   "temporarily_unavailable",   "interaction_required",
                                 "consent_required", "account_selection_required"};
    return std::ranges::find(kErrors, error) == kErrors.end() ? "an error that is not known here" : error;
}

bool is_email(const std::string& text) {
    constexpr std::size_t kEmailMax = 254;
    const std::size_t at = text.find('@');
    return text.size() <= kEmailMax && at != std::string::npos && at > 0 && at + 1 < text.size() &&
           std::ranges::none_of(text, [](unsigned char c) { return c <= ' ' || c == 127; });
}

/// Without control characters, and short.
std::string display_name(const std::string& name) {
    constexpr std::size_t kNameMax = 128;
    const bool is_good = name.size() <= kNameMax && is_utf8(name) &&
                         std::ranges::none_of(name, [](unsigned char c) { return c < ' ' || c == 127; });
    return is_good ? std::string(trimmed(name)) : std::string();
}

}  // namespace

std::string SingleSignOn::name() const {
    const auto address = parse_address(settings_.client.issuer);
    return address ? address->endpoint.host : std::string();
}

std::string SingleSignOn::api_path() const {
    const auto address = parse_address(settings_.inbox_url);
    return (address ? address->path : "/") + "api";
}

bool SingleSignOn::is_secure(const HttpRequest& request) const {
    return request.is_secure() || settings_.inbox_url.starts_with("https://");
}

std::string SingleSignOn::cookie(const HttpRequest& request, std::string_view value, std::int64_t max_age) const {
    // Lax: the browser comes back from another site.
    return fmt::format("{}={}; HttpOnly; SameSite=Lax; Path={}/sign-in/oidc; Max-Age={}{}", kCookie, value, api_path(),
                       max_age, is_secure(request) ? "; Secure" : "");
}

std::string SingleSignOn::ending_cookie(const HttpRequest& request) const {
    return cookie(request, "", 0);
}

Result<SingleSignOn::Departure> SingleSignOn::begin(const HttpRequest& request) {
    const auto keys = keys_.current();
    if (!keys) return std::unexpected(keys.error());
    const auto where = provider_.endpoints();
    if (!where) return std::unexpected(where.error());
    const PendingSignIn pending{.state = base64url_encode(random_.bytes(kStateBytes)),
                                .key_id = keys->newest_id(),
                                .expires = to_epoch_ms(clock_.now() + kPatience) / 1000};
    const std::string verifier = keys->sign(kVerifier, pending.key_id, pending.state);
    std::string scope = "openid email profile";
    if (std::ranges::find(where->scopes, settings_.groups_claim) != where->scopes.end())
        scope += " " + settings_.groups_claim;
    std::string location = where->authorization;
    char separator = location.find('?') == std::string::npos ? '?' : '&';
    for (const auto& [name, value] : std::initializer_list<std::pair<std::string_view, std::string>>{
             {"response_type", "code"},
             {"client_id", settings_.client.client_id},
             {"redirect_uri", redirect_uri()},
             {"scope", scope},
             {"state", pending.state},
             {"nonce", keys->sign(kNonce, pending.key_id, pending.state)},
             {"code_challenge", base64url_encode(sha256(verifier))},
             {"code_challenge_method", "S256"}}) {
        location += fmt::format("{}{}={}", std::exchange(separator, '&'), name, percent_encode(value));
    }
    return Departure{
        .location = std::move(location),
        .cookie = cookie(request, make_pending_sign_in(*keys, pending), kPatience / std::chrono::seconds(1))};
}

Result<PendingSignIn> SingleSignOn::pending(const HttpRequest& request, const KeyRing& keys) const {
    const auto found = request.cookies.find(std::string(kCookie));
    if (found == request.cookies.end()) return refuse("This browser began no sign-in, or more than ten minutes ago.");
    auto begun = read_pending_sign_in(keys, found->second, clock_.now());
    if (!begun) return refuse("This sign-in was begun too long ago.");
    if (!equal_constant_time(query_value(request, "state"), begun->state))
        return fail("OidcOtherSignIn", 401,
                    "This answer belongs to another sign-in than the one that this browser began last.");
    const std::string issuer = query_value(request, "iss");
    if (!issuer.empty() && issuer != settings_.client.issuer) return refuse("This answer is from another issuer.");
    if (const std::string error = query_value(request, "error"); !error.empty())
        return refuse(fmt::format("The provider answered {}.", known_error(error)));
    return std::move(*begun);
}

Result<SessionClaims> SingleSignOn::finish(const HttpRequest& request) {
    const auto keys = keys_.current();
    if (!keys) return std::unexpected(keys.error());
    const auto begun = pending(request, *keys);
    if (!begun) return std::unexpected(begun.error());
    const auto where = provider_.endpoints();
    if (!where) return std::unexpected(where.error());
    if (where->says_issuer && query_value(request, "iss").empty())
        return refuse("This answer does not say whose it is.");
    const std::string code = query_value(request, "code");
    constexpr std::size_t kCodeMax = 4096;
    if (code.empty() || code.size() > kCodeMax) return refuse("The answer has no code.");
    const auto grant = provider_.exchange(code, keys->sign(kVerifier, begun->key_id, begun->state), redirect_uri());
    if (!grant) return std::unexpected(grant.error());
    auto claims = provider_.verify(grant->id_token);
    if (!claims) return std::unexpected(claims.error());
    const Expectation expected{.issuer = settings_.client.issuer,
                               .client_id = settings_.client.client_id,
                               .nonce = keys->sign(kNonce, begun->key_id, begun->state)};
    if (auto ok = check_claims(*claims, expected, clock_.now()); !ok) return std::unexpected(ok.error());
    return session_of(std::move(*claims), grant->access_token);
}

Result<SessionClaims> SingleSignOn::session_of(Json claims, const std::string& access_token) {
    const std::string subject = text_claim(claims, "sub");
    std::vector<std::string> groups = list_claim(claims, settings_.groups_claim);
    if (text_claim(claims, "email").empty()) {
        // Some say no more than who it is in the token, and the rest when they are asked.
        auto more = provider_.user_info(access_token);
        if (!more) return std::unexpected(more.error());
        if (more->find("sub") != nullptr && text_claim(*more, "sub") != subject)
            return refuse("sub: the provider told of somebody else.");
        if (more->find("sub") != nullptr) claims = std::move(*more);
        if (auto told = list_claim(claims, settings_.groups_claim); !told.empty()) groups = std::move(told);
    }
    const std::string email = text_claim(claims, "email");
    if (!is_email(email) || name_problem(email, kPersonMax))
        return refuse("email: the provider does not say the address of who signed in.");
    if (settings_.email_must_be_verified && !flag_claim(claims, "email_verified"))
        return refuse("email_verified: the provider has not verified the address of who signed in.");
    const TimePoint now = clock_.now();
    SessionClaims session{.person = email,
                          .groups = std::move(groups),
                          .proof = "oidc",
                          .only_approval = {},
                          .csrf_token = {},
                          .expires = to_epoch_ms(now + kSession) / 1000,
                          .credential = subject,
                          .issued = to_epoch_ms(now),
                          .issuer = settings_.client.issuer};
    if (const std::string called = display_name(text_claim(claims, "name")); !called.empty())
        session.display_name = called;
    return session;
}

}  // namespace holdpoint::approvals::oidc
