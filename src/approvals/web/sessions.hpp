// Sessions: who is signed in, by a cookie that the function signed. Nothing is stored: any copy of the function knows
// the session of any other.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "approvals/domain/deciding.hpp"
#include "approvals/domain/links.hpp"
#include "approvals/repository/revocation_list.hpp"
#include "approvals/repository/signing_keys.hpp"
#include "approvals/web/http_event.hpp"

namespace holdpoint::approvals {

struct WebSession {
    Identity identity;
    std::string only_approval;  // of a link: the one approval that may be seen; empty: all
    std::string csrf_token;     // what each POST has to bring
    std::string display_name;   // empty: none is known
};

/// Why nobody was let in.
struct SignInRefusal {
    std::string reason;  // expired, unknown_key, malformed, invalid_name, revoked, too_many_groups
    std::string message;
};

class Sessions {
public:
    Sessions(SigningKeys& keys, RevocationList& revoked, const Clock& clock, Random& random)
        : keys_(keys), revoked_(revoked), clock_(clock), random_(random) {}

    struct SignedIn {
        WebSession session;
        std::string cookie;  // as Set-Cookie has it
    };
    /// By a bearer token or by a one-click link; the other one is empty.
    [[nodiscard]] Result<std::expected<SignedIn, SignInRefusal>> sign_in(const HttpRequest& request,
                                                                         const std::string& token,
                                                                         const std::string& link);
    /// By what somebody proved elsewhere; the cookie is for addresses under `path`. Refused when it fits into none.
    [[nodiscard]] Result<SignedIn> begin(const HttpRequest& request, SessionClaims claims, std::string_view path);
    /// Nothing when nobody is signed in, or not any more.
    [[nodiscard]] Result<std::optional<WebSession>> find(const HttpRequest& request);
    /// What makes the browser forget the session.
    [[nodiscard]] static std::string ending_cookie(const HttpRequest& request);

private:
    [[nodiscard]] static WebSession session_of(const SessionClaims& claims);

    [[nodiscard]] SignedIn begun(const HttpRequest& request, const KeyRing& keys, SessionClaims claims,
                                 std::string_view path);
    [[nodiscard]] Result<bool> is_revoked(const SessionClaims& claims);

    SigningKeys& keys_;
    RevocationList& revoked_;
    const Clock& clock_;
    Random& random_;
};

}  // namespace holdpoint::approvals
