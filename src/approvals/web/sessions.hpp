// Sessions: who is signed in, by a cookie that the function signed. Nothing is stored but which have ended: any copy of
// the function knows the session of any other. A browser has one for its inbox, and one for each approval of which it
// opened a link; a request says by the header X-Holdpoint-Approval which of them is its own.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "approvals/domain/deciding.hpp"
#include "approvals/domain/links.hpp"
#include "approvals/repository/ended_sessions.hpp"
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
    Sessions(SigningKeys& keys, RevocationList& revoked, EndedSessions& ended, const Clock& clock, Random& random)
        : keys_(keys), revoked_(revoked), ended_(ended), clock_(clock), random_(random) {}

    struct SignedIn {
        WebSession session;
        std::vector<std::string> cookies;  // as Set-Cookie has them
    };
    /// By a bearer token or by a one-click link; the other one is empty.
    [[nodiscard]] Result<std::expected<SignedIn, SignInRefusal>> sign_in(const HttpRequest& request,
                                                                         const std::string& token,
                                                                         const std::string& link);
    struct CookieScope {
        std::string_view path;   // empty: the addresses beside the one that gives it
        bool is_secure = false;  // https alone
    };
    /// By what somebody proved elsewhere. Refused when it fits into no cookie.
    [[nodiscard]] Result<SignedIn> begin(const HttpRequest& request, SessionClaims claims, const CookieScope& scope);
    /// Nothing when nobody is signed in, or not any more.
    [[nodiscard]] Result<std::optional<WebSession>> find(const HttpRequest& request);
    /// Ends the session of a link, or, without one, every session that the browser has: no copy of its cookie is good
    /// any more. Answers the cookies that make the browser forget it.
    [[nodiscard]] Result<std::vector<std::string>> end(const HttpRequest& request);

private:
    [[nodiscard]] static WebSession session_of(const SessionClaims& claims);
    /// Makes room for one more session of a link: cookies go with every request, and those have bounds.
    [[nodiscard]] std::vector<std::string> without_oldest(const HttpRequest& request, const KeyRing& keys,
                                                          const std::string& own_name) const;

    [[nodiscard]] SignedIn begun(const HttpRequest& request, const KeyRing& keys, SessionClaims claims,
                                 const CookieScope& scope);
    /// Nothing for a cookie that is no session, or one that is over.
    [[nodiscard]] Result<std::optional<SessionClaims>> read(const std::string& cookie);
    [[nodiscard]] Result<bool> is_revoked(const SessionClaims& claims);

    SigningKeys& keys_;
    RevocationList& revoked_;
    EndedSessions& ended_;
    const Clock& clock_;
    Random& random_;
};

}  // namespace holdpoint::approvals
