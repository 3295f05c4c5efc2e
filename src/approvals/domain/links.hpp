// Links: what proves who somebody is without a password: a one-click link to one approval, and a bearer token; the
// session that either begins; and a sign-in elsewhere that is not finished. All are secrets, signed, and good until
// they expire. None is ever taken for another.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "approvals/domain/signing.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"

namespace holdpoint::approvals {

/// Lets one person see one approval, and decide it once.
struct LinkClaims {
    std::string approval_id;
    std::string person;
    std::int64_t expires = 0;                 // epoch seconds
    std::optional<std::string> link_id = {};  // make_credential_id; absent: made of what the link says
    std::optional<std::int64_t> issued = {};  // epoch milliseconds; absent: before all that say it
    friend bool operator==(const LinkClaims&, const LinkClaims&) = default;
};
BOOST_DESCRIBE_STRUCT(LinkClaims, (), (approval_id, person, expires, link_id, issued))

/// Lets a person in.
struct TokenClaims {
    std::string person;
    std::vector<std::string> groups;
    std::int64_t expires = 0;                 // epoch seconds
    std::string token_id;                     // to take it back by
    std::optional<std::int64_t> issued = {};  // epoch milliseconds; absent: before all that say it
    friend bool operator==(const TokenClaims&, const TokenClaims&) = default;
};
BOOST_DESCRIBE_STRUCT(TokenClaims, (), (person, groups, expires, token_id, issued))

/// Somebody who is signed in: what the cookie of their browser says.
struct SessionClaims {
    std::string person;
    std::vector<std::string> groups;
    std::string proof;          // how they signed in: link, token or oidc
    std::string only_approval;  // of a link: the one approval that it is for; empty: all
    std::string csrf_token;     // what each change has to bring
    std::int64_t expires = 0;   // epoch seconds
    std::string credential;     // the id of the link or token; of oidc: whom the issuer means
    std::int64_t issued = 0;    // epoch milliseconds: when the link or token was made, or oidc signed them in
    std::optional<std::string> issuer = {};        // of oidc: who says so
    std::optional<std::string> display_name = {};  // what they like to be called
    friend bool operator==(const SessionClaims&, const SessionClaims&) = default;
};
BOOST_DESCRIBE_STRUCT(SessionClaims, (),
                      (person, groups, proof, only_approval, csrf_token, expires, credential, issued, issuer,
                       display_name))

/// A browser that went to sign in elsewhere, and is expected back.
struct PendingSignIn {
    std::string state;         // what it has to bring back
    std::string key_id;        // the signing key by which the rest is made of the state
    std::int64_t expires = 0;  // epoch seconds
    friend bool operator==(const PendingSignIn&, const PendingSignIn&) = default;
};
BOOST_DESCRIBE_STRUCT(PendingSignIn, (), (state, key_id, expires))

enum class TokenProblem { malformed, unknown_key, wrong_signature, expired };

struct TokenRefusal {
    TokenProblem problem = TokenProblem::malformed;
    std::string message;  // shows nothing of the token
    friend bool operator==(const TokenRefusal&, const TokenRefusal&) = default;
};

/// The id of a new link or token: EXPIRES-RANDOM, so that taking it back is remembered for as long as it is good.
[[nodiscard]] std::string make_credential_id(std::int64_t expires, Random& random);
/// Epoch seconds; nothing for an id that does not say it.
[[nodiscard]] std::optional<std::int64_t> expiry_of_credential(std::string_view id);
/// Whether it is the id of a link or token: EXPIRES-RANDOM, or a UUID, which tokens had before.
[[nodiscard]] bool is_credential_id(std::string_view id);
/// Links of before they had ids have one, too.
[[nodiscard]] std::string credential_of(const LinkClaims& claims);

/// A link outlives its request, so that whoever comes late is told what became of it.
inline constexpr std::chrono::days kLinkOutlivesDeadline{7};
/// Epoch seconds.
[[nodiscard]] std::int64_t expires_of_link(TimePoint deadline);

/// The session that a token begins, without the CSRF token.
[[nodiscard]] SessionClaims session_of(const TokenClaims& claims);
/// Whether a browser keeps the session that it begins: it is a cookie, and they are short.
[[nodiscard]] bool fits_into_cookie(const KeyRing& keys, const TokenClaims& claims);

/// Letters, digits, "-", "_" and "." only, so it goes into an address as it is. Signed by the newest key.
[[nodiscard]] std::string make_link(const KeyRing& keys, const LinkClaims& claims);
[[nodiscard]] std::expected<LinkClaims, TokenRefusal> read_link(const KeyRing& keys, std::string_view link,
                                                                TimePoint now);

[[nodiscard]] std::string make_token(const KeyRing& keys, const TokenClaims& claims);
[[nodiscard]] std::expected<TokenClaims, TokenRefusal> read_token(const KeyRing& keys, std::string_view token,
                                                                  TimePoint now);

[[nodiscard]] std::string make_pending_sign_in(const KeyRing& keys, const PendingSignIn& pending);
/// One that is good names a key that is there.
[[nodiscard]] std::expected<PendingSignIn, TokenRefusal> read_pending_sign_in(const KeyRing& keys,
                                                                              std::string_view pending, TimePoint now);

[[nodiscard]] std::string make_session(const KeyRing& keys, const SessionClaims& claims);
[[nodiscard]] std::expected<SessionClaims, TokenRefusal> read_session(const KeyRing& keys, std::string_view session,
                                                                      TimePoint now);

}  // namespace holdpoint::approvals
